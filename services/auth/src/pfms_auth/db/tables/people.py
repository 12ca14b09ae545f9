"""People who can sign in, where they did, and the links that were mailed to them."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from pfms_auth.db.tables.base import Base, Instant, Key, Version


class PersonRow(Base):
    """One account. `address_key` is what two spellings of an address share."""

    __tablename__ = "person"
    __table_args__ = (Index("person_address_key_key", "address_key", unique=True),)

    user_id: Mapped[Key]
    email: Mapped[str]
    address_key: Mapped[str]
    password_hash: Mapped[str]
    display_name: Mapped[str]
    home_currency: Mapped[str]
    timezone: Mapped[str]
    language: Mapped[str]
    is_verified: Mapped[bool]
    default_book_id: Mapped[UUID | None]
    created_at: Mapped[Instant]
    version: Mapped[Version]


class KnownPlaceRow(Base):
    """A keyed hash of a network address from which this person registered or signed in: strangers' failures
    elsewhere don't count there.
    """

    __tablename__ = "known_place"
    __table_args__ = (ForeignKeyConstraint(["user_id"], ["person.user_id"], ondelete="CASCADE"),)

    user_id: Mapped[Key]
    place: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[Instant]


class LinkRow(Base):
    """A mailed link, by the hash of its secret."""

    __tablename__ = "link"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["person.user_id"], ondelete="CASCADE"),
        Index("link_secret_hash_key", "secret_hash", unique=True),
    )

    user_id: Mapped[Key]
    id: Mapped[Key]
    purpose: Mapped[str]
    secret_hash: Mapped[bytes]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
