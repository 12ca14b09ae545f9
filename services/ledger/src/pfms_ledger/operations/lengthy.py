"""Work of many batches that began with a request: answered after five seconds, whether or not it is done by then.

Each batch is a transaction of its own, between which the book is free for others. What is cut off is asked for
again: every such work passes over what it did before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.principal import Principal
from pfms_common.problem import Busy
from pfms_ledger.db.imports import claim as claim_with
from pfms_ledger.db.imports import transaction_in
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import transactions as queries

TRIES = 10
WAIT_SECONDS = 1
ANSWER_SECONDS = 5


async def begin(ledger: Ledger, work: Coroutine[Any, Any, None], name: str) -> None:
    """Waits for the work, and lets it go on by itself when it takes longer; its refusal in time is raised."""
    working = ledger.background.start(work, name)
    done, _ = await asyncio.wait([working], timeout=ANSWER_SECONDS)
    if done:
        working.result()


async def patiently[T](write: Callable[[], Awaitable[T]]) -> T:
    """One batch, tried again while the book is busy."""
    for _ in range(TRIES - 1):
        try:
            return await write()
        except Busy:
            await asyncio.sleep(WAIT_SECONDS)
    return await write()


async def answered_before(ledger: Ledger, principal: Principal, claim: Claim | None) -> Stored | None:
    """The first answer where this key was used before."""
    first = await queries.first_answer(ledger.facts.pool, principal.book_id, claim)
    return first.stored if first else None


async def store(ledger: Ledger, principal: Principal, claim: Claim | None, answer: Answer) -> Stored | None:
    """Keeps the answer of what is finished; that of a twin which finished before."""
    async with transaction_in(ledger.facts.pool, principal.book_id) as connection:
        return await claim_with(connection, principal.book_id, claim, answer)
