"""What a book's budget goes by."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Event, EventType, derived_id


class BudgetSettingsUpdated(Event):
    """What a book's budget goes by."""

    EVENT: ClassVar[str] = "budget_settings.updated"
    AGGREGATE: ClassVar[str] = "budget_settings"

    id: UUID
    default_rollover: Literal["none", "surplus", "deficit", "both"]
    unrolled: Literal["to_be_budgeted", "discard"]
    strict: bool
    alert_percents: tuple[int, ...] = Field(
        default=(80, 100), description="Shares of an allocation at which an alert is told"
    )


def settings_id(book_id: UUID) -> UUID:
    """The aggregate id of a book's settings."""
    return derived_id(book_id, BudgetSettingsUpdated.AGGREGATE)


EVENTS: tuple[EventType, ...] = (BudgetSettingsUpdated,)
