"""Failures in a row."""

from sqlalchemy.orm import Mapped, mapped_column

from pfms_auth.db.tables.base import Base, Instant


class ThrottleRow(Base):
    """Nobody's row: its key is a keyed hash of an address or of a place, known before anybody is. The app role
    reaches it by functions only.
    """

    __tablename__ = "throttle"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[Instant]
    blocked_until: Mapped[Instant]
