"""Pots, parts of an account's money, with their derived balances, and what their postings did by month."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class PotRow(Base):
    """One pot. `balance_id` is the aggregate of the events that tell its balance."""

    __tablename__ = "pot"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.id"]),
        # Postings refer to it by account and pot, so that no pot is ever posted to on another account.
        UniqueConstraint("book_id", "account_id", "id", name="pot_of_account_key"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text(collation="C"))
    currency: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    colour: Mapped[str | None] = mapped_column(Text)
    icon: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]
    balance_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    account_paid_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")


class PotMonthRow(Base):
    """The sum of a pot's postings in one month, and the lowest their running sum gets, both from its beginning."""

    __tablename__ = "pot_month"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "pot_id"], ["pot.book_id", "pot.id"], ondelete="CASCADE"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    pot_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    sum_minor: Mapped[int] = mapped_column(BigInteger)
    low_minor: Mapped[int] = mapped_column(BigInteger)
