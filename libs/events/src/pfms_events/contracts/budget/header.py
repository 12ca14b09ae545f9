"""What people plan for one period: its header, with what it holds for the next one."""

from typing import ClassVar, Literal
from uuid import UUID

from pfms_events.event import Event, EventType, Minor, Month, derived_id


class Budget(Event):
    AGGREGATE: ClassVar[str] = "budget"

    id: UUID
    month: Month
    planned_income_minor: Minor
    planned_salary_minor: Minor
    planned_bonuses_minor: Minor
    planned_side_income_minor: Minor
    planned_investments_minor: Minor
    planned_other_minor: Minor
    savings_budget_minor: Minor
    debt_payment_budget_minor: Minor
    hold_minor: Minor
    status: Literal["draft", "active", "archived"]
    notes: str | None = None


class BudgetCreated(Budget):
    EVENT: ClassVar[str] = "budget.created"


class BudgetUpdated(Budget):
    EVENT: ClassVar[str] = "budget.updated"


class BudgetDeleted(Event):
    """The period reads as zeros again. A header made later goes on with its versions."""

    EVENT: ClassVar[str] = "budget.deleted"
    AGGREGATE: ClassVar[str] = "budget"

    id: UUID
    month: Month


def header_id(book_id: UUID, month: str) -> UUID:
    """The aggregate id of one period's header."""
    return derived_id(book_id, f"{Budget.AGGREGATE}:{month}")


EVENTS: tuple[EventType, ...] = (BudgetCreated, BudgetUpdated, BudgetDeleted)
