"""Plans, and what became of each of their occurrences."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pfms_ledger.db.tables.base import Base


class PlanRow(Base):
    """One plan; `state` is its document.

    The last three are no projection of events but notes of the job, which finds them out again where they are null:
    `wake_on`, the day on which there is something to do again; `open_from`, before which every occurrence is
    settled; `problem`, why the last try to post failed.
    """

    __tablename__ = "plan"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "account_id"], ["account.book_id", "account.id"]),
        ForeignKeyConstraint(["book_id", "to_account_id"], ["account.book_id", "account.id"]),
        ForeignKeyConstraint(
            ["book_id", "account_id", "pot_id"],
            ["pot.book_id", "pot.account_id", "pot.id"],
            name="plan_pot_fkey",
        ),
        ForeignKeyConstraint(
            ["book_id", "to_account_id", "to_pot_id"],
            ["pot.book_id", "pot.account_id", "pot.id"],
            name="plan_to_pot_fkey",
        ),
        Index("plan_wake_idx", "book_id", "wake_on", postgresql_where=text("is_active")),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    is_active: Mapped[bool]
    account_id: Mapped[UUID]
    pot_id: Mapped[UUID | None]
    to_account_id: Mapped[UUID | None]
    to_pot_id: Mapped[UUID | None]
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(BigInteger)
    wake_on: Mapped[dt.date | None] = mapped_column(Date)
    open_from: Mapped[dt.date | None] = mapped_column(Date)
    problem: Mapped[str | None] = mapped_column(Text)


class PlanCategoryRow(Base):
    """A category that a plan's template names, so that it is not deleted under it."""

    __tablename__ = "plan_category"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "plan_id"], ["plan.book_id", "plan.id"]),
        ForeignKeyConstraint(["book_id", "category_id"], ["category.book_id", "category.id"]),
        Index("plan_category_category_idx", "book_id", "category_id"),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    category_id: Mapped[UUID] = mapped_column(primary_key=True)


class PlanOccurrenceRow(Base):
    """What became of one occurrence; its key is what makes it happen once.

    `transaction_id` has no foreign key: what opens the occurrence again is an event, as all that becomes of it.
    """

    __tablename__ = "plan_occurrence"
    __table_args__ = (
        ForeignKeyConstraint(["book_id", "plan_id"], ["plan.book_id", "plan.id"]),
        CheckConstraint("state IN ('due', 'posted', 'skipped')", name="state"),
        CheckConstraint("(state = 'posted') = (transaction_id IS NOT NULL)", name="transaction"),
        Index(
            "plan_occurrence_transaction_key",
            "book_id",
            "transaction_id",
            unique=True,
            postgresql_where=text("transaction_id IS NOT NULL"),
        ),
    )

    book_id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    nominal_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    date: Mapped[dt.date] = mapped_column(Date)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    transaction_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(BigInteger)
