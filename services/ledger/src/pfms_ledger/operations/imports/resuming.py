"""Going on with imports whose worker died, and clearing away what nobody came back for."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from pfms_common import logs
from pfms_common.ids import new_id
from pfms_common.sql import connection as connection_of
from pfms_ledger.db import imports
from pfms_ledger.db.imports import transaction_in
from pfms_ledger.operations.imports.commit import write_rows
from pfms_ledger.operations.imports.undo import undo_rows
from pfms_ledger.operations.imports.upload import resume_reading
from pfms_ledger.operations.recording import Ledger

MOST_ATTEMPTS = 5
KEPT = timedelta(days=7)
ANSWERED_WITHIN = timedelta(minutes=10)

log = logs.get("imports")

# The relay role sees every book; what it finds is done by the app role in that book's scope.
_LEFT = """SELECT book_id, id FROM import
    WHERE answered AND status IN ('reading', 'processing', 'undoing')
      AND (leased_until IS NULL OR leased_until < now()) ORDER BY id LIMIT 100"""
_STALE = """SELECT book_id, id FROM import
    WHERE (answered AND status IN ('needs_mapping', 'preview', 'failed') AND done_through = 0
              AND created_at < now() - $1::interval
           OR NOT answered AND created_at < now() - $2::interval)
      AND (leased_until IS NULL OR leased_until < now()) ORDER BY id LIMIT 100"""

_GO_ON = {"reading": resume_reading, "processing": write_rows, "undoing": undo_rows}


async def resume(ledger: Ledger, relay_pool: asyncpg.Pool) -> int:
    """Takes over what nobody works on; how many. One after the other: each fills the machine."""
    async with connection_of(relay_pool) as connection:
        left = await connection.fetch(_LEFT)
    return sum([await _take_over(ledger, row["book_id"], row["id"]) for row in left])


async def _take_over(ledger: Ledger, book_id: UUID, import_id: UUID) -> bool:
    async with transaction_in(ledger.facts.pool, book_id) as connection:
        taken = await imports.take(connection, book_id, import_id, new_id())
        if taken is None:
            return False
        held, status, attempts = taken
        if attempts > MOST_ATTEMPTS:
            await imports.fail(
                connection, held, "It could not be finished; the operators find why in the log."
            )
            return False
    log.info("going on with an import", import_id=str(import_id), status=status, attempts=attempts)
    try:
        await _GO_ON[status](ledger, held)
    except Exception:
        log.exception("an import could not be gone on with; it is tried again", import_id=str(import_id))
        return False
    return True


async def clear_away(ledger: Ledger, relay_pool: asyncpg.Pool) -> int:
    """Removes previews that were never committed, and uploads that were never answered; how many."""
    async with connection_of(relay_pool) as connection:
        stale = await connection.fetch(_STALE, KEPT, ANSWERED_WITHIN)
    for row in stale:
        async with transaction_in(ledger.facts.pool, row["book_id"]) as connection:
            await imports.remove(connection, row["book_id"], row["id"])
    return len(stale)
