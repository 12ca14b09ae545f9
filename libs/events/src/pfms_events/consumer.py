"""The consumers of a service: lists from the transport, due retries, and what had to be taken from the feed."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import httpx2
import structlog

from pfms_common import tracing
from pfms_common.problem import Refusal
from pfms_common.sql import GONE
from pfms_events import metrics
from pfms_events.deal import deal
from pfms_events.envelope import Envelope, Foreign, Opened, UnreadableError, open_envelope, split_body
from pfms_events.failures import describe
from pfms_events.feed import Feed
from pfms_events.heal import Pace, Watch, heal, note_list, note_loss
from pfms_events.outbox import Poke
from pfms_events.retries import measure, try_due
from pfms_events.subscription import Subscription
from pfms_events.transport import Incoming, Transport

# For the app pool that consumers use: a plan kept from the time when the tables were empty cost five times.
SESSION = {"plan_cache_mode": "force_custom_plan", "idle_in_transaction_session_timeout": "1s"}
_POSTPONE_TICKS = 5
_PASSING = (*GONE, TimeoutError, asyncpg.PostgresError, httpx2.HTTPError, Refusal, UnreadableError)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Consumer:
    subscription: Subscription
    app_pool: asyncpg.Pool
    relay_pool: asyncpg.Pool
    watch: Watch | None
    poke: Poke | None
    tick: float
    busy_at: float = 0.0
    unfinished: bool = True
    finishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    finished_at: float = 0.0


@dataclass(slots=True)
class ConsumersState:
    """For /readyz: whether every consumer is being served and its clockwork runs."""

    transport: Transport
    tasks: Sequence[asyncio.Task[None]]

    def healthy(self) -> bool:
        return self.transport.healthy() and not any(task.done() for task in self.tasks)


@asynccontextmanager
async def consumers(
    app_pool: asyncpg.Pool,
    relay_pool: asyncpg.Pool,
    transport: Transport,
    subscriptions: Sequence[Subscription],
    *,
    peers: Mapping[str, Feed],
    poke: Poke | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[ConsumersState]:
    """Runs a service's consumers until the block ends.

    Args:
        app_pool: applies lists; its sessions have the settings `SESSION`.
        relay_pool: finds due retries and gaps, over all books.
        transport: started by the caller and stopped after this; in one process enter consumers before relays.
        subscriptions: the service's own list.
        peers: the feed of each producer; a consumer whose producer is not among them cannot fill gaps.
        poke: wakes this service's relay, for consumers that append events.
        pace: how often to look for retries and gaps.
    """
    pace = pace or Pace()
    served = [
        _Consumer(
            subscription,
            app_pool,
            relay_pool,
            Watch(subscription, peers[subscription.producer], pace)
            if subscription.producer in peers
            else None,
            poke,
            pace.tick,
        )
        for subscription in subscriptions
    ]
    tasks = [
        asyncio.create_task(_clockwork(each), name=f"clockwork {each.subscription.name}") for each in served
    ]
    by_name = {each.name: each for each in subscriptions}
    tasks.append(asyncio.create_task(_retry(app_pool, relay_pool, by_name, pace.tick), name="retries"))
    try:
        for each in served:
            await _subscribe(transport, each)
        yield ConsumersState(transport, tasks)
    finally:
        for each in served:
            await transport.unsubscribe(each.subscription.name)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _subscribe(transport: Transport, consumer: _Consumer) -> None:
    subscription = consumer.subscription

    async def receive(incoming: Sequence[Incoming], more: bool) -> Sequence[int]:
        return await _receive(consumer, incoming, more=more)

    def lost() -> None:
        if consumer.watch is not None:
            note_loss(consumer.watch)

    await transport.subscribe(
        subscription.name, subscription.types, receive, prefetch=subscription.prefetch, lost=lost
    )


async def _receive(consumer: _Consumer, incoming: Sequence[Incoming], *, more: bool) -> Sequence[int]:
    subscription = consumer.subscription
    opened: list[Opened] = []
    rejected: list[int] = []
    for index, each in enumerate(incoming):
        if index:
            await asyncio.sleep(0)  # others have their turn: opening a thousand events takes 20 ms
        try:
            opened += _open(subscription, each)
        except UnreadableError as error:
            _log.error("events.unreadable", consumer=subscription.name, error=str(error))
            metrics.REJECTED.labels(subscription.name).inc()
            rejected.append(index)
    causes = (each.trace for each in opened if isinstance(each, Envelope))
    with tracing.span(subscription.name, service=subscription.service, kind="CONSUMER", causes=causes):
        await deal(consumer.app_pool, subscription, opened, behind=more)
    consumer.busy_at = time.monotonic()
    consumer.unfinished |= more
    occurred = [each.occurred_at for each in opened if isinstance(each, Envelope)]
    if occurred:
        metrics.LAG.labels(subscription.name).set((datetime.now(UTC) - max(occurred)).total_seconds())
    if consumer.watch is not None:
        note_list(consumer.watch, occurred)
    if consumer.unfinished and (not more or consumer.busy_at - consumer.finished_at >= consumer.tick):
        await _finish(consumer, more=more)
    if consumer.poke is not None:
        consumer.poke()
    return rejected


def _open(subscription: Subscription, incoming: Incoming) -> list[Opened]:
    if incoming.sender not in (None, subscription.producer):
        raise UnreadableError(f"the broker says that {incoming.sender} sent it, not {subscription.producer}")
    models = subscription.models
    opened = [open_envelope(item, models, subscription.producer) for item in split_body(incoming.body)]
    return opened if subscription.whole else [each for each in opened if not isinstance(each, Foreign)]


async def _finish(consumer: _Consumer, *, more: bool = False) -> None:
    """Derives what was put off while the consumer was behind."""
    when_idle = consumer.subscription.when_idle
    if when_idle is None:
        return
    async with consumer.finishing:
        consumer.unfinished = more
        try:
            await when_idle(consumer.app_pool, consumer.relay_pool)
        except _PASSING as error:
            consumer.unfinished = True
            _log.warning("events.not_derived", consumer=consumer.subscription.name, error=describe(error))
        consumer.finished_at = time.monotonic()


async def _retry(
    app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, subscriptions: Mapping[str, Subscription], tick: float
) -> None:
    while True:
        try:
            await try_due(app_pool, relay_pool, subscriptions)
            await measure(relay_pool, list(subscriptions))
        except _PASSING as error:
            _log.warning("events.retries_postponed", error=describe(error))
        await asyncio.sleep(tick)


async def _clockwork(consumer: _Consumer) -> None:
    """What was put off is derived, and gaps are filled, also when no list comes."""
    while True:
        try:
            if consumer.unfinished and time.monotonic() - consumer.busy_at >= consumer.tick:
                await _finish(consumer)
            if consumer.watch is not None and await heal(
                consumer.watch, consumer.app_pool, consumer.relay_pool
            ):
                consumer.unfinished = True
                if consumer.poke is not None:
                    consumer.poke()
        except _PASSING as error:
            _log.warning("events.gaps_postponed", consumer=consumer.subscription.name, error=describe(error))
            await asyncio.sleep(_POSTPONE_TICKS * consumer.tick)
        await asyncio.sleep(consumer.tick)
