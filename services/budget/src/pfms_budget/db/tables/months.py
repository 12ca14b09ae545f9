"""What is derived: daily cells from transactions, month rows from cells, copies and plans."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from pfms_budget.db.tables.base import Base

SUM = Numeric(30)
"""Minor units that any number of events adds to; read as text, since a driver would make decimals of them."""


class CellRow(Base):
    """Every movement of money, added up by day, account and kind. NOBODY stands where there is no category and
    no other account. `base` is what it was worth in the book's currency, but for the part that is `unstated`.
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
    base: Mapped[int] = mapped_column(SUM, server_default="0")
    unstated: Mapped[int] = mapped_column(SUM, server_default="0")


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
    fx: Mapped[int] = mapped_column(SUM, server_default="0")
    card_debt: Mapped[int] = mapped_column(SUM, server_default="0")
    to_be_budgeted: Mapped[int] = mapped_column(SUM)
    derived_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class MonthLineRow(Base):
    """A category in one month, or a card's payment row under the card's id; NOBODY is the uncategorised line.

    `rollover`: the policy last set, null for none. `on_cards`: pairs of card and minor units spent on it.
    """

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
    on_cards: Mapped[Any | None] = mapped_column(JSONB)
    card_debt: Mapped[int] = mapped_column(SUM, server_default="0")
    funded: Mapped[int] = mapped_column(SUM, server_default="0")
    paid: Mapped[int] = mapped_column(SUM, server_default="0")


class DirtyRow(Base):
    """A book whose months wait to be derived from `since` on.

    `before`: the ledger's number before the oldest change that waits; a reader is answered as of it.
    """

    __tablename__ = "dirty"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(Date)
    before: Mapped[int] = mapped_column(BigInteger)


class LowForecastRow(Base):
    """An account of which was told that it is going to run dry."""

    __tablename__ = "low_forecast"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)


class AlertRow(Base):
    """An alert that was told and is not armed again; NOBODY and 0 where it is about no category and no share."""

    __tablename__ = "alert"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    category_id: Mapped[UUID] = mapped_column(primary_key=True)
    percent: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
