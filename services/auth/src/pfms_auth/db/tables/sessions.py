"""Sign-ins and their refresh tokens."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from pfms_auth.db.tables.base import Base, Instant, Key, Version


class SessionRow(Base):
    """One sign-in of one device: the family of its refresh tokens."""

    __tablename__ = "session"
    __table_args__ = (ForeignKeyConstraint(["user_id"], ["person.user_id"], ondelete="CASCADE"),)

    user_id: Mapped[Key]
    id: Mapped[Key]
    device: Mapped[str]
    address: Mapped[str]
    started_at: Mapped[Instant]
    last_used_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    version: Mapped[Version]


class RefreshTokenRow(Base):
    """One refresh token, by the hash of its secret; its child's secret is derived from `id` and `seed`."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "session_id"], ["session.user_id", "session.id"], ondelete="CASCADE"
        ),
        Index("refresh_token_secret_hash_key", "secret_hash", unique=True),
        Index("refresh_token_user_id_session_id_idx", "user_id", "session_id"),
    )

    user_id: Mapped[Key]
    id: Mapped[Key]
    session_id: Mapped[UUID]
    secret_hash: Mapped[bytes]
    seed: Mapped[bytes]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    spent_at: Mapped[Instant | None]
    spent_by: Mapped[bytes | None]
    child_id: Mapped[UUID | None]
