"""Undoing all that one request did, or an import: the last first, a batch at a time; what was worked on since stays.

It may be asked for again at any time, also when it was cut off: what is taken back already is passed over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Self
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Claim
from pfms_common.ids import read_id
from pfms_common.principal import Principal
from pfms_common.problem import Busy, Conflict, InUse, NotFound, Refusal
from pfms_ledger.db.journal import MOST_CHANGES, Change, append
from pfms_ledger.db.leases import transaction_in
from pfms_ledger.domain.undo import Reason, State, is_same, reason_to_keep
from pfms_ledger.operations import rebuild
from pfms_ledger.operations.imports.undo import take_back
from pfms_ledger.operations.lengthy import Begun, Kept, Progress, Step, answer_of, store, undertake
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.undo import (
    append_reverse,
    as_today,
    present_payees,
    reopened,
    reverse,
    with_payee_name,
    worth_of,
)
from pfms_ledger.queries import imports as import_queries
from pfms_ledger.queries import undo as queries
from pfms_ledger.queries.imports import Import
from pfms_ledger.queries.undo import States, Touched

_FOLLOWS = "An occurrence of a plan follows its transaction: change or delete that, or skip the occurrence."


async def undo_all(ledger: Ledger, principal: Principal, correlation_id: str, claim: Claim | None) -> Begun:
    """Takes back what the events of a correlation id did. After five seconds it answers, and goes on.

    Raises:
        NotFound: nothing in this book has this correlation id.
    """
    book_id = principal.book_id
    plan = UndoMany(book_id, correlation_id)
    async with transaction_in(ledger.facts.pool, book_id) as connection:
        things = await plan.things(connection)
        import_id = _id(correlation_id)
        found = await import_queries.get(connection, book_id, import_id) if import_id else None
    if not things:
        raise NotFound("Nothing in this book has this correlation id.")
    if found is None:
        return await undertake(ledger, principal, plan, claim)
    progress = await _undo_import(ledger, principal, found)
    answer = answer_of(plan, progress)
    if progress.is_done:
        async with transaction_in(ledger.facts.pool, book_id) as connection:
            await store(connection, book_id, claim, answer)
    return Begun(answer)


def _id(text: str) -> UUID | None:
    try:
        return read_id(text)
    except ValueError:
        return None


async def _undo_import(ledger: Ledger, principal: Principal, before: Import) -> Progress:
    """An import is known by its id, and has rows of a file besides its transactions."""
    progress = Progress(str(before.id))
    taken = await take_back(ledger, principal, before.id)
    if taken is None:
        progress.is_done = True
        return progress
    progress.keep([Kept("transaction", row["transaction_id"], row["reason"]) for row in taken.kept])
    progress.changed = taken.found.rows_undone - before.rows_undone
    progress.is_done = taken.found.status == "undone"
    return progress


@dataclass(slots=True)
class UndoMany:
    """Taking back what the events of one correlation id did, as work of many batches."""

    kind: ClassVar[str] = "undo"
    book_id: UUID
    correlation_id: str
    _things: list[Touched] | None = None

    @classmethod
    def wanting(cls, book_id: UUID, wanted: Mapping[str, Any]) -> Self:
        return cls(book_id, wanted["correlation_id"])

    @property
    def wanted(self) -> Mapping[str, str]:
        return {"correlation_id": self.correlation_id}

    async def things(self, connection: asyncpg.Connection) -> list[Touched]:
        """All that it is about, looked up once."""
        if self._things is None:
            self._things = await queries.touched(connection, self.book_id, self.correlation_id)
        return self._things

    async def batch(self, connection: asyncpg.Connection, actor: UUID, at: int, /) -> Step:
        things = await self.things(connection)
        told = Step(next=at + MOST_CHANGES if at + MOST_CHANGES < len(things) else None)
        wanted: list[Touched] = []
        occurrences: list[Touched] = []
        for thing in things[at : at + MOST_CHANGES]:
            if rebuild.is_made_of(thing.aggregate):
                wanted.append(thing)
            elif thing.aggregate == "recurring":
                occurrences.append(thing)
        await _undo_batch(connection, self.book_id, actor, wanted, told)
        await _undo_occurrences(connection, self.book_id, actor, occurrences, told)
        return told

    def shown(self, progress: Progress) -> Mapping[str, Any]:
        """The progress as the API shows it."""
        return {
            "status": "undone" if progress.is_done else "undoing",
            "correlation_id": progress.correlation_id,
            "undone": progress.changed,
            "kept_count": progress.kept_count,
            "kept": [
                {
                    "type": kept.aggregate_type,
                    "id": kept.aggregate_id,
                    "reason": kept.reason,
                    "detail": kept.detail,
                }
                for kept in progress.kept
            ],
        }


def _kept(thing: Touched, reason: Reason, detail: str | None = None) -> Kept:
    return Kept(thing.aggregate, thing.id, reason, detail)


@dataclass(slots=True)
class _Item:
    """A thing with the change that takes it back."""

    thing: Touched
    change: Change
    now: State
    after: State


async def _undo_batch(
    connection: asyncpg.Connection, book_id: UUID, actor: UUID, things: Sequence[Touched], told: Step
) -> None:
    states = await queries.states(connection, book_id, things)
    judged = await asyncio.to_thread(_judged, things, states)
    going = [thing.id for thing, _, _, after, _ in judged if after is None]
    matched = await queries.matched(connection, book_id, going)
    for are_transactions, group in groupby(judged, lambda each: each[0].aggregate == "transaction"):
        items = await _reversed(connection, book_id, list(group), matched, told)
        # Others refer to each other and to what comes back before them, so each is looked at when it is due.
        for part in [items] if are_transactions else [[item] for item in items]:
            await _write(connection, book_id, actor, part, told)


async def _undo_occurrences(
    connection: asyncpg.Connection, book_id: UUID, actor: UUID, things: Sequence[Touched], told: Step
) -> None:
    """What was skipped is open again; what was posted was opened with its transaction, if that could go."""
    states = await queries.states(connection, book_id, things) if things else {}
    for thing in things:
        known = states[thing.id]
        if known.type == "recurring.skipped":
            try:
                change, is_new = await reopened(connection, book_id, known.after or {})
            except Conflict as refusal:
                told.kept.append(_kept(thing, "refused", refusal.detail))
                continue
            if is_new:
                await append(connection, book_id, [change], actor=actor)
                told.changed += 1
        elif known.type == known.now_type:
            told.kept.append(_kept(thing, "refused", _FOLLOWS))


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
    connection: asyncpg.Connection, book_id: UUID, judged: list[_Judged], matched: set[UUID], told: Step
) -> list[_Item]:
    """The changes that take these things back, but for what is kept and what is taken back already."""
    payees = await present_payees(connection, book_id, [after for _, _, _, after, _ in judged])
    worth = await worth_of(connection, book_id, [after for _, _, _, after, _ in judged])
    items: list[_Item] = []
    for thing, reason, now, after, known in judged:
        if reason is not None:
            told.kept.append(_kept(thing, reason))
        elif after is None and thing.id in matched:
            told.kept.append(_kept(thing, "matched"))
        elif not is_same(now, after):
            try:
                named = with_payee_name(after, payees)
            except Conflict as refusal:
                told.kept.append(_kept(thing, "refused", refusal.detail))
                continue
            change = reverse(thing.aggregate, thing.id, now, named, known.version, known.made, worth)
            items.append(_Item(thing, change, now, named))
    return items


async def _write(
    connection: asyncpg.Connection, book_id: UUID, actor: UUID, items: list[_Item], told: Step
) -> None:
    """Writes what can be written: where one of many is refused, halves are tried, until it stands alone."""
    if not items:
        return
    await connection.execute("SAVEPOINT undo")
    try:
        await append_reverse(
            connection, book_id, actor, [(item.change, item.now, item.after) for item in items]
        )
    except Busy:
        raise
    except Refusal as refusal:
        await connection.execute("ROLLBACK TO SAVEPOINT undo")
        if len(items) == 1:
            told.kept.append(_kept(items[0].thing, _why(refusal), refusal.detail))
            return
        half = len(items) // 2
        await _write(connection, book_id, actor, items[:half], told)
        await _write(connection, book_id, actor, items[half:], told)
    else:
        await connection.execute("RELEASE SAVEPOINT undo")
        told.changed += len(items)


def _why(refusal: Refusal) -> Reason:
    return "in_use" if isinstance(refusal, InUse) else "refused"
