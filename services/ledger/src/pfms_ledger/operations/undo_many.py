"""Undoing all that one request did, or an import: the last first, a batch at a time; what was worked on since stays.

It may be asked for again at any time, also when it was cut off: what is taken back already is passed over.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import batched, groupby
from typing import Any, Literal
from uuid import UUID

import asyncpg

from pfms_common import telemetry
from pfms_common.ids import read_id
from pfms_common.principal import Principal
from pfms_common.problem import Busy, Conflict, InUse, NotFound, Refusal
from pfms_ledger.db.imports import transaction_in
from pfms_ledger.db.journal import MOST_CHANGES, Change
from pfms_ledger.domain.undo import Reason, State, is_same, reason_to_keep
from pfms_ledger.operations import rebuild
from pfms_ledger.operations.imports.undo import take_back
from pfms_ledger.operations.lengthy import begin, patiently
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.undo import (
    append_reverse,
    as_today,
    present_payees,
    reverse,
    with_payee_name,
    worth_of,
)
from pfms_ledger.queries import imports as import_queries
from pfms_ledger.queries import undo as queries
from pfms_ledger.queries.imports import Import
from pfms_ledger.queries.undo import States, Touched

MOST_LISTED = 1000
_FOR_GOOD = "What became of an occurrence of a plan is for good: record it by hand if it is still to be paid."
type Status = Literal["undoing", "undone"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What stayed as it is."""

    aggregate_type: str
    aggregate_id: UUID
    reason: Reason
    detail: str | None = None


@dataclass(slots=True)
class Outcome:
    """How far it is; `kept` lists at most a thousand of `kept_count`.

    `correlation_id`: of the events that it writes.
    """

    correlation_id: str
    status: Status = "undoing"
    undone: int = 0
    kept_count: int = 0
    kept: list[Kept] = field(default_factory=list)

    def keep(self, thing: Touched, reason: Reason, detail: str | None = None) -> None:
        self.kept_count += 1
        if len(self.kept) < MOST_LISTED:
            self.kept.append(Kept(thing.aggregate, thing.id, reason, detail))


async def undo_all(ledger: Ledger, principal: Principal, correlation_id: str) -> Outcome:
    """Takes back what the events of a correlation id did. After five seconds it answers, and goes on.

    Raises:
        NotFound: nothing in this book has this correlation id.
    """
    book_id = principal.book_id
    async with transaction_in(ledger.facts.pool, book_id) as connection:
        things = await queries.touched(connection, book_id, correlation_id)
        import_id = _id(correlation_id)
        found = await import_queries.get(connection, book_id, import_id) if import_id else None
    if not things:
        raise NotFound("Nothing in this book has this correlation id.")
    if found is not None:
        return await _undo_import(ledger, principal, found)
    trace = telemetry.current()
    outcome = Outcome(trace.request_id if trace else "")
    for thing in things:
        if thing.aggregate == "recurring":
            outcome.keep(thing, "refused", _FOR_GOOD)
    wanted = [thing for thing in things if rebuild.is_made_of(thing.aggregate)]
    await begin(ledger, _undo_things(ledger, principal, wanted, outcome), f"undo {correlation_id}")
    return outcome


def _id(text: str) -> UUID | None:
    try:
        return read_id(text)
    except ValueError:
        return None


async def _undo_import(ledger: Ledger, principal: Principal, before: Import) -> Outcome:
    """An import is known by its id, and has rows of a file besides its transactions."""
    correlation_id = str(before.id)
    taken = await take_back(ledger, principal, before.id)
    if taken is None:
        return Outcome(correlation_id, "undone")
    kept = [Kept("transaction", row["transaction_id"], row["reason"]) for row in taken.kept]
    status: Status = "undone" if taken.found.status == "undone" else "undoing"
    return Outcome(correlation_id, status, taken.found.rows_undone - before.rows_undone, len(kept), kept)


async def _undo_things(
    ledger: Ledger, principal: Principal, things: Sequence[Touched], outcome: Outcome
) -> None:
    for batch in batched(things, MOST_CHANGES):
        await patiently(partial(_undo_batch, ledger, principal, batch, outcome))
    outcome.status = "undone"


