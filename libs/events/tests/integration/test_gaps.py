"""What a transport loses or shuffles: marks, holes, and the feed that heals them."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import Counter

from pfms_common.ids import new_id
from pfms_events import metrics
from pfms_events.contracts import MODELS
from pfms_events.deal import deal
from pfms_events.envelope import open_envelope
from pfms_events.heal import Pace
from pfms_events.operators import fill_now
from pfms_events.outbox import Change
from pfms_events.subscription import Batch
from pfms_events.testing.projection import amounts, letters
from pfms_events.testing.world import (
    World,
    deletion,
    letters_sent,
    mark,
    sum_of,
    total,
    transaction,
    until,
)
from pfms_events.transport import Incoming, Lost, Receive
from pfms_events.transport.memory import MemoryTransport

_VERSIONS = st.lists(
    st.tuples(st.lists(st.integers(1, 99), min_size=1, max_size=4), st.booleans()), min_size=1, max_size=4
)


def _changes(histories: list[tuple[list[int], bool]]) -> list[Any]:
    changes = []
    for amounts_in_turn, deleted in histories:
        known = new_id()
        changes += [transaction(a, id=known, version=v) for v, a in enumerate(amounts_in_turn, start=1)]
        if deleted:
            changes.append(deletion(known, version=len(amounts_in_turn) + 1))
    return changes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=_VERSIONS, seed=st.integers(0, 2**32))
async def test_any_order_with_duplicates_in_any_lists_gives_the_same_projection(
    world: World, name: str, histories: list[tuple[list[int], bool]], seed: int
) -> None:
    book, chance, subscription = new_id(), random.Random(seed), amounts(name)
    changes = _changes(histories)
    await world.write(book, *changes)
    page = await world.feed().events(book)
    opened = [open_envelope(item, MODELS, "ledger") for item in page.items]
    arriving = opened + chance.choices(opened, k=chance.randint(0, 5))
    chance.shuffle(arriving)

    while arriving:
        size = chance.randint(1, 4)
        await deal(world.consumer_app, subscription, arriving[:size])
        arriving = arriving[size:]

    assert (await total(world.consumer_app, name, book) or 0) == sum_of(changes)
    assert await mark(world.consumer_app, name, book) == len(changes)


class TestFilling:
    async def test_events_whose_messages_were_lost_come_from_the_feed(
        self, world: World, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        subscription = amounts(name)
        await world.write(book, *(transaction(-1) for _ in range(1200)))
        await producer_admin.execute("DELETE FROM unsent")
        transport = MemoryTransport()
        async with world.running(transport, subscription, healing=True):
            await until(1200, mark, world.consumer_app, name, book)

        assert await total(world.consumer_app, name, book) == -1200

    async def test_a_hole_in_the_middle_is_seen_without_asking_for_heads(
        self, world: World, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        subscription = amounts(name)
        await world.write(book, *(transaction(-n) for n in range(1, 6)))
        page = await world.feed().events(book)
        opened = [open_envelope(item, MODELS, "ledger") for item in page.items]
        await deal(world.consumer_app, subscription, [opened[0], opened[2], opened[4]])

        assert await mark(world.consumer_app, name, book) == 1
        ahead = await consumer_admin.fetchval("SELECT ahead::text FROM progress")
        assert ahead == "{[3,4),[5,6)}"

        assert await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed()) == 2
        assert await mark(world.consumer_app, name, book) == 5
        assert await total(world.consumer_app, name, book) == -15

    async def test_numbers_that_were_compacted_count_as_dealt_with(
        self, world: World, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        subscription, known = amounts(name), new_id()
        await world.write(book, *(transaction(-v, id=known, version=v) for v in range(1, 6)), transaction(-7))
        await producer_admin.execute("DELETE FROM event WHERE sequence IN (1, 2, 3, 4)")

        assert await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed()) == 2
        assert await mark(world.consumer_app, name, book) == 6
        assert await total(world.consumer_app, name, book) == -12

    async def test_a_consumer_of_some_types_asks_for_these_only(
        self, world: World, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        subscription = letters(name)
        await world.write(book, transaction(-1), deletion(new_id(), version=1), transaction(-2))
        await producer_admin.execute("DELETE FROM unsent")

        assert await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed()) == 2
        assert await mark(world.consumer_app, name, book) == 3
        assert await letters_sent(world.consumer_app, name, book) == 2
        assert await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed()) == 0

    async def test_what_is_parked_holds_the_mark_and_is_not_asked_for_again(
        self, world: World, book: UUID, name: str
    ) -> None:
        async def choke(_connection: asyncpg.Connection, batch: Batch) -> None:
            if any(event.sequence == 2 for event in batch.events):
                raise ValueError("the second is bad")

        subscription = amounts(name, before=choke)
        await world.write(book, transaction(-1), transaction(-2), transaction(-4))

        assert await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed()) == 3
        assert await mark(world.consumer_app, name, book) == 1
        assert await total(world.consumer_app, name, book) == -5
        assert await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed()) == 0


async def _count(counter: Counter) -> float:
    return counter._value.get()


async def test_while_a_backlog_is_worked_off_nothing_is_asked_of_the_feed(
    world: World, book: UUID, name: str, producer_admin: asyncpg.Connection
) -> None:
    """What seems to be missing is old, and further back in the queue."""

    async def slowly(_connection: asyncpg.Connection, _batch: Batch) -> None:
        await asyncio.sleep(0.4)

    subscription, pace = amounts(name, before=slowly), Pace(tick=0.05, quiet=1.5, gap=0.5, compare=0.1)
    await world.write(book, *(transaction(-1) for _ in range(3000)))
    await producer_admin.execute("DELETE FROM unsent WHERE sequence = 1")
    await producer_admin.execute("UPDATE event SET occurred_at = now() - interval '1 hour'")
    await producer_admin.execute("UPDATE unsent SET occurred_at = now() - interval '1 hour'")
    filled = metrics.FILLED.labels(name)
    async with world.running(MemoryTransport(), subscription, healing=True, pace=pace):
        await until(-2999, total, world.consumer_app, name, book)
        assert filled._value.get() == 0
        await until(3000, mark, world.consumer_app, name, book)
        await until(1, _count, filled)  # counted after the commit


class TestDerivingLater:
    async def test_what_was_put_off_is_derived_when_the_queue_has_emptied(
        self, world: World, book: UUID, name: str
    ) -> None:
        lists: list[bool] = []
        derived_after: list[int] = []

        async def note(_connection: asyncpg.Connection, batch: Batch) -> None:
            lists.append(batch.behind)

        async def when_idle(_app: asyncpg.Pool, _relay: asyncpg.Pool) -> None:
            derived_after.append(len(lists))

        subscription = amounts(name, before=note, when_idle=when_idle)
        change = transaction(-1)
        long = change.event.model_copy(update={"note": "x" * 200_000})
        await world.write(book, *(Change(long, new_id(), 1) for _ in range(12)))
        async with world.running(MemoryTransport(), subscription):
            await until(12, mark, world.consumer_app, name, book)

        assert lists[0]
        assert not lists[-1]
        assert derived_after[0] == 0
        assert derived_after[-1] == len(lists)

    async def test_a_failure_to_derive_is_tried_again(self, world: World, book: UUID, name: str) -> None:
        tries: list[int] = []

        async def when_idle(_app: asyncpg.Pool, _relay: asyncpg.Pool) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise asyncpg.LockNotAvailableError("locked")

        async def amount_of_tries() -> bool:
            return len(tries) >= 3

        subscription = amounts(name, when_idle=when_idle)
        async with world.running(MemoryTransport(), subscription):
            await until(True, amount_of_tries)


async def test_a_replayed_event_has_no_effect(
    world: World,
    book: UUID,
    name: str,
    producer_admin: asyncpg.Connection,
    consumer_admin: asyncpg.Connection,
) -> None:
    subscription = letters(name)
    await world.write(book, transaction(-1), transaction(-2))
    await producer_admin.execute("UPDATE event SET mode = 'replay' WHERE sequence = 1")

    await fill_now(world.consumer_app, world.consumer_relay, subscription, world.feed())

    assert await letters_sent(world.consumer_app, name, book) == 1
    outcomes = await consumer_admin.fetch("SELECT outcome FROM inbox ORDER BY outcome")
    assert [row["outcome"] for row in outcomes] == ["applied", "ignored"]


class _Handing(MemoryTransport):
    """A broker that hands a message over and vouches for who sent it."""

    async def subscribe(
        self, name: str, types: Sequence[str], receive: Receive, *, prefetch: int, lost: Lost
    ) -> None:
        self.receive = receive
        await super().subscribe(name, types, receive, prefetch=prefetch, lost=lost)


@pytest.mark.parametrize("sender", [None, "ledger", "budget"])
async def test_a_message_that_another_service_sent_is_rejected(
    world: World, book: UUID, name: str, sender: str | None
) -> None:
    """The broker vouches for the user that published; an envelope cannot claim another source."""
    await world.write(book, transaction(-1))
    body = orjson.dumps((await world.feed().events(book)).items)
    transport = _Handing()
    async with world.running(transport, amounts(name), relaying=False):
        rejected = await transport.receive([Incoming(body, sender)], False)  # nothing more waits

    assert list(rejected) == ([0] if sender == "budget" else [])
    assert await total(world.consumer_app, name, book) == (None if sender == "budget" else -1)
