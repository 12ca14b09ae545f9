"""What the budget does when others tell it something."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from pfms_budget.operations import books, projecting
from pfms_budget.operations.news import News
from pfms_common.clock import Clock, system_clock
from pfms_events.contracts import ledger as ledger_events
from pfms_events.contracts.auth import BookCreated, BookUpdated
from pfms_events.envelope import Envelope
from pfms_events.subscription import Batch, Subscription


def of_ledger(clock: Clock = system_clock) -> Subscription:
    """Every numbered event of the ledger, so that a reader can wait for a number."""

    async def handle(connection: asyncpg.Connection, batch: Batch) -> None:
        await projecting.take(connection, batch.events, behind=batch.behind, now=clock())

    async def when_idle(app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool) -> None:
        await projecting.derive_waiting(app_pool, relay_pool, clock())

    def fold(news: News | None, envelopes: Sequence[Envelope]) -> News:
        return (news or News()).add(envelopes)

    async def replace(connection: asyncpg.Connection, book_id: UUID, news: News | None) -> None:
        await projecting.replace(connection, book_id, news, clock())

    return Subscription(
        name="budget.ledger",
        producer="ledger",
        events=ledger_events.EVENTS,
        handle=handle,
        whole=True,
        when_idle=when_idle,
        fold=fold,
        replace=replace,
    )


def of_auth(clock: Clock = system_clock) -> Subscription:
    """What a book's months depend on besides money: its base currency and its zone."""

    async def handle(connection: asyncpg.Connection, batch: Batch) -> None:
        await books.take(connection, batch.events, clock())

    return Subscription(
        name="budget.books", producer="auth", events=(BookCreated, BookUpdated), handle=handle
    )


SUBSCRIPTIONS = (of_ledger(), of_auth())
