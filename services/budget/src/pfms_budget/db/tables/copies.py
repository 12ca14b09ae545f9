"""What the budget keeps of other services' books, accounts, categories and transactions, each with its version.

A deleted thing stays as a tombstone with the version that deleted it, so that an older event that comes late
finds it.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pfms_budget.db.tables.base import Base


class BookRow(Base):
    """A book as auth tells it; until that is known, nothing in it counts.

    `unconverted`: the accounts that its stored months leave out for want of a rate.
    """

    __tablename__ = "book"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    base_currency: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    unconverted: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")


class AccountRow(Base):
    """An account; only nulls: deleted."""

    __tablename__ = "account"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    on_budget: Mapped[bool | None]
    currency: Mapped[str | None] = mapped_column(Text)
    opened_on: Mapped[date | None] = mapped_column(Date)
    opening_balance_minor: Mapped[int | None] = mapped_column(BigInteger)
    keeps_debt: Mapped[bool | None]
    minimum_payment_minor: Mapped[int | None] = mapped_column(BigInteger)
    due_day: Mapped[int | None]


class CategoryRow(Base):
    """A category's type, expense or income, or its kind, receivable; only nulls: deleted."""

    __tablename__ = "category"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[UUID | None]
    key: Mapped[str | None] = mapped_column(Text)
    spending_class: Mapped[str | None] = mapped_column(Text)
    is_essential: Mapped[bool | None]
    is_archived: Mapped[bool | None]


class RateRow(Base):
    """A book's rate: what one unit of `base` is in `quote` from a day on; only nulls: deleted."""

    __tablename__ = "rate"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    base: Mapped[str | None] = mapped_column(Text)
    quote: Mapped[str | None] = mapped_column(Text)
    day: Mapped[date | None] = mapped_column("date", Date)
    rate: Mapped[str | None] = mapped_column(Text)


class TransactionRow(Base):
    """A transaction as the cells that it adds to; null: deleted."""

    __tablename__ = "transaction"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    cells: Mapped[Any | None] = mapped_column(JSONB)
