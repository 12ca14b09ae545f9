"""What every transport holds: the same tests on the one inside the process and on RabbitMQ."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from pfms_common.ids import new_id
from pfms_events.contracts.ledger.transaction import TransactionDeleted
from pfms_events.envelope import join_body
from pfms_events.subscription import Batch
from pfms_events.testing.database import Database
from pfms_events.testing.projection import amount_of, amounts, letters
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
from pfms_events.topology import topology_of
from pfms_events.transport import Message, Transport

type Lanes = Callable[..., AbstractAsyncContextManager[Any]]


async def _unsent(admin: asyncpg.Connection) -> int:
    count: int = await admin.fetchval("SELECT count(*) FROM unsent")
    return count


async def _send_again(admin: asyncpg.Connection) -> None:
    """As after a confirm that never came."""
    await admin.execute(
        "INSERT INTO unsent SELECT occurred_at, stream_id, sequence FROM event ON CONFLICT DO NOTHING"
    )


class TestDelivery:
    async def test_a_write_arrives_and_the_mark_follows(
        self, world: World, lanes: Lanes, book: UUID, name: str
    ) -> None:
        subscription = amounts(name)
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription) as wake:
            await world.write(book, transaction(-500), transaction(200))
            wake.set()

            await until(2, mark, world.consumer_app, name, book)
            assert await total(world.consumer_app, name, book) == -300

    async def test_an_effect_is_had_once_and_only_for_its_type(
        self, world: World, lanes: Lanes, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        subscription = letters(name)
        known = new_id()
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription):
            await world.write(book, transaction(-5, id=known), transaction(-6, id=known, version=2))
            await until(1, letters_sent, world.consumer_app, name, book)
            await _send_again(producer_admin)
            await until(0, _unsent, producer_admin)
            await world.write(book, transaction(-7))
            await until(2, letters_sent, world.consumer_app, name, book)

    async def test_it_is_held_for_good_before_the_relay_strikes_it_off(
        self, world: World, lanes: Lanes, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        """The consumer never gets to its commit; whatever the outbox has let go must still arrive."""
        entered = asyncio.Event()

        async def stop_here(_connection: asyncpg.Connection, _batch: Batch) -> None:
            entered.set()
            await asyncio.Event().wait()

        stuck, free = amounts(name, before=stop_here), amounts(name)
        async with lanes(stuck) as lane:
            await world.write(book, transaction(-5))
            async with world.running(await lane.open(), stuck):
                await asyncio.wait_for(entered.wait(), 10)
            held = await _unsent(producer_admin) == 0
            async with world.running(await lane.open(), free, relaying=not held):
                await until(-5, total, world.consumer_app, name, book)

    async def test_what_was_not_acknowledged_comes_again(
        self, world: World, lanes: Lanes, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        """Stopped in the middle of its list, a consumer has done nothing; the next does it once."""
        entered = asyncio.Event()

        async def stop_the_second(_connection: asyncpg.Connection, batch: Batch) -> None:
            if any(amount_of(event) == -2 for event in batch.events):
                entered.set()
                await asyncio.Event().wait()

        stuck, free = amounts(name, before=stop_the_second), amounts(name)
        async with lanes(stuck) as lane:
            async with world.running(await lane.open(), stuck) as wake:
                await world.write(book, transaction(-1))
                wake.set()
                await until(-1, total, world.consumer_app, name, book)
                await world.write(book, transaction(-2))
                wake.set()
                await asyncio.wait_for(entered.wait(), 10)
            assert await total(world.consumer_app, name, book) == -1
            async with world.running(await lane.open(), free):
                await until(-3, total, world.consumer_app, name, book)

    async def test_duplicates_change_nothing(
        self, world: World, lanes: Lanes, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        both = amounts(f"{name}.a"), letters(f"{name}.l")
        async with lanes(*both) as lane, world.running(await lane.open(), *both):
            await world.write(book, *(transaction(-n) for n in range(1, 51)))
            for _ in range(3):
                await until(0, _unsent, producer_admin)
                await _send_again(producer_admin)
            await world.write(book, transaction(-1000))
            await until(51, mark, world.consumer_app, f"{name}.a", book)
            await until(51, letters_sent, world.consumer_app, f"{name}.l", book)

            assert await total(world.consumer_app, f"{name}.a", book) == -1275 - 1000

    async def test_any_order_gives_the_same_figures(
        self, world: World, lanes: Lanes, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        subscription = amounts(name)
        chance = random.Random(7)
        books = [new_id() for _ in range(3)]
        histories = {book: _history(chance) for book in books}
        for book, changes in histories.items():
            await world.write(book, *changes)
        envelopes = [
            item for book in books for item in (await world.feed().texts(book, after=0, to=None, types=()))[0]
        ]
        shuffled = envelopes + chance.sample(envelopes, 20)
        chance.shuffle(shuffled)
        async with lanes(subscription) as lane:
            transport: Transport = await lane.open()
            async with world.running(transport, subscription, relaying=False):
                for start in range(0, len(shuffled), 7):
                    body = join_body(shuffled[start : start + 7])
                    await transport.publish_many(
                        [Message("transaction.created", body, bulk=chance.random() < 0.5)]
                    )
                for book, changes in histories.items():
                    await until(len(changes), mark, world.consumer_app, name, book)
                    assert await total(world.consumer_app, name, book) == sum_of(changes)

    async def test_an_import_in_bulk_holds_no_other_book_up(
        self, world: World, lanes: Lanes, book: UUID, name: str
    ) -> None:
        order: list[UUID] = []

        async def note(_connection: asyncpg.Connection, batch: Batch) -> None:
            order.extend(event.stream_id for event in batch.events)

        subscription, other = amounts(name, before=note), new_id()
        await world.write(book, *(transaction(-1) for _ in range(600)))
        await world.write(other, transaction(-5))
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription):
            await until(600, mark, world.consumer_app, name, book)
            await until(1, mark, world.consumer_app, name, other)

        assert order.index(other) < 600


def _history(chance: random.Random) -> list[Any]:
    """Changes of a few transactions: made, edited, some deleted."""
    changes = []
    for _ in range(8):
        known, versions = new_id(), chance.randint(1, 5)
        changes += [transaction(chance.randint(1, 99), id=known, version=v) for v in range(1, versions + 1)]
        if chance.random() < 0.3:
            changes.append(deletion(known, version=versions + 1))
    return changes


class TestFailures:
    async def test_the_bad_one_of_a_list_is_parked_alone(
        self, world: World, lanes: Lanes, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        async def choke(connection: asyncpg.Connection, batch: Batch) -> None:
            if any(amount_of(event) == -13 for event in batch.events):
                await connection.execute("SELECT 1 / 0")

        subscription = amounts(name, before=choke)
        await world.write(book, *(transaction(-n) for n in range(1, 31)))
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription):
            await until(-465 + 13, total, world.consumer_app, name, book)
            row = await consumer_admin.fetchrow("SELECT sequence, parked_at, error FROM retry")

        assert row["sequence"] == 13
        assert row["parked_at"] is not None
        assert row["error"] == "DivisionByZeroError: division by zero"
        assert await mark(world.consumer_app, name, book) == 12

    @pytest.mark.property(
        13, "Input validation: an event whose payload breaks its contract is parked, its neighbours not"
    )
    async def test_a_payload_against_its_contract_is_parked_with_its_list(
        self,
        world: World,
        lanes: Lanes,
        book: UUID,
        name: str,
        producer_admin: asyncpg.Connection,
        consumer_admin: asyncpg.Connection,
    ) -> None:
        subscription = amounts(name)
        await world.write(book, transaction(-1), transaction(-2), transaction(-3))
        await producer_admin.execute(
            """UPDATE event SET data = jsonb_set(data, '{amount_minor}', '"much"') WHERE sequence = 2"""
        )
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription):
            await until(-4, total, world.consumer_app, name, book)
            row = await consumer_admin.fetchrow("SELECT sequence, parked_at, error FROM retry")

        assert row["sequence"] == 2
        assert row["parked_at"] is not None
        assert "amount_minor" in row["error"]

    async def test_a_newer_version_closes_what_is_parked(
        self, world: World, lanes: Lanes, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        async def choke(_connection: asyncpg.Connection, batch: Batch) -> None:
            if any(event.aggregate_version == 1 for event in batch.events):
                raise ValueError("only first versions are bad")

        subscription, known = amounts(name, before=choke), new_id()
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription) as wake:
            await world.write(book, transaction(-1, id=known))
            wake.set()
            await until(1, consumer_admin.fetchval, "SELECT count(*) FROM retry")
            await world.write(book, transaction(-2, id=known, version=2))
            wake.set()

            await until(2, mark, world.consumer_app, name, book)
            assert await total(world.consumer_app, name, book) == -2
            assert await consumer_admin.fetchval("SELECT count(*) FROM retry") == 0

    async def test_what_passes_by_itself_is_tried_again_from_the_table(
        self,
        world: World,
        lanes: Lanes,
        book: UUID,
        name: str,
        producer_admin: asyncpg.Connection,
        consumer_admin: asyncpg.Connection,
    ) -> None:
        """A duplicate that comes meanwhile is acknowledged and does not jump the queue."""
        tried = 0
        open_now = False

        async def busy(_connection: asyncpg.Connection, _batch: Batch) -> None:
            nonlocal tried
            tried += 1
            if not open_now:
                raise asyncpg.LockNotAvailableError("locked")

        both = amounts(f"{name}.a", before=busy), letters(f"{name}.l", before=busy)
        async with lanes(*both) as lane, world.running(await lane.open(), *both):
            await world.write(book, transaction(-1))
            await until(2, consumer_admin.fetchval, "SELECT count(*) FROM retry")
            assert tried == 6
            await _send_again(producer_admin)
            await until(0, _unsent, producer_admin)
            open_now = True
            await until(0, consumer_admin.fetchval, "SELECT count(*) FROM retry")

            await until(1, mark, world.consumer_app, f"{name}.a", book)
            assert await total(world.consumer_app, f"{name}.a", book) == -1
            assert await letters_sent(world.consumer_app, f"{name}.l", book) == 1

    async def test_a_list_that_stalls_in_its_transaction_is_put_off_and_holds_no_other(
        self, world: World, lanes: Lanes, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        """The database ends a session that is idle in a transaction for a second, and so frees the book."""

        async def stall(_connection: asyncpg.Connection, batch: Batch) -> None:
            if any(amount_of(event) == -13 for event in batch.events):
                await asyncio.sleep(1.3)

        subscription = amounts(name, before=stall)
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription) as wake:
            await world.write(book, transaction(-13))
            wake.set()
            await until(1, consumer_admin.fetchval, "SELECT count(*) FROM retry WHERE parked_at IS NULL")
            await world.write(book, transaction(-5))
            wake.set()
            await until(-5, total, world.consumer_app, name, book)

    async def test_after_five_retries_it_is_parked(
        self, world: World, lanes: Lanes, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        async def busy(_connection: asyncpg.Connection, _batch: Batch) -> None:
            raise asyncpg.LockNotAvailableError("locked")

        subscription = amounts(name, before=busy)
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription):
            await world.write(book, transaction(-1))
            for attempts in range(1, 6):
                await until(attempts, consumer_admin.fetchval, "SELECT attempts FROM retry")
                await consumer_admin.execute("UPDATE retry SET due_at = now()")
            await until(1, consumer_admin.fetchval, "SELECT count(parked_at) FROM retry")

    async def test_a_stuck_consumer_never_holds_its_neighbour(
        self, world: World, lanes: Lanes, book: UUID, name: str
    ) -> None:
        free_to_go = asyncio.Event()

        async def stop_here(_connection: asyncpg.Connection, _batch: Batch) -> None:
            await free_to_go.wait()

        stuck, neighbour = letters(f"{name}.s", before=stop_here), amounts(f"{name}.n")
        async with (
            lanes(stuck, neighbour) as lane,
            world.running(await lane.open(), stuck, neighbour, healing=True) as wake,
        ):
            for amount in (-1, -2, -3):
                await world.write(book, transaction(amount))
                wake.set()
                await until(-amount, mark, world.consumer_app, f"{name}.n", book)
            assert await letters_sent(world.consumer_app, f"{name}.s", book) == 0
            free_to_go.set()
            await until(3, letters_sent, world.consumer_app, f"{name}.s", book)

    async def test_while_its_database_is_away_a_consumer_waits_and_loses_nothing(
        self,
        world: World,
        lanes: Lanes,
        book: UUID,
        name: str,
        consumer: Database,
        consumer_admin: asyncpg.Connection,
    ) -> None:
        subscription = amounts(name)
        async with lanes(subscription) as lane, world.running(await lane.open(), subscription) as wake:
            await world.write(book, transaction(-1))
            await until(-1, total, world.consumer_app, name, book)
            await consumer_admin.execute(f"ALTER ROLE {consumer.name}_app NOLOGIN")
            await consumer_admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
                f"{consumer.name}_app",
            )
            await world.write(book, transaction(-2))
            wake.set()
            await asyncio.sleep(0.3)
            await consumer_admin.execute(f"ALTER ROLE {consumer.name}_app LOGIN")

            await until(-3, total, world.consumer_app, name, book)
            assert await consumer_admin.fetchval("SELECT count(*) FROM retry") == 0


class TestRouting:
    async def test_a_type_that_no_queue_takes_is_struck_off_and_waits_in_the_feed(
        self, world: World, lanes: Lanes, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        later = amounts(name)
        async with lanes(later) as lane:
            await world.write(book, deletion(new_id(), version=1), transaction(-4))
            async with world.running(await lane.open(), topology=topology_of([])):
                await until(0, _unsent, producer_admin)
            async with world.running(await lane.open(), later, healing=True):
                await until(2, mark, world.consumer_app, name, book)

        assert await total(world.consumer_app, name, book) == -4

    async def test_a_returned_message_holds_its_type_back_until_a_queue_is_there(
        self, world: World, lanes: Lanes, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        deletions = amounts(f"{name}.d", events=(TransactionDeleted,), whole=False)
        creations = letters(f"{name}.c")
        both = topology_of([deletions, creations])
        known = new_id()
        async with lanes(creations) as lane:
            transport = await lane.open()
            async with world.running(transport, creations, topology=both):
                await world.write(
                    book, transaction(-1, id=known), deletion(known, version=2), transaction(-2)
                )
                await until(2, letters_sent, world.consumer_app, f"{name}.c", book)
                await until(1, producer_admin.fetchval, "SELECT count(*) FROM unroutable")
                assert await producer_admin.fetchval("SELECT type FROM unroutable") == "transaction.deleted"
                await world.write(book, transaction(-3))
                await until(3, letters_sent, world.consumer_app, f"{name}.c", book)
                assert await _unsent(producer_admin) == 1
                await lane.add(deletions)
                async with world.running(transport, deletions, relaying=False):
                    await until(0, _unsent, producer_admin)
                    assert await producer_admin.fetchval("SELECT count(*) FROM unroutable") == 0
