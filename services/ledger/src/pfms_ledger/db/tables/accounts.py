"""Accounts with their derived balances, and their sums by month."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base

MOST = 10**17
"""Of minor units in a balance or a month, in either direction; ninety such months still fit 64 bits."""


class AccountRow(Base):
    """One account; balances are kept by `append` and never written by anybody else."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(
            f"balance_minor BETWEEN -{MOST} AND {MOST} AND cleared_balance_minor BETWEEN -{MOST} AND {MOST}",
            name="balance",
        ),
        Index("account_low_idx", "book_id", postgresql_where=text("low_id IS NOT NULL")),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    type: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    opening_balance_minor: Mapped[int] = mapped_column(BigInteger)
    opened_on: Mapped[date] = mapped_column(Date)
    on_budget: Mapped[bool]
    is_active: Mapped[bool]
    institution: Mapped[str | None] = mapped_column(Text)
    last_four: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    colour: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]
    low_balance_minor: Mapped[int | None] = mapped_column(BigInteger)
    credit_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    statement_day: Mapped[int | None]
    due_day: Mapped[int | None]
    minimum_payment_minor: Mapped[int | None] = mapped_column(BigInteger)
    credit_overspend: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    cleared_balance_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    low_id: Mapped[UUID | None]
    """The aggregate of what is told of its low balance; null without a limit."""
    is_low: Mapped[bool] = mapped_column(server_default="false")


class AccountMonthRow(Base):
    """The sum of an account's postings in one month; a balance as of a date adds up the months before."""

    __tablename__ = "account_month"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.id"]),
        CheckConstraint(f"sum_minor BETWEEN -{MOST} AND {MOST}", name="sum"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    sum_minor: Mapped[int] = mapped_column(BigInteger)
