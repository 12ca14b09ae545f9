"""What-if branches: the forecast with something more in it, or without some of the plans.

A branch changes nothing that is real: its items are plans that exist nowhere else, and what it leaves out goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from pfms_budget.domain.expected import Plan
from pfms_budget.domain.outlook import Known
from pfms_common.problem import Invalid
from pfms_common.recurrence import Schedule, check_schedule

_ONCE = "FREQ=DAILY;COUNT=1"


@dataclass(frozen=True, slots=True)
class Item:
    """Money that would come (above zero) or go; minor units of the account's currency. `rrule`: None for once."""

    id: UUID
    name: str
    account_id: UUID
    amount_minor: int
    start: date
    rrule: str | None = None
    end: date | None = None
    category_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One version of a branch; `without_plan_ids`: the plans that it leaves out."""

    id: UUID
    name: str
    note: str | None = None
    items: Sequence[Item] = ()
    without_plan_ids: Sequence[UUID] = ()
    version: int = 1


def check_items(items: Sequence[Item]) -> None:
    """Each moves money, on days that there are; Invalid or BadRecurrence says which does not."""
    for n, item in enumerate(items):
        if item.amount_minor == 0:
            raise Invalid(
                "An item of zero changes nothing.", errors={f"items.{n}.amount_minor": ["must not be 0"]}
            )
        check_schedule(_schedule(item))


def applied(known: Known, scenario: Scenario) -> Known:
    """What the forecast is made from in this branch; what items would have brought until today does not count."""
    stay = [plan for plan in known.plans if plan.id not in scenario.without_plan_ids]
    extra = [_plan(item, known.today) for item in scenario.items if item.account_id in known.accounts]
    return replace(known, plans=[*stay, *extra])


def _plan(item: Item, today: date) -> Plan:
    return Plan(
        id=item.id,
        name=item.name,
        kind="income" if item.amount_minor > 0 else "expense",
        schedule=_schedule(item),
        amount=item.amount_minor,
        amount_since=item.start,
        catch_up_from=max(item.start, today + timedelta(days=1)),
        account_id=item.account_id,
        category_id=item.category_id,
    )


def _schedule(item: Item) -> Schedule:
    return Schedule(item.rrule or _ONCE, item.start, item.end)
