"""What the ledger does when others tell it something."""

import asyncpg

from pfms_common.clock import system_clock
from pfms_events.contracts.auth import BookCreated, BookUpdated
from pfms_events.contracts.budget.goal import GoalContributionRequested
from pfms_events.subscription import Batch, Subscription
from pfms_ledger.operations import books, contributions
from pfms_ledger.operations.categories import provision


async def _provision(connection: asyncpg.Connection, batch: Batch) -> None:
    for envelope in batch.events:
        await provision(connection, envelope.stream_id)


async def _books(connection: asyncpg.Connection, batch: Batch) -> None:
    await books.take(connection, batch.events)


async def _contributions(connection: asyncpg.Connection, batch: Batch) -> None:
    await contributions.take(connection, batch.events, system_clock())


SUBSCRIPTIONS = (
    Subscription(
        name="ledger.provision", producer="auth", events=(BookCreated,), handle=_provision, kind="effects"
    ),
    Subscription(name="ledger.books", producer="auth", events=(BookCreated, BookUpdated), handle=_books),
    Subscription(
        name="ledger.contributions",
        producer="budget",
        events=(GoalContributionRequested,),
        handle=_contributions,
        kind="effects",
    ),
)
