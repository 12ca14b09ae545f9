"""What the budget publishes of one book, a file for each thing that events are about. The stream is the book."""

from pfms_events.contracts.budget import (
    alert,
    allocation,
    budget_periods,
    budget_settings,
    forecast,
    goal,
    header,
    month,
    scenario,
)
from pfms_events.event import EventType

EVENTS: tuple[EventType, ...] = (
    *month.EVENTS,
    *header.EVENTS,
    *allocation.EVENTS,
    *budget_settings.EVENTS,
    *scenario.EVENTS,
    *goal.EVENTS,
    *budget_periods.EVENTS,
    *forecast.EVENTS,
    *alert.EVENTS,
)
