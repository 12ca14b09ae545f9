"""The figures of one period."""

from typing import ClassVar
from uuid import UUID

from pfms_events.event import Event, EventType, Minor, Month, derived_id


class BudgetMonthChanged(Event):
    """The figures of one period are others now. They are derived, so they have versions of their own."""

    EVENT: ClassVar[str] = "budget.month_changed"
    AGGREGATE: ClassVar[str] = "budget_figures"

    month: Month
    planned_income_minor: Minor | None = None
    income_minor: Minor
    outflow_minor: Minor
    to_be_budgeted_minor: Minor
    hold_minor: Minor = 0
    held_income_minor: Minor = 0
    excluded_minor: Minor = 0
    discarded_minor: Minor = 0


def month_figures_id(book_id: UUID, month: str) -> UUID:
    """The aggregate id of one period's figures."""
    return derived_id(book_id, f"{BudgetMonthChanged.EVENT}:{month}")


EVENTS: tuple[EventType, ...] = (BudgetMonthChanged,)
