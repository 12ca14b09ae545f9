"""Taking an import back: what it brought goes, a batch at a time; what was worked on since stays and is listed."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from pfms_common import telemetry
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Busy, Conflict, NotFound
from pfms_events.failpoint import failpoint
from pfms_ledger.db import import_rows as lines
from pfms_ledger.db import imports
from pfms_ledger.db.journal import MOST_CHANGES, Change, append
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.taking_back import Reason, is_as_written, reason_to_keep, restored
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations.holding import carry_out
from pfms_ledger.operations.recording import Ledger, change_of
from pfms_ledger.operations.reopening import give_back
from pfms_ledger.queries import import_rows
from pfms_ledger.queries import imports as queries
from pfms_ledger.queries.import_rows import Due, Standing
from pfms_ledger.queries.imports import Detailed

TRIES = 10
WAIT_SECONDS = 1
ANSWER_SECONDS = 5


async def take_back(ledger: Ledger, principal: Principal, import_id: UUID) -> Detailed | None:
    """Takes a committed import back, and removes one that was not; None: it is removed.

    After five seconds the answer says `undoing`, and it goes on.

    Raises:
        NotFound; Conflict: it is being committed just now.
    """
    pool = ledger.facts.pool
    held = Held(principal.book_id, import_id, new_id(), principal.user_id)
    async with transaction_in(pool, held.book_id) as connection:
        found = await queries.get(connection, held.book_id, import_id, lock=True)
        if found is None or not found.answered:
            raise NotFound("There is no such import in this book.")
        if found.status == "processing":
            raise Conflict("The import is being committed; take it back when it is completed.")
        wrote = found.done_through > 0
        if not wrote:
            await imports.remove(connection, held.book_id, import_id)
            return None
        if found.status in ("completed", "failed"):
            await imports.start(connection, held, "undoing")
    if found.status in ("completed", "failed"):
        undoing = ledger.background.start(undo_rows(ledger, held), f"undo {import_id}")
        done, _ = await asyncio.wait([undoing], timeout=ANSWER_SECONDS)
        if done:
            undoing.result()
    detailed = await queries.detailed(pool, held.book_id, import_id)
    if detailed is None:
        raise NotFound("There is no such import in this book.")
    return detailed


async def undo_rows(ledger: Ledger, held: Held) -> None:
    """Takes back what is left of an import; also what a job does with one whose worker died."""
    telemetry.enter(str(held.id), None)
    await carry_out(ledger.facts.pool, held, _undo(ledger, held), imports.fail)


async def _undo(ledger: Ledger, held: Held) -> None:
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        found = await queries.get(connection, held.book_id, held.id)
    if found is None:
        return
    await imports.know_sizes(ledger.facts.pool, held.book_id)
    after = found.undone_through
    while True:
        rows = await import_rows.due(ledger.facts.pool, held, after=after, limit=MOST_CHANGES)
        rows = [row for row in rows if row.row <= found.done_through]
        if not rows:
            break
        await _undo_batch(ledger, held, rows)
        after = rows[-1].row
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        await imports.undone(connection, held)


async def _undo_batch(ledger: Ledger, held: Held, rows: Sequence[Due]) -> None:
    for attempt in range(TRIES):
        try:
            async with ledger.background.writing, ledger.journal.begin_write(held.book_id) as connection:
                await _append_undoing(connection, held, rows)
        except Busy:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(WAIT_SECONDS)
        else:
            return


async def _append_undoing(connection: asyncpg.Connection, held: Held, rows: Sequence[Due]) -> None:
    ids = [row.transaction_id for row in rows]
    standing = await import_rows.standing(connection, held.book_id, ids)
    elsewhere = await import_rows.matched_elsewhere(connection, held, ids)
    changed = {row.transaction_id: row.wrote_version - 1 for row in rows if row.wrote_version is not None}
    before = await import_rows.versions(connection, held.book_id, changed)
    wrote_then = await import_rows.versions(
        connection,
        held.book_id,
        {
            row.transaction_id: wrote
            for row in rows
            if (now := standing.get(row.transaction_id)) is not None
            and now.version != (wrote := row.wrote_version or 1)
        },
    )
    changes: list[Change] = []
    endings: list[tuple[int, Reason | None]] = []
    for row in rows:
        now = standing.get(row.transaction_id)
        reason = None
        if now is not None and not _only_found(row):
            matched = row.wrote_version is None and row.transaction_id in elsewhere
            written = wrote_then.get(row.transaction_id)
            edited = written is not None and not is_as_written(now.transaction, written)
            reason = reason_to_keep(now.transaction, edited=edited, matched=matched)
            if reason is None:
                changes.append(_reverse(row, now, before.get(row.transaction_id)))
        endings.append((row.row, reason))
    if changes:
        gone = [change.id for change in changes if change.is_deletion]
        changes += await give_back(connection, held.book_id, gone)
        await append(connection, held.book_id, changes, actor=held.user_id)
    failpoint("import.undo.appended")
    await lines.let_go(connection, held, endings)
    await imports.retreat(connection, held, rows[-1].row, sum(reason is None for _, reason in endings))


def _only_found(row: Due) -> bool:
    """Whether the row was found to be a transaction in which there was nothing to change."""
    return row.transaction_id == row.match_transaction_id and row.wrote_version is None


def _reverse(row: Due, now: Standing, before: Transaction | None) -> Change:
    """The change that takes a row's change back."""
    if before is None:
        return Change("transaction.deleted", row.transaction_id, now.version + 1, {"id": row.transaction_id})
    return change_of(restored(now.transaction, before), "transaction.updated", now.version + 1)
