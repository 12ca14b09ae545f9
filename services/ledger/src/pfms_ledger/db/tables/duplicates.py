"""What was said of pairs of transactions that look alike."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class DuplicateDismissedRow(Base):
    """A pair that is offered no more; the smaller id first. No foreign keys: rows of transactions come and go."""

    __tablename__ = "duplicate_dismissed"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_id: Mapped[UUID] = mapped_column(primary_key=True)
    second_id: Mapped[UUID] = mapped_column(primary_key=True)
