"""What the ledger does when others tell it something."""

import asyncpg

from pfms_events.contracts.auth import BookCreated, BookUpdated
from pfms_events.subscription import Batch, Subscription
from pfms_ledger.operations import books
from pfms_ledger.operations.categories import provision


async def _provision(connection: asyncpg.Connection, batch: Batch) -> None:
    for envelope in batch.events:
        await provision(connection, envelope.stream_id)


async def _books(connection: asyncpg.Connection, batch: Batch) -> None:
    await books.take(connection, batch.events)


SUBSCRIPTIONS = (
    Subscription(
        name="ledger.provision", producer="auth", events=(BookCreated,), handle=_provision, kind="effects"
    ),
    Subscription(name="ledger.books", producer="auth", events=(BookCreated, BookUpdated), handle=_books),
)
