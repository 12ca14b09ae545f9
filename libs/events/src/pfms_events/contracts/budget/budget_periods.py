"""By which rules the periods of a book's budget begin."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pfms_events.event import Event, EventType, derived_id


class PeriodRule(BaseModel):
    """From `first_day` on; the period before, which began on `bridge_day`, ends on its eve."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    first_day: date
    bridge_day: date
    cycle: Literal["calendar_month", "monthly", "last_working_day", "two_weeks", "four_weeks", "by_hand"]
    day: int | None = Field(default=None, description="Of the month, where the cycle is monthly")
    anchor: date | None = Field(
        default=None, description="A day on which a period of two or four weeks begins"
    )
    holidays: str | None = Field(default=None, description="Whose public holidays are no working days")
    first_days: tuple[date, ...] = Field(default=(), description="By hand: on which days periods begin")


class BudgetPeriodsUpdated(Event):
    """Periods begin on other days from some day on. Months of the budget that have another key now are told anew."""

    EVENT: ClassVar[str] = "budget_periods.updated"
    AGGREGATE: ClassVar[str] = "budget_periods"

    id: UUID
    rules: tuple[PeriodRule, ...] = Field(description="Oldest first; before the first, calendar months")


def periods_id(book_id: UUID) -> UUID:
    """The aggregate id of a book's periods."""
    return derived_id(book_id, BudgetPeriodsUpdated.AGGREGATE)


EVENTS: tuple[EventType, ...] = (BudgetPeriodsUpdated,)
