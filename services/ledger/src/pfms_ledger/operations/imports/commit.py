"""Committing an import: its rows become transactions, a batch at a time, in the background.

Each batch is one append in one transaction with the mark up to which the file is written, so a crash at any point
leaves whole batches and the next worker goes on behind the mark. Between batches the book is free for others.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import asyncpg

from pfms_common import telemetry
from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Busy, Conflict, Invalid, NotFound
from pfms_events.failpoint import failpoint
from pfms_ledger.db import import_rows as lines
from pfms_ledger.db import imports
from pfms_ledger.db.journal import MOST_CHANGES, Change, Encoded, Ref, Renamed, append, encode
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.worth import Worth
from pfms_ledger.operations.holding import carry_out
from pfms_ledger.operations.imports.opening import openings
from pfms_ledger.operations.imports.planned import Settling, is_planned, ready
from pfms_ledger.operations.imports.preview import same_make
from pfms_ledger.operations.imports.settling import Named, clears, creation, payee_of, settle
from pfms_ledger.operations.imports.understanding import TABLES, shape_of
from pfms_ledger.operations.recording import Ledger, new_payee
from pfms_ledger.queries import import_rows, rates
from pfms_ledger.queries import imports as queries
from pfms_ledger.queries.import_rows import Due
from pfms_ledger.queries.imports import Import

TRIES = 10
WAIT_SECONDS = 1
PROGRESS_STEPS = 4


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which matches and conflicts are taken: row numbers; None: all matches, no conflict."""

    matches: Sequence[int] | None = None
    conflicts: Sequence[int] = ()


async def commit(
    ledger: Ledger,
    principal: Principal,
    import_id: UUID,
    accepted: Accepted,
    claim: Claim | None,
    answer: Answer,
) -> Stored | None:
    """Starts writing the rows; the first answer where this key was used before.

    Raises:
        NotFound; Conflict: it is not a preview; Invalid: a row that is named is no match or conflict; KeyReused.
    """
    held = Held(principal.book_id, import_id, new_id(), principal.user_id)
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        stored = await imports.claim(connection, held.book_id, claim, answer)
        if stored is not None:
            return stored
        found = await queries.get(connection, held.book_id, import_id, lock=True)
        if found is None or not found.answered:
            raise NotFound("There is no such import in this book.")
        if found.status != "preview":
            raise Conflict(_WHY_NOT.get(found.status, "The import was committed before."))
        await _accept(connection, held, accepted)
        await imports.start(connection, held, "processing")
    ledger.background.start(write_rows(ledger, held), f"commit {import_id}")
    return None


_WHY_NOT = {
    "needs_mapping": "Answer the import's questions first: PUT its mapping.",
    "reading": "The file is still being read.",
    "failed": "The file could not be read.",
    "undoing": "The import is being taken back.",
    "undone": "The import was taken back; upload the file again.",
}


async def _accept(connection: asyncpg.Connection, held: Held, accepted: Accepted) -> None:
    """Marks the rows that were named: a match that is not accepted is imported as new, a conflict is left out."""
    for field_name, state, rows in (
        ("accept_matches", "match", accepted.matches or ()),
        ("accept_conflicts", "conflict", accepted.conflicts),
    ):
        there = await import_rows.numbers(connection, held, state, rows)
        if unknown := sorted(set(rows) - there):
            raise Invalid(
                f"Row {unknown[0]} is no {state} of this import.",
                errors={field_name: [f"row {row} is no {state}" for row in unknown[:10]]},
            )
    if accepted.matches is not None:
        await lines.accept_matches(connection, held, accepted.matches)
    if accepted.conflicts:
        await lines.accept_conflicts(connection, held, {row: new_id() for row in accepted.conflicts})


async def write_rows(ledger: Ledger, held: Held) -> None:
    """Writes what is left of an import; also what a job does with one whose worker died."""
    telemetry.enter(str(held.id), None)  # its events share one correlation id, whoever writes them
    refusal = await carry_out(ledger.facts.pool, held, _write(ledger, held), imports.fail)
    if refusal is not None:
        await _publish_failure(ledger, held)


