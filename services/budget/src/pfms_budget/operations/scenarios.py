"""What-if branches: made, changed and deleted, each change with an event."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from pfms_budget.domain.scenario import Scenario, check_items
from pfms_budget.operations import log
from pfms_budget.operations.work import Work
from pfms_budget.queries import scenarios as queries
from pfms_common.problem import Conflict, Invalid, NotFound

MOST = 100
"""Branches of a book: all of them fit on a page."""

_KEEP = """
INSERT INTO scenario (book_id, id, name, note, items, without_plan_ids, version)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::uuid[], $7)
ON CONFLICT (book_id, id) DO UPDATE SET name = excluded.name, note = excluded.note, items = excluded.items,
    without_plan_ids = excluded.without_plan_ids, version = excluded.version
"""
_DELETE = "DELETE FROM scenario WHERE book_id = $1 AND id = $2"


async def create(work: Work, scenario: Scenario) -> Scenario:
    if len(await queries.of_book(work.connection, work.book_id)) >= MOST:
        raise Conflict(f"A book has at most {MOST} scenarios; delete one first.")
    return await _keep(work, scenario)


async def change(
    work: Work, scenario_id: UUID, fields: Mapping[str, Any], check: Callable[[int], None]
) -> Scenario:
    """Changes the given fields; lists are given whole."""
    before = await _present(work, scenario_id)
    check(before.version)
    return await _keep(work, replace(before, **fields, version=before.version + 1))


async def delete(work: Work, scenario_id: UUID, check: Callable[[int], None]) -> None:
    before = await _present(work, scenario_id)
    check(before.version)
    await work.connection.execute(_DELETE, work.book_id, scenario_id)
    await work.tell(log.scenario_deleted(before))


async def _present(work: Work, scenario_id: UUID) -> Scenario:
    found = await queries.one(work.connection, work.book_id, scenario_id)
    if found is None:
        raise NotFound("There is no such scenario in this book.")
    return found


async def _keep(work: Work, scenario: Scenario) -> Scenario:
    check_items(scenario.items)
    accounts = [item.account_id for item in scenario.items]
    unknown = await queries.unknown_accounts(work.connection, work.book_id, accounts)
    wrong = {
        f"items.{n}.account_id": ["is no account of this book"]
        for n, account_id in enumerate(accounts)
        if account_id in unknown
    }
    if wrong:
        raise Invalid("An item is on no account of this book.", errors=wrong)
    await work.connection.execute(
        _KEEP,
        work.book_id,
        scenario.id,
        scenario.name,
        scenario.note,
        queries.items_json(scenario.items),
        list(scenario.without_plan_ids),
        scenario.version,
    )
    await work.tell(log.scenario_kept(scenario))
    return scenario