@dataclass(slots=True)
class _Item:
    """A thing with the change that takes it back."""

    thing: Touched
    change: Change
    now: State
    after: State


async def _undo_batch(
    ledger: Ledger, principal: Principal, things: Sequence[Touched], outcome: Outcome
) -> None:
    book_id = principal.book_id
    told = Outcome(outcome.correlation_id)
    async with ledger.background.writing, ledger.journal.begin_write(book_id) as connection:
        states = await queries.states(connection, book_id, things)
        judged = await asyncio.to_thread(_judged, things, states)
        going = [thing.id for thing, _, _, after, _ in judged if after is None]
        matched = await queries.matched(connection, book_id, going)
        for are_transactions, group in groupby(judged, lambda each: each[0].aggregate == "transaction"):
            items = await _reversed(connection, book_id, list(group), matched, told)
            # Others refer to each other and to what comes back before them, so each is looked at when it is due.
            for part in [items] if are_transactions else [[item] for item in items]:
                await _write(connection, principal, part, told)
    outcome.undone += told.undone
    outcome.kept_count += told.kept_count
    outcome.kept += told.kept[: MOST_LISTED - len(outcome.kept)]


type _Judged = tuple[Touched, Reason | None, State, State, States]


def _judged(things: Sequence[Touched], states: dict[UUID, States]) -> list[_Judged]:
    """Each thing with why it is kept, as it is now, and as it was before."""
    judged: list[_Judged] = []
    for thing in things:
        known = states[thing.id]
        before, after, now = (
            as_today(thing.aggregate, state) for state in (known.before, known.after, known.now)
        )
        reason = reason_to_keep(before, after, now)
        if reason is None and not thing.alone and not is_same(before, now):
            reason = "edited"
        judged.append((thing, reason, now, before, known))
    return judged


async def _reversed(
    connection: asyncpg.Connection, book_id: UUID, judged: list[_Judged], matched: set[UUID], told: Outcome
) -> list[_Item]:
    """The changes that take these things back, but for what is kept and what is taken back already."""
    payees = await present_payees(connection, book_id, [after for _, _, _, after, _ in judged])
    worth = await worth_of(connection, book_id, [after for _, _, _, after, _ in judged])
    items: list[_Item] = []
    for thing, reason, now, after, known in judged:
        if reason is not None:
            told.keep(thing, reason)
        elif after is None and thing.id in matched:
            told.keep(thing, "matched")
        elif not is_same(now, after):
            try:
                named = with_payee_name(after, payees)
            except Conflict as refusal:
                told.keep(thing, "refused", refusal.detail)
                continue
            change = reverse(thing.aggregate, thing.id, now, named, known.version, known.made, worth)
            items.append(_Item(thing, change, now, named))
    return items


async def _write(
    connection: asyncpg.Connection, principal: Principal, items: list[_Item], told: Outcome
) -> None:
    """Writes what can be written: where one of many is refused, halves are tried, until it stands alone."""
    if not items:
        return
    await connection.execute("SAVEPOINT undo")
    try:
        await append_reverse(connection, principal, [(item.change, item.now, item.after) for item in items])
    except Busy:
        raise
    except Refusal as refusal:
        await connection.execute("ROLLBACK TO SAVEPOINT undo")
        if len(items) == 1:
            told.keep(items[0].thing, _why(refusal), refusal.detail)
            return
        half = len(items) // 2
        await _write(connection, principal, items[:half], told)
        await _write(connection, principal, items[half:], told)
    else:
        await connection.execute("RELEASE SAVEPOINT undo")
        told.undone += len(items)


def _why(refusal: Refusal) -> Reason:
    return "in_use" if isinstance(refusal, InUse) else "refused"


def shown(outcome: Outcome) -> dict[str, Any]:
    """The outcome as the API shows it."""
    return {
        "status": outcome.status,
        "correlation_id": outcome.correlation_id,
        "undone": outcome.undone,
        "kept_count": outcome.kept_count,
        "kept": [
            {
                "type": kept.aggregate_type,
                "id": kept.aggregate_id,
                "reason": kept.reason,
                "detail": kept.detail,
            }
            for kept in outcome.kept
        ],
    }
