"""Habits and each time they were given in to."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class HabitRow(Base):
    """One habit; `target_reduction` in percent of the month before."""

    __tablename__ = "habit"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    unit_cost_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    icon: Mapped[str | None] = mapped_column(Text)
    target_reduction: Mapped[int | None] = mapped_column(Integer)
    is_active: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)


class HabitLogRow(Base):
    """One time: `quantity` as decimal text, the cost as it was then."""

    __tablename__ = "habit_log"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "habit_id"], ["habit.book_id", "habit.id"]),
        Index("habit_log_date_idx", "book_id", "habit_id", text("date DESC"), text("id DESC")),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    habit_id: Mapped[UUID]
    date: Mapped[date] = mapped_column(Date)
    time: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[str] = mapped_column(Text)
    cost_minor: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(Text)
    transaction_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(BigInteger)
