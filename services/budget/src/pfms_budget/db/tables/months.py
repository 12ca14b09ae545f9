"""What is derived: daily cells from transactions, month rows from cells, copies and plans."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, Numeric, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from pfms_budget.db.tables.base import Base

SUM = Numeric(30)
"""Minor units that any number of events adds to; read as text, since a driver would make decimals of them."""


class CellRow(Base):
    """Every movement of money, added up by day, account and kind. NOBODY stands where there is no category and
    no other account.
    """

    __tablename__ = "cell"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    category_id: Mapped[UUID] = mapped_column(primary_key=True)
    counter_id: Mapped[UUID] = mapped_column(primary_key=True)
    minor: Mapped[int] = mapped_column(SUM)
    transactions: Mapped[int]


class MonthRow(Base):
    """A month's own figures; `excluded` and `discarded` add up since the first month."""

    __tablename__ = "month"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    last_day: Mapped[date] = mapped_column(Date)
    key: Mapped[str] = mapped_column(Text)
    start: Mapped[int] = mapped_column(SUM)
    income: Mapped[int] = mapped_column(SUM)
    held_income: Mapped[int] = mapped_column(SUM)
    openings: Mapped[int] = mapped_column(SUM)
    allocated: Mapped[int] = mapped_column(SUM)
    outflow: Mapped[int] = mapped_column(SUM)
    rollover_balance: Mapped[int] = mapped_column(SUM)
    hold: Mapped[int] = mapped_column(SUM)
    released: Mapped[int] = mapped_column(SUM)
    excluded: Mapped[int] = mapped_column(SUM)
    discarded: Mapped[int] = mapped_column(SUM)
    to_be_budgeted: Mapped[int] = mapped_column(SUM)
    derived_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class MonthLineRow(Base):
    """A category in one month; NOBODY is the uncategorised line. `rollover`: the policy last set, null for none."""

    __tablename__ = "month_line"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    category_id: Mapped[UUID] = mapped_column(primary_key=True)
    allocated: Mapped[int] = mapped_column(SUM)
    actual: Mapped[int] = mapped_column(SUM)
    carry_in: Mapped[int] = mapped_column(SUM)
    available: Mapped[int] = mapped_column(SUM)
    transaction_count: Mapped[int]
    rollover: Mapped[str | None] = mapped_column(Text)


class DirtyRow(Base):
    """A book whose months wait to be derived from `since` on.

    `before`: the ledger's number before the oldest change that waits; a reader is answered as of it.
    """

    __tablename__ = "dirty"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(Date)
    before: Mapped[int] = mapped_column(BigInteger)
