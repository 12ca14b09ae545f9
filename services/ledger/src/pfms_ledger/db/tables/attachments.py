"""Attachments, and the files that are kept for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class AttachmentRow(Base):
    """One attachment. No foreign key to its transaction: that may be a tombstone for a while, and come back."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("attachment_transaction_idx", "book_id", "transaction_id"),
        Index("attachment_sha256_idx", "book_id", "sha256"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text(collation="C"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(BigInteger)


class BlobRow(Base):
    """A file in the store. No projection of events: it says what lies there, and how long at least."""

    __tablename__ = "blob"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    keep_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
