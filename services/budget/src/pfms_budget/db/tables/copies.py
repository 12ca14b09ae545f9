"""What the budget keeps of other services' books, accounts, categories and transactions, each with its version.

A deleted thing stays as a tombstone with the version that deleted it, so that an older event that comes late
finds it.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pfms_budget.db.tables.base import Base


class BookRow(Base):
    """A book as auth tells it; until that is known, nothing in it counts."""

    __tablename__ = "book"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    base_currency: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)


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


class CategoryRow(Base):
    """A category's type, expense or income, or its kind, receivable; null: deleted."""

    __tablename__ = "category"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str | None] = mapped_column(Text)


class TransactionRow(Base):
    """A transaction as the cells that it adds to; null: deleted."""

    __tablename__ = "transaction"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    cells: Mapped[Any | None] = mapped_column(JSONB)
