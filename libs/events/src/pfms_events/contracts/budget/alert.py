"""What somebody should look at in one period: told once when it begins, and again only after it had ceased."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Event, EventType, Minor, Month, derived_id


class Alert(Event):
    """Told of the running period and the next one. Each has versions of its own, one for each time it is told."""

    AGGREGATE: ClassVar[str] = "budget_alert"

    id: UUID
    month: Month


class BudgetThresholdCrossed(Alert):
    """So much of an allocation is spent; or nothing is set aside though the month has begun."""

    EVENT: ClassVar[str] = "budget.threshold_crossed"

    kind: Literal["allocation", "not_budgeted"]
    category_id: UUID | None = Field(default=None, description="Of kind allocation")
    threshold_percent: int = Field(default=0, description="Of what is allocated; of kind allocation")
    allocated_minor: Minor = 0
    actual_minor: Minor = 0


class BudgetOverspent(Alert):
    """A category has less than nothing; or more is set aside than there is, category_id null."""

    EVENT: ClassVar[str] = "budget.overspent"

    category_id: UUID | None = None
    available_minor: Minor = Field(description="Of the category, else what is to be budgeted; below zero")


def alert_id(book_id: UUID, month: str, kind: str, category_id: UUID | None, percent: int) -> UUID:
    """The aggregate id of one alert of a period."""
    return derived_id(book_id, f"{Alert.AGGREGATE}:{month}:{kind}:{category_id or ''}:{percent}")


EVENTS: tuple[EventType, ...] = (BudgetThresholdCrossed, BudgetOverspent)
