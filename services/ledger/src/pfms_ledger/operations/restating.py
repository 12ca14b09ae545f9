"""A rate that comes late: the transactions whose worth it changes are told anew, a batch at a time.

What is to be gone through stands in a row that is written with the rate, so nothing is lost when a process dies. All
of it is gone through twice: a write that was under way when the rate came may have taken the old ones.
"""

from uuid import UUID

import asyncpg

from pfms_common import logs
from pfms_common.problem import Busy, Unavailable
from pfms_ledger.db import restatements
from pfms_ledger.db.journal import Change, append
from pfms_ledger.domain.worth import Worth, is_worth_the_same
from pfms_ledger.operations.recording import Ledger, change_of
from pfms_ledger.queries import import_rows
from pfms_ledger.queries import rates as queries
from pfms_ledger.queries.rates import Restatement

BATCH = 500

log = logs.get("rates")


async def restate(ledger: Ledger, book_id: UUID) -> None:
    """Goes through all that is due in a book. The book is free for others between the batches."""
    while await restate_batch(ledger, book_id):
        pass


async def restate_batch(ledger: Ledger, book_id: UUID) -> bool:
    """One batch; whether there was one."""
    async with ledger.background.writing, ledger.journal.begin_write(book_id) as connection:
        at = await queries.restatement(connection, book_id)
        if at is None:
            return False
        found = await queries.next_of(connection, book_id, at, BATCH)
        worth = await queries.worth(connection, book_id, [at.currency])
        changes = await _restated(connection, book_id, at, worth, [each[0] for each in found])
        if changes:
            await append(connection, book_id, changes, actor=None)
        if len(found) == BATCH:
            await restatements.advance(connection, book_id, at.currency, *found[-1][1:])
        elif at.again:
            await restatements.postpone(connection, book_id, at.currency)
        else:
            await restatements.finish(connection, book_id, at.currency)
    return True


async def _restated(
    connection: asyncpg.Connection, book_id: UUID, at: Restatement, worth: Worth, ids: list[UUID]
) -> list[Change]:
    """The changes of those that are worth something else by now."""
    standing = await import_rows.standing(connection, book_id, list(dict.fromkeys(ids)))
    changes: list[Change] = []
    for now in standing.values():
        after = worth.of(now.transaction)
        if now.transaction.currency == at.currency and not is_worth_the_same(after, now.transaction):
            changes.append(change_of(after, "transaction.updated", now.version + 1))
    return changes


async def restate_all(ledger: Ledger, relay_pool: asyncpg.Pool) -> None:
    """Goes on in every book where something is due; what the job does. A book that fails keeps none from its turn."""
    for book_id in await queries.due(relay_pool):
        try:
            await restate(ledger, book_id)
        except (Busy, Unavailable) as error:
            log.info("rates are told later", book_id=str(book_id), why=type(error).__name__)
        except Exception:
            log.exception("late rates could not be told; it is tried again", book_id=str(book_id))
