"""What people decide: planned months, allocations, the choices of a book, what-if branches."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, Integer, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pfms_budget.db.tables.base import Base


class SettingsRow(Base):
    """A book's choices; without a row the defaults, as version 0."""

    __tablename__ = "settings"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    default_rollover: Mapped[str] = mapped_column(Text)
    unrolled: Mapped[str] = mapped_column(Text)
    strict: Mapped[bool]
    alert_percents: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{80,100}")
    version: Mapped[int] = mapped_column(BigInteger)


class PeriodRuleRow(Base):
    """By which rule a book's periods begin from `first_day` on; before the first of them they are calendar months.

    `bridge_day`: when the period before began, the last by the rule before. `days`: the first days themselves, by
    hand and of last working days.
    """

    __tablename__ = "period_rule"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    bridge_day: Mapped[date] = mapped_column(Date)
    cycle: Mapped[str] = mapped_column(Text)
    day: Mapped[int | None]
    anchor: Mapped[date | None] = mapped_column(Date)
    holidays: Mapped[str | None] = mapped_column(Text)
    days: Mapped[list[date]] = mapped_column(ARRAY(Date))
    version: Mapped[int] = mapped_column(BigInteger)


class PlanRow(Base):
    """The header of a month, by its first day; a month without one reads as zeros, as version 0."""

    __tablename__ = "plan"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    planned_income_minor: Mapped[int] = mapped_column(BigInteger)
    planned_salary_minor: Mapped[int] = mapped_column(BigInteger)
    planned_bonuses_minor: Mapped[int] = mapped_column(BigInteger)
    planned_side_income_minor: Mapped[int] = mapped_column(BigInteger)
    planned_investments_minor: Mapped[int] = mapped_column(BigInteger)
    planned_other_minor: Mapped[int] = mapped_column(BigInteger)
    savings_budget_minor: Mapped[int] = mapped_column(BigInteger)
    debt_payment_budget_minor: Mapped[int] = mapped_column(BigInteger)
    hold_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)


class CategoryRulesRow(Base):
    """What the allocation of a category goes by; the rules as `domain/assigning/rules.py` reads them."""

    __tablename__ = "category_rules"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    category_id: Mapped[UUID] = mapped_column(primary_key=True)
    rules: Mapped[list[Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(BigInteger)


class AllocationRow(Base):
    """What a month sets aside for a category; `percentage` in hundredths, null for a fixed amount."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("(type = 'percentage') = (percentage IS NOT NULL)", name="percentage"),
        UniqueConstraint("book_id", "first_day", "category_id", name="allocation_category_key"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(Date)
    category_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    percentage: Mapped[int | None]
    allocated_minor: Mapped[int] = mapped_column(BigInteger)
    rollover: Mapped[str] = mapped_column(Text)
    colour: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int]
    version: Mapped[int] = mapped_column(BigInteger)


class ScenarioRow(Base):
    """A what-if branch of the forecast; `items`: a list of objects."""

    __tablename__ = "scenario"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    items: Mapped[Any] = mapped_column(JSONB)
    without_plan_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    version: Mapped[int] = mapped_column(BigInteger)
