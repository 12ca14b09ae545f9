"""Books, who is in them, and who is invited."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from pfms_auth.db.tables.base import Base, Instant, Key, Version


class BookRow(Base):
    """One household's money."""

    __tablename__ = "book"
    __table_args__ = (CheckConstraint("base_currency ~ '^[A-Z]{3}$'", name="base_currency"),)

    book_id: Mapped[Key]
    name: Mapped[str]
    base_currency: Mapped[str]
    timezone: Mapped[str]
    created_at: Mapped[Instant]
    version: Mapped[Version]


class MembershipRow(Base):
    """One person in one book. A person who comes back gets a new id."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(["book_id"], ["book.book_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id"], ["person.user_id"]),
        CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role"),
        Index("membership_user_id_idx", "user_id"),
    )

    book_id: Mapped[Key]
    user_id: Mapped[Key]
    id: Mapped[UUID]
    role: Mapped[str]
    joined_at: Mapped[Instant]
    version: Mapped[Version]


class InvitationRow(Base):
    """An invitation by mail. `user_id` is the invited account once its address is verified; book and inviter are
    named as they were, since who is invited cannot see the book.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        ForeignKeyConstraint(["book_id"], ["book.book_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id"], ["person.user_id"]),
        CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role"),
        CheckConstraint("status IN ('pending', 'accepted', 'declined', 'withdrawn')", name="status"),
        Index("invitation_secret_hash_key", "secret_hash", unique=True),
        Index("invitation_user_id_idx", "user_id"),
        Index("invitation_address_key_idx", "address_key"),
    )

    book_id: Mapped[Key]
    id: Mapped[Key]
    user_id: Mapped[UUID | None]
    email: Mapped[str]
    address_key: Mapped[str]
    role: Mapped[str]
    book_name: Mapped[str]
    inviter_name: Mapped[str]
    secret_hash: Mapped[bytes]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    status: Mapped[str]
    version: Mapped[Version]
