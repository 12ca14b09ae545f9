"""Occurrences that are open again, since what settled them was taken back: they wait for a person then."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from pfms_common.problem import Conflict, NotFound
from pfms_common.recurrence import occurrences
from pfms_common.weekend import MOST_DAYS
from pfms_ledger.db.journal import Change
from pfms_ledger.db.plans import note
from pfms_ledger.domain.settling import Mark, amount_on
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations.recurring import mark_change, posted_mark
from pfms_ledger.queries import plans as queries
from pfms_ledger.queries.plans import Planned


async def give_back(
    connection: asyncpg.Connection, book_id: UUID, transaction_ids: Sequence[UUID]
) -> list[Change]:
    """The occurrences that these transactions were, open again: to be appended with their deletion."""
    changes = []
    for plan_id, settled in (await queries.standing_for(connection, book_id, transaction_ids)).items():
        planned = await queries.present(connection, book_id, plan_id)
        changes += [mark_change(planned, _open_again(planned, mark)) for mark in settled]
        await _look_again(connection, book_id, planned)
    return changes


async def settle_again(
    connection: asyncpg.Connection, book_id: UUID, restored: Sequence[Transaction]
) -> list[Change]:
    """The occurrences that these transactions were, posted as them once more: to be appended with their return.

    Raises:
        Conflict: one was settled otherwise meanwhile, or its plan is gone.
    """
    changes: list[Change] = []
    settled: set[UUID] = set()
    for transaction in restored:
        origin = transaction.plan
        if origin is None:
            continue
        planned = await _plan(connection, book_id, origin.plan_id)
        marks = (await queries.marks(connection, book_id, [origin.plan_id]))[origin.plan_id]
        before = marks.get(origin.plan_date)
        if before is not None and before.transaction_id == transaction.id:
            continue
        day, amount = transaction.date, transaction.amount_minor
        change = mark_change(planned, posted_mark(marks, origin.plan_date, day, amount, transaction.id))
        if (before is not None and before.is_settled) or change.id in settled:
            raise Conflict(
                f"The plan's occurrence of {origin.plan_date} was settled otherwise meanwhile: take that back first."
            )
        settled.add(change.id)
        changes.append(change)
    return changes


async def unskip(
    connection: asyncpg.Connection, book_id: UUID, plan_id: UUID, nominal: date
) -> tuple[Change, bool]:
    """An occurrence that was skipped, open again, and whether it was not before.

    Raises:
        Conflict: it was posted since, or its plan is gone.
    """
    planned = await _plan(connection, book_id, plan_id)
    mark = (await queries.marks(connection, book_id, [plan_id]))[plan_id].get(nominal)
    if mark is None or mark.state == "posted":
        raise Conflict(f"The occurrence of {nominal} was posted since: delete its transaction instead.")
    if mark.state == "due":
        return mark_change(planned, mark), False
    await _look_again(connection, book_id, planned)
    return mark_change(planned, _open_again(planned, mark)), True


async def _plan(connection: asyncpg.Connection, book_id: UUID, plan_id: UUID) -> Planned:
    try:
        return await queries.present(connection, book_id, plan_id)
    except NotFound as error:
        raise Conflict("Its plan was deleted since: undo that first.") from error


async def _look_again(connection: asyncpg.Connection, book_id: UUID, planned: Planned) -> None:
    """What the job knows of this plan says that the occurrence is settled."""
    await note(connection, book_id, planned.plan.id, planned.version, wake_on=None, open_from=None)


def _open_again(planned: Planned, mark: Mark) -> Mark:
    far = timedelta(days=MOST_DAYS)
    near = occurrences(planned.plan.schedule, mark.nominal - far, mark.nominal + far)
    day = next((each.date for each in near if each.nominal == mark.nominal), mark.nominal)
    return Mark(mark.nominal, "due", mark.version + 1, day, amount_on(planned.plan, mark.nominal), None)
