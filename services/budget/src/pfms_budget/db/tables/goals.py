"""Goals: what people chose, and how far each was when it was last looked at."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from pfms_budget.db.tables.base import Base
from pfms_budget.db.tables.months import SUM


class GoalRow(Base):
    """The columns from `current_minor` on are derived, and have versions of their own.

    `seen_month`: the first day of the month in which they were derived last.
    """

    __tablename__ = "goal"

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    pause_reason: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    target_minor: Mapped[int | None] = mapped_column(BigInteger)
    months: Mapped[int | None]
    baseline_minor: Mapped[int | None] = mapped_column(BigInteger)
    target_date: Mapped[date | None] = mapped_column(Date)
    pot_id: Mapped[UUID | None]
    category_id: Mapped[UUID | None]
    monthly_contribution_minor: Mapped[int | None] = mapped_column(BigInteger)
    priority: Mapped[int]
    note: Mapped[str | None] = mapped_column(Text)
    is_marked: Mapped[bool]
    began_on: Mapped[date] = mapped_column(Date)
    began_with_minor: Mapped[int] = mapped_column(SUM)
    version: Mapped[int] = mapped_column(BigInteger)
    current_minor: Mapped[int] = mapped_column(SUM)
    wanted_minor: Mapped[int | None] = mapped_column(SUM)
    achieved_by: Mapped[str | None] = mapped_column(Text)
    achieved_on: Mapped[date | None] = mapped_column(Date)
    milestones: Mapped[Any] = mapped_column(JSONB, server_default=text("'{}'"))
    progress_version: Mapped[int] = mapped_column(BigInteger)
    seen_month: Mapped[date] = mapped_column(Date)


class ContributionRow(Base):
    """What was put towards a goal. Where it is a transfer, the saga with its id says whether that is posted."""

    __tablename__ = "goal_contribution"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "goal_id"], ["goal.book_id", "goal.id"], ondelete="CASCADE"),
        Index("goal_contribution_goal_idx", "book_id", "goal_id", text("date DESC"), text("id DESC")),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    goal_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column("date", Date)
    from_account_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
