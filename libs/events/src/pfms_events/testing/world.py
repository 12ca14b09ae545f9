"""A producer, its relay, a transport and consumers, put together as a service's roles put them together."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.ids import new_id
from pfms_common.sql import connection, open_pool, scope
from pfms_events.consumer import SESSION, consumers
from pfms_events.contracts.ledger.transaction import (
    Split,
    Transaction,
    TransactionCreated,
    TransactionDeleted,
    TransactionUpdated,
)
from pfms_events.feed import DatabaseFeed
from pfms_events.heal import Pace
from pfms_events.outbox import Change, append
from pfms_events.relay import relay
from pfms_events.resting import Resting
from pfms_events.subscription import Subscription
from pfms_events.topology import Topology, topology_of
from pfms_events.transport import Transport

QUICK = Pace(tick=0.05, quiet=0.1, gap=0.1, compare=0.3, compare_some=0.3)
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class World:
    """Pools of both databases by role; the consumers' own database may be the producer's."""

    producer_app: asyncpg.Pool
    producer_relay: asyncpg.Pool
    consumer_app: asyncpg.Pool
    consumer_relay: asyncpg.Pool
    producer_relay_url: str

    async def write(self, book_id: UUID, *changes: Change) -> int:
        """Appends in a transaction of its own; the last number."""
        with scope(books=[book_id]):
            async with connection(self.producer_app) as session, session.transaction():
                return await append(session, book_id, changes)

    def feed(self) -> DatabaseFeed:
        return DatabaseFeed(self.producer_relay, "ledger")

    @asynccontextmanager
    async def running(
        self,
        transport: Transport,
        *subscriptions: Subscription,
        relaying: bool = True,
        healing: bool = False,
        topology: Topology | None = None,
        pace: Pace = QUICK,
        resting: Resting | None = None,
    ) -> AsyncIterator[asyncio.Event]:
        """Consumers, then the relay; gives the event that wakes the relay. Without `healing` nothing but the
        transport brings events.
        """
        wake = asyncio.Event()
        async with AsyncExitStack() as stack:
            peers = {"ledger": self.feed()} if healing else {}
            await stack.enter_async_context(
                consumers(
                    self.consumer_app, self.consumer_relay, transport, subscriptions, peers=peers, pace=pace
                )
            )
            await transport.start()
            if relaying:
                await stack.enter_async_context(
                    relay(
                        self.producer_relay_url,
                        transport,
                        source="ledger",
                        topology=topology or topology_of(subscriptions),
                        wake=wake,
                        unroutable_every=0.3,
                        resting=resting,
                    )
                )
            yield wake


@asynccontextmanager
async def open_world(
    *, producer_app: str, producer_relay: str, consumer_app: str, consumer_relay: str
) -> AsyncIterator[World]:
    pools = [
        await open_pool(producer_app, 4),
        await open_pool(producer_relay, 2),
        await open_pool(consumer_app, 4, **SESSION),
        await open_pool(consumer_relay, 2),
    ]
    try:
        yield World(pools[0], pools[1], pools[2], pools[3], producer_relay)
    finally:
        for pool in pools:
            pool.terminate()


def transaction(amount_minor: int, *, version: int = 1, id: UUID | None = None) -> Change:  # noqa: A002  # as in the API
    """A transaction in its first or a later version."""
    known = id or new_id()
    event = TransactionCreated if version == 1 else TransactionUpdated
    return Change(
        event(
            id=known,
            type="standard",
            kind="income" if amount_minor > 0 else "expense",
            status="cleared",
            date=date(2026, 1, 31),
            amount_minor=amount_minor,
            currency="EUR",
            account_id=known,
            splits=(Split(id=known, amount_minor=amount_minor),),
        ),
        known,
        version,
    )


def deletion(id: UUID, *, version: int) -> Change:  # noqa: A002  # as in the API
    return Change(TransactionDeleted(id=id), id, version)


async def until[**P](
    wanted: object, read: Callable[P, Awaitable[object]], *arguments: P.args, **options: P.kwargs
) -> None:
    """Waits until `read(…)` answers so; an AssertionError with its last answer when it never does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (answer := await read(*arguments, **options)) != wanted:
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r}, not {wanted!r}, after {_PATIENCE_SECONDS} s")
        await asyncio.sleep(0.02)


async def total(pool: asyncpg.Pool, consumer: str, book_id: UUID) -> int | None:
    """What the `amounts` consumer has for the book."""
    query = "SELECT total FROM amount_total WHERE book_id = $1 AND consumer = $2"
    return await _one(pool, book_id, query, book_id, consumer)


async def letters_sent(pool: asyncpg.Pool, consumer: str, book_id: UUID) -> int:
    query = "SELECT count(*) FROM letter WHERE book_id = $1 AND consumer = $2"
    return await _one(pool, book_id, query, book_id, consumer) or 0


async def mark(pool: asyncpg.Pool, consumer: str, book_id: UUID) -> int:
    query = "SELECT applied_through FROM progress WHERE stream_id = $1 AND consumer = $2"
    return await _one(pool, book_id, query, book_id, consumer) or 0


async def _one(pool: asyncpg.Pool, book_id: UUID, query: str, *arguments: object) -> int | None:
    with scope(books=[book_id]):
        async with connection(pool) as session, session.transaction():
            found: int | None = await session.fetchval(query, *arguments)
            return found


def sum_of(changes: Sequence[Change]) -> int:
    """What the newest version of each transaction adds up to."""
    newest: dict[UUID, Change] = {}
    for change in changes:
        known = newest.get(change.aggregate_id)
        if known is None or known.aggregate_version < change.aggregate_version:
            newest[change.aggregate_id] = change
    return sum(c.event.amount_minor for c in newest.values() if isinstance(c.event, Transaction))