@dataclass(slots=True)
class _Run:
    """One worker's way through the rows of an import; `payees` that it made or found, by folded name."""

    ledger: Ledger
    held: Held
    found: Import
    opening: list[Change]
    currencies: Mapping[UUID, str]
    worth: Worth
    payees: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows with the payees that they name for the first time, and the transactions that they would make, `planned`
    those of plans.

    `encoded`: both as the journal takes them, for the usual case that every row makes its transaction.
    """

    rows: Sequence[Due]
    payees: Sequence[Change]
    creations: Mapping[int, Change]
    refs: Sequence[Ref]
    encoded: Encoded
    attempt: int
    planned: Mapping[int, Settling]


async def _write(ledger: Ledger, held: Held) -> None:
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        found = await queries.get(connection, held.book_id, held.id)
    if found is None:
        return
    opening, currencies = await openings(ledger, held, found)
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        worth = await rates.worth(connection, held.book_id, list(set(currencies.values())))
    run = _Run(ledger, held, found, opening, currencies, worth)
    batches = _batches(run)
    following = asyncio.ensure_future(anext(batches, None))
    try:
        while (batch := await following) is not None:
            following = asyncio.ensure_future(anext(batches, None))
            await _write_batch(run, batch)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    await imports.know_written(ledger.facts.pool, held.book_id, found.rows_total)
    await _complete(run)


async def _batches(run: _Run) -> AsyncIterator[_Batch]:
    """The rows in portions of at most `MOST_CHANGES` changes, made while the one before is being written."""
    waiting: list[Due] = []
    after = run.found.done_through
    room = MOST_CHANGES - 1 - len(run.opening)
    while True:
        if len(waiting) < room:
            page = await import_rows.due(run.ledger.facts.pool, run.held, after=after, limit=MOST_CHANGES)
            waiting += page
            after = page[-1].row if page else after
        if not waiting:
            return
        await imports.know_sizes(run.ledger.facts.pool, run.held.book_id)
        batch = await _prepared(run, waiting, room)
        waiting = waiting[len(batch.rows) :]
        room = MOST_CHANGES - 1
        yield batch


async def _prepared(run: _Run, waiting: Sequence[Due], room: int) -> _Batch:
    """As many rows as fit with the payees that they make; one query for all their payees."""
    attempt = run.attempt
    names = await asyncio.to_thread(_names, waiting)
    unknown = {
        key for name in names.values() for key in (name.as_written, name.folded) if key not in run.payees
    }
    known = await run.ledger.facts.payees(run.held.book_id, list(unknown))
    batch = await asyncio.to_thread(_built, run, waiting, room, names, known, attempt)
    return replace(batch, planned=await ready(run.ledger, run.held, batch.rows))


def _names(rows: Sequence[Due]) -> dict[int, Named]:
    """The payees that rows name, by row."""
    return {row.row: name for row in rows if (name := payee_of(row)) is not None}


def _built(
    run: _Run,
    waiting: Sequence[Due],
    room: int,
    names: Mapping[int, Named],
    known: Mapping[str, tuple[UUID, str]],
    attempt: int,
) -> _Batch:
    rows: list[Due] = []
    changes = 0
    payees: list[Change] = []
    made: set[UUID] = set()
    creations: dict[int, Change] = {}
    refs: dict[UUID, Ref] = {}
    for row in waiting:
        payee, name = None, names.get(row.row)
        fresh = None
        if name is not None:
            by = name.as_written if name.as_written in run.payees or name.as_written in known else name.folded
            payee = run.payees.get(by) or known.get(by)
            if payee is None and not clears(row):
                fresh = new_payee(name.name)
                payee = (fresh.id, name.name)
            elif payee is not None and payee[0] not in made:
                refs[payee[0]] = Ref("payee", payee[0], "payee", by)  # it may be renamed or merged by now
        changes += 1 + (fresh is not None) + is_planned(row)
        if changes > room:
            break
        if fresh is not None:
            payees.append(fresh)
            made.add(fresh.id)
        if payee is not None and name is not None:
            run.payees[by] = payee
        rows.append(row)
        creations[row.row] = creation(row, payee, run.held, run.worth)
    for account_id in {row.account_id for row in rows}:
        refs[account_id] = Ref("account", account_id, "account_id", run.currencies[account_id])
    encoded = encode([*payees, *creations.values()], run.held.user_id)
    return _Batch(rows, payees, creations, list(refs.values()), encoded, attempt, {})


async def _write_batch(run: _Run, batch: _Batch) -> None:
    """One batch, tried again where the book is busy or a payee was made or renamed in this moment."""
    if batch.attempt != run.attempt:
        # It was prepared when payees of the batch before had other ids than they got in the end.
        batch = await _prepared(run, batch.rows, MOST_CHANGES * 2)
    for attempt in range(TRIES):
        try:
            await _append_batch(run, batch)
        except Busy:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(WAIT_SECONDS)
        except (Renamed, Conflict):
            if attempt == TRIES - 1:
                raise
            batch = await _renamed(run, batch)
        else:
            run.opening = []
            return


async def _renamed(run: _Run, batch: _Batch) -> _Batch:
    """The same rows with the payees as they are now."""
    names = _names(batch.rows)
    keys = {key for name in names.values() for key in (name.as_written, name.folded)}
    run.ledger.facts.forget_payees(run.held.book_id, list(keys))
    for key in keys:
        run.payees.pop(key, None)
    run.attempt += 1
    return await _prepared(run, batch.rows, MOST_CHANGES * 2)


async def _append_batch(run: _Run, batch: _Batch) -> None:
    ledger, held = run.ledger, run.held
    through = batch.rows[-1].row
    async with ledger.background.writing, ledger.journal.begin_write(held.book_id) as connection:
        make = same_make(run.found.format or "")
        settled = await settle(connection, held, batch.rows, batch.creations, batch.planned, make, run.worth)
        imported = run.found.rows_imported + settled.imported
        progress = _progress(run.found, imported)
        failpoint("import.batch.begun")
        if run.opening or settled.endings or settled.changes != list(batch.creations.values()):
            changes: Sequence[Change] | Encoded = [*run.opening, *batch.payees, *settled.changes]
        else:
            changes = batch.encoded
        if changes:
            await append(connection, held.book_id, changes, actor=held.user_id, refs=_refs(run, batch))
        if progress:
            await append(connection, held.book_id, progress, actor=held.user_id)
        failpoint("import.batch.appended")
        await lines.settle_rows(connection, held, settled.endings)
        await imports.advance(connection, held, through, settled.imported, len(progress))
        failpoint("import.batch.advanced")
    failpoint("import.batch.committed")
    run.found = run.found.advanced(through, imported, len(progress))


def _refs(run: _Run, batch: _Batch) -> list[Ref]:
    """Accounts that this very append opens are no references yet."""
    opened = {change.id for change in run.opening}
    return [ref for ref in batch.refs if ref.id not in opened]


def _progress(found: Import, imported: int) -> list[Change]:
    """A few events on the way, whatever the size of the file."""
    whole = found.rows_new + found.rows_match
    before, now = (PROGRESS_STEPS * count // max(whole, 1) for count in (found.rows_imported, imported))
    if before == now or imported >= whole:
        return []
    return [_event("import.progress", found, "processing", imported, found.version + 1)]


def _event(event: str, found: Import, status: str, imported: int, version: int) -> Change:
    data = {
        "id": found.id,
        "account_id": found.account_id,
        "format": found.format,
        "status": status,
        "rows_total": found.rows_total,
        "rows_imported": imported,
        "rows_new": found.rows_new,
        "rows_duplicate": found.rows_duplicate,
        "rows_match": found.rows_match,
        "rows_conflict": found.rows_conflict,
        "rows_error": found.rows_error,
        "rows_skipped": found.rows_skipped,
    }
    return Change(event, found.id, version, data)


async def _complete(run: _Run) -> None:
    """The last event, what was learned of the file, and the end of its bytes."""
    ledger, held = run.ledger, run.held
    async with ledger.journal.begin_write(held.book_id) as connection:
        await imports.recount(connection, held)
        found = await queries.get(connection, held.book_id, held.id)
        if found is None:
            return
        event = _event("import.completed", found, "completed", found.rows_imported, found.version + 1)
        await append(connection, held.book_id, [event], actor=held.user_id)
        await _remember(connection, held, found)
        await imports.complete(connection, held)
        failpoint("import.completing")


async def _remember(connection: asyncpg.Connection, held: Held, found: Import) -> None:
    """What was answered helps to read the next file of this make, and to know its accounts.

    An answer by which no row came in is likely a mistaken one, and would spoil the next file silently.
    """
    if not found.rows_imported:
        return
    if found.answers and found.format in TABLES:
        lone = next(iter(found.targets.values())) if len(found.targets) == 1 else None
        shape = shape_of(found.reading["shape"], lone["type"] if lone else "")
        await imports.remember_mapping(connection, held, shape, found.answers)
    named = {key: UUID(target["account_id"]) for key, target in found.targets.items() if key and target}
    if named:
        await imports.remember_accounts(connection, held, named)


async def _publish_failure(ledger: Ledger, held: Held) -> None:
    """Who waits for the end of the import learns of a failure too."""
    async with ledger.journal.begin_write(held.book_id) as connection:
        found = await queries.get(connection, held.book_id, held.id)
        if found is None or found.status != "failed":
            return
        event = _event("import.completed", found, "failed", found.rows_imported, found.version + 1)
        await append(connection, held.book_id, [event], actor=held.user_id)
        await imports.count_event(connection, held.book_id, held.id)
