"""Dated exchange rates, and what is still to be gone through because of a new one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class RateRow(Base):
    """What one unit of `base` was in `quote` on a day, as decimal text."""

    __tablename__ = "rate"
    __table_args__ = (
        Index("rate_pair_key", "book_id", "base", "quote", "date", unique=True),
        CheckConstraint("base <> quote", name="pair"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text)
    date: Mapped[date] = mapped_column(Date)
    rate: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)


class RestatementRow(Base):
    """Transactions in `currency` behind (`day`, `number`) whose amounts in the book's currency may be others now.

    `again`: all of them are gone through once more from `since` after `due_at`, since a write that was under way may
    have taken the old rates.
    """

    __tablename__ = "restatement"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[date] = mapped_column(Date)
    day: Mapped[date] = mapped_column(Date)
    number: Mapped[int] = mapped_column(BigInteger)
    again: Mapped[bool]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
