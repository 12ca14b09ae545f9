"""What the budget keeps of other services' things, each with its version.

A deleted thing stays as a tombstone with the version that deleted it, so that an older event that comes late
finds it.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Index, Text, Uuid, text
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


class PotRow(Base):
    """A pot; only nulls: deleted."""

    __tablename__ = "pot"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[UUID | None]
    currency: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool | None]


class PotBalanceRow(Base):
    """What is in a pot, under the pot's id; it has versions of its own."""

    __tablename__ = "pot_balance"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int | None] = mapped_column(BigInteger)


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
    """A transaction as the cells that it adds to, all of one day, and the source that income came from; null:
    deleted.
    """

    __tablename__ = "transaction"
    __table_args__ = (
        Index("transaction_day_idx", "book_id", "day", "id"),
        Index(
            "transaction_income_source_id_idx",
            "book_id",
            "income_source_id",
            postgresql_where=text("income_source_id IS NOT NULL"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date | None] = mapped_column(Date)
    cells: Mapped[Any | None] = mapped_column(JSONB)
    income_source_id: Mapped[UUID | None]


class RecurringPlanRow(Base):
    """A plan of payments that come again (`plan` is the header of a month); only nulls: deleted."""

    __tablename__ = "recurring_plan"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    account_id: Mapped[UUID | None]
    from_id: Mapped[UUID | None]
    to_id: Mapped[UUID | None]
    arrives_minor: Mapped[int | None] = mapped_column(BigInteger)
    category_id: Mapped[UUID | None]
    rrule: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    times: Mapped[int | None]
    short_months: Mapped[str | None] = mapped_column(Text)
    weekend_rule: Mapped[str | None] = mapped_column(Text)
    holidays: Mapped[str | None] = mapped_column(Text)
    yearly_increase_percent: Mapped[str | None] = mapped_column(Text)
    amount_since: Mapped[date | None] = mapped_column(Date)
    catch_up_from: Mapped[date | None] = mapped_column(Date)


class RecurringMarkRow(Base):
    """What became of an occurrence of a plan."""

    __tablename__ = "recurring_mark"
    __table_args__ = (Index("recurring_mark_nominal_date_idx", "book_id", "nominal_date"),)

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    plan_id: Mapped[UUID | None]
    nominal_date: Mapped[date | None] = mapped_column(Date)
    is_settled: Mapped[bool | None]
    transaction_id: Mapped[UUID | None]


class IncomeSourceRow(Base):
    """A source of income; only nulls: deleted."""

    __tablename__ = "income_source"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool | None]
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(Text)
    frequency: Mapped[str | None] = mapped_column(Text)
