"""Telling others that a month's figures are others now: budget.month_changed, with versions of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_budget.domain.month import Month
from pfms_budget.operations.cells import write
from pfms_budget.operations.log import tracing
from pfms_events.contracts.budget.month import BudgetMonthChanged, month_figures_id
from pfms_events.outbox import Change, encode

# The newest event of an aggregate outlives compaction, so the log itself knows the last version.
# Ids come as a column: one read out of the JSON would not reach the index under row-level security.
_APPEND = """
SELECT append_events(u.stream, jsonb_agg(
    (u.event::jsonb -> 0) || jsonb_build_object('aggregate_version', 1 + v.version) ORDER BY u.n))
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) WITH ORDINALITY AS u (stream, id, event, n), LATERAL (
    SELECT coalesce(max(aggregate_version), 0) AS version FROM event
    WHERE stream_id = u.stream AND aggregate_id = u.id) v
GROUP BY u.stream
"""
COUNTED_THERE = 0
"""The statement gives each event its version."""


@dataclass(frozen=True, slots=True)
class Told:
    """A month that is announced, and the income planned for it."""

    month: Month
    planned_income: int


async def month_changes(
    connection: asyncpg.Connection, changed: Mapping[UUID, Sequence[Told]], actor: UUID | None
) -> None:
    """Appends one event per month; the caller holds the heads of these books."""
    changes = [(book, _change(book, told)) for book, months in changed.items() for told in months]
    await counted(connection, changes, actor)


async def counted(
    connection: asyncpg.Connection, changes: Sequence[tuple[UUID, Change]], actor: UUID | None
) -> None:
    """Appends events by book, each in the version after its aggregate's last."""
    trace = tracing()
    rows = [
        (book, change.aggregate_id, encode([change], actor=actor, trace=trace)) for book, change in changes
    ]
    await write(connection, _APPEND, rows)


def _change(book_id: UUID, told: Told) -> Change:
    return Change(_event(told), month_figures_id(book_id, told.month.period.key), COUNTED_THERE)


def _event(told: Told) -> BudgetMonthChanged:
    header = told.month.header
    return BudgetMonthChanged(
        month=told.month.period.key,
        planned_income_minor=told.planned_income,
        income_minor=header.income,
        outflow_minor=header.outflow,
        to_be_budgeted_minor=header.to_be_budgeted,
        hold_minor=header.hold,
        held_income_minor=header.held_income,
        excluded_minor=header.excluded,
        discarded_minor=header.discarded,
    )
