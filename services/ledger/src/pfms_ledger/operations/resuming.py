"""Going on with what was begun and whose worker died, and clearing away the imports nobody came back for."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg

from pfms_common import logs
from pfms_common.ids import new_id
from pfms_common.sql import connection as connection_of
from pfms_ledger.db import imports, leases, works
from pfms_ledger.db.leases import Held, Leased, transaction_in
from pfms_ledger.operations.holding import Fail
from pfms_ledger.operations.imports.commit import write_rows
from pfms_ledger.operations.imports.undo import undo_rows
from pfms_ledger.operations.imports.upload import resume_reading
from pfms_ledger.operations.lengthy import go_on
from pfms_ledger.operations.merging import CategoryMerge, PayeeMerge
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.undo_many import UndoMany
from pfms_ledger.queries import imports as queries

MOST_ATTEMPTS = 5
KEPT = timedelta(days=7)
ANSWERED_WITHIN = timedelta(minutes=10)

log = logs.get("resuming")

_GO_ON: Mapping[str, Callable[[Ledger, Held], Awaitable[None]]] = {
    "reading": resume_reading,
    "processing": write_rows,
    "undoing": undo_rows,
    CategoryMerge.kind: partial(go_on, CategoryMerge.wanting),
    PayeeMerge.kind: partial(go_on, PayeeMerge.wanting),
    UndoMany.kind: partial(go_on, UndoMany.wanting),
}
_GIVE_UP: Mapping[Leased, Fail] = {"import": imports.fail, "work": works.give_up}


async def resume(ledger: Ledger, relay_pool: asyncpg.Pool) -> int:
    """Takes over what nobody works on; how many. One after the other: each fills the machine."""
    taken = 0
    for table in _GIVE_UP:
        async with connection_of(relay_pool) as connection:
            left = await leases.left(connection, table)
        for book_id, thing_id in left:
            taken += await _take_over(ledger, table, book_id, thing_id)
    return taken


async def _take_over(ledger: Ledger, table: Leased, book_id: UUID, thing_id: UUID) -> bool:
    async with transaction_in(ledger.facts.pool, book_id) as connection:
        taken = await leases.take(connection, table, book_id, thing_id, new_id())
        if taken is None:
            return False
        held, what, attempts = taken
        if attempts > MOST_ATTEMPTS:
            log.error("work is given up: the errors are above", what=what, id=str(thing_id))
            await _GIVE_UP[table](
                connection, held, "It could not be finished; the operators find why in the log."
            )
            return False
    log.info("going on with what was cut off", what=what, id=str(thing_id), attempts=attempts)
    try:
        await _GO_ON[what](ledger, held)
    except Exception:
        log.exception("work could not be gone on with; it is tried again", what=what, id=str(thing_id))
        return False
    return True


async def clear_away(ledger: Ledger, relay_pool: asyncpg.Pool) -> int:
    """Removes previews that were never committed, and uploads that were never answered; how many."""
    stale = await queries.stale(relay_pool, KEPT, ANSWERED_WITHIN)
    for book_id, import_id in stale:
        async with transaction_in(ledger.facts.pool, book_id) as connection:
            await imports.remove(connection, book_id, import_id)
    return len(stale)
