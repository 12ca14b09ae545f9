"""Telling what people decided: allocations, headers, choices and what-if branches, each change with who and when.

The newest event of each thing stays in the log, its deletion too, so the log knows which versions were given.
"""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

import asyncpg

from pfms_budget.domain.allocation import percent_text
from pfms_budget.domain.periods import Calendar, Cycle
from pfms_budget.domain.scenario import Scenario
from pfms_budget.queries.allocations import Allocation
from pfms_budget.queries.plans import Choices, Plan
from pfms_common.period import PeriodKey
from pfms_common.telemetry import current
from pfms_events.contracts.budget.allocation import AllocationCreated, AllocationDeleted, AllocationUpdated
from pfms_events.contracts.budget.budget_periods import BudgetPeriodsUpdated, PeriodRule, periods_id
from pfms_events.contracts.budget.budget_settings import BudgetSettingsUpdated, settings_id
from pfms_events.contracts.budget.header import BudgetCreated, BudgetDeleted, BudgetUpdated, header_id
from pfms_events.contracts.budget.scenario import (
    ScenarioCreated,
    ScenarioDeleted,
    ScenarioItem,
    ScenarioUpdated,
)
from pfms_events.outbox import Change, append

_LAST_VERSION = "SELECT max(aggregate_version) FROM event WHERE stream_id = $1 AND aggregate_id = $2"
_TOLD_OF = """
SELECT DISTINCT u.id FROM unnest($2::uuid[]) AS u (id), LATERAL (
    SELECT FROM event WHERE stream_id = $1 AND aggregate_id = u.id LIMIT 1) e
"""


async def tell(
    connection: asyncpg.Connection, book_id: UUID, changes: Sequence[Change], actor: UUID | None
) -> None:
    """Appends the events; the caller holds the book's head."""
    if changes:
        await append(connection, book_id, changes, actor=actor, trace=tracing())


def tracing() -> dict[str, str]:
    """Which request the events belong to."""
    trace = current()
    return {"traceparent": trace.traceparent, "correlation_id": trace.request_id} if trace else {}


async def last_version(connection: asyncpg.Connection, book_id: UUID, thing_id: UUID) -> int:
    """The version of its newest event; 0: nothing was ever told of it."""
    return await connection.fetchval(_LAST_VERSION, book_id, thing_id) or 0


async def told_of(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that something was told of, so that they are no new thing's."""
    return {row["id"] for row in await connection.fetch(_TOLD_OF, book_id, ids)}


def allocation_kept(row: Allocation) -> Change:
    event = AllocationCreated if row.version == 1 else AllocationUpdated
    state = event(
        id=row.id,
        month=row.month,
        category_id=row.category_id,
        allocation_type=row.type.value,
        percentage=None if row.percentage is None else percent_text(row.percentage),
        allocated_minor=row.allocated_minor,
        rollover=row.rollover.value,
        colour=row.colour,
        position=row.position,
    )
    return Change(state, row.id, row.version)


def allocation_deleted(allocation_id: UUID, version: int) -> Change:
    """`version`: that of the row that goes."""
    return Change(AllocationDeleted(id=allocation_id), allocation_id, version + 1)


def header_kept(book_id: UUID, month: PeriodKey, plan: Plan, *, is_new: bool) -> Change:
    fields = {name: getattr(plan, name) for name in Plan.__slots__ if name != "version"}
    key = header_id(book_id, month.key)
    event = BudgetCreated if is_new else BudgetUpdated
    return Change(event.model_validate({"id": key, "month": month.key, **fields}), key, plan.version)


def header_deleted(book_id: UUID, month: PeriodKey, plan: Plan) -> Change:
    key = header_id(book_id, month.key)
    return Change(BudgetDeleted(id=key, month=month.key), key, plan.version + 1)


def periods_kept(book_id: UUID, calendar: Calendar, version: int) -> Change:
    """Last working days follow from the rule; by hand the days are the rule."""
    key = periods_id(book_id)
    rules = tuple(
        PeriodRule(
            first_day=change.first,
            bridge_day=change.bridge,
            cycle=change.rule.cycle.value,
            day=change.rule.day,
            anchor=change.rule.anchor,
            holidays=change.rule.holidays,
            first_days=change.rule.days if change.rule.cycle is Cycle.BY_HAND else (),
        )
        for change in calendar.changes
    )
    return Change(BudgetPeriodsUpdated(id=key, rules=rules), key, version)


def choices_kept(book_id: UUID, choices: Choices) -> Change:
    key = settings_id(book_id)
    event = BudgetSettingsUpdated(
        id=key,
        default_rollover=choices.default_rollover.value,
        unrolled=choices.unrolled.value,
        strict=choices.strict,
        alert_percents=choices.alert_percents,
    )
    return Change(event, key, choices.version)


def scenario_kept(scenario: Scenario) -> Change:
    event = ScenarioCreated if scenario.version == 1 else ScenarioUpdated
    state = event(
        id=scenario.id,
        name=scenario.name,
        note=scenario.note,
        items=tuple(ScenarioItem(**asdict(item)) for item in scenario.items),
        without_plan_ids=tuple(scenario.without_plan_ids),
    )
    return Change(state, scenario.id, scenario.version)


def scenario_deleted(scenario: Scenario) -> Change:
    return Change(ScenarioDeleted(id=scenario.id), scenario.id, scenario.version + 1)
