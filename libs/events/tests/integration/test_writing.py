"""Numbers, locks and keys: what every write does first."""

import asyncio
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from pfms_common.ids import new_id
from pfms_common.sql import connection, scope
from pfms_events.outbox import EventTooLargeError, append, lock_heads, notifier
from pfms_events.testing.database import Database
from pfms_events.testing.world import World, transaction, until

_CLAIM = "SELECT * FROM claim($1, $2, 'create transaction', $3, $4, 201, '{}', 'body')"


async def _times(admin: asyncpg.Connection) -> list[datetime]:
    return [
        row["occurred_at"] for row in await admin.fetch("SELECT occurred_at FROM event ORDER BY sequence")
    ]


async def _wait_of(admin: asyncpg.Connection, pid: int) -> str | None:
    """What a session of the server waits for."""
    kind: str | None = await admin.fetchval(
        "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $1", pid
    )
    return kind


class TestAppending:
    async def test_numbers_a_book_from_one_and_fills_the_outbox(
        self, world: World, book: UUID, producer_admin: asyncpg.Connection
    ) -> None:
        assert await world.write(book, transaction(-5), transaction(-6)) == 2
        assert await world.write(book, transaction(-7)) == 3

        numbers = await producer_admin.fetch("SELECT sequence FROM event ORDER BY sequence")
        unsent = await producer_admin.fetch(
            "SELECT u.sequence FROM unsent u JOIN event USING (stream_id, sequence, occurred_at) ORDER BY 1"
        )
        assert [row["sequence"] for row in numbers] == [row["sequence"] for row in unsent] == [1, 2, 3]

    async def test_an_abort_leaves_no_gap(self, world: World, book: UUID) -> None:
        await world.write(book, transaction(-5))
        with scope(books=[book]):
            async with connection(world.producer_app) as session:
                aborted = session.transaction()
                await aborted.start()
                assert await append(session, book, [transaction(-6)]) == 2
                await aborted.rollback()

        assert await world.write(book, transaction(-7)) == 2

    async def test_writers_at_once_get_every_number_once(self, world: World, book: UUID) -> None:
        last = await asyncio.gather(*(world.write(book, transaction(-5), transaction(-6)) for _ in range(20)))

        assert sorted(last) == list(range(2, 42, 2))

    async def test_who_waited_for_another_is_dated_after_it(
        self, world: World, book: UUID, producer_admin: asyncpg.Connection
    ) -> None:
        """Though its transaction began first."""
        with scope(books=[book]):
            async with connection(world.producer_app) as early, connection(world.producer_app) as late:
                waiting = early.transaction()
                await waiting.start()
                async with late.transaction():
                    await lock_heads(late, [book])
                    second = asyncio.create_task(append(early, book, [transaction(-5)]))
                    await until("Lock", _wait_of, producer_admin, early.get_server_pid())
                    assert await append(late, book, [transaction(-6), transaction(-7)]) == 2
                assert await second == 3
                await waiting.commit()

        times = await _times(producer_admin)
        assert times[0] == times[1] < times[2]

    async def test_while_the_clock_is_behind_the_last_event_time_stands_still(
        self, world: World, book: UUID, producer_admin: asyncpg.Connection
    ) -> None:
        await world.write(book, transaction(-5))
        ahead = await producer_admin.fetchval(
            "UPDATE stream_head SET last_at = last_at + interval '1 day' RETURNING last_at"
        )

        await world.write(book, transaction(-6))
        await world.write(book, transaction(-7))

        assert (await _times(producer_admin))[1:] == [ahead, ahead]
        assert await producer_admin.fetchval("SELECT count(*) FROM unsent WHERE occurred_at = $1", ahead) == 2

    async def test_the_same_version_of_an_aggregate_twice_is_refused(self, world: World, book: UUID) -> None:
        change = transaction(-5)
        await world.write(book, change)

        with pytest.raises(asyncpg.UniqueViolationError):
            await world.write(book, change)

    async def test_a_book_out_of_scope_is_refused(self, world: World, book: UUID) -> None:
        with scope(books=[new_id()]), pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection(world.producer_app) as session, session.transaction():
                await append(session, book, [transaction(-5)])

    async def test_history_cannot_be_changed_by_the_app(self, world: World, book: UUID) -> None:
        await world.write(book, transaction(-5))

        for statement in ("UPDATE event SET mode = 'replay'", "DELETE FROM event", "DELETE FROM unsent"):
            with scope(books=[book]), pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection(world.producer_app) as session, session.transaction():
                    await session.execute(statement)

    async def test_an_event_over_256_kib_is_refused(self, world: World, book: UUID) -> None:
        change = transaction(-5)
        large = change.event.model_copy(update={"note": "x" * 262_144})

        with pytest.raises(EventTooLargeError, match=r"transaction\.created"):
            await world.write(book, type(change)(large, change.aggregate_id, 1))


class TestLocking:
    async def test_a_second_writer_of_the_book_waits_and_one_of_another_does_not(
        self, world: World, book: UUID
    ) -> None:
        with scope(books=[book]):
            async with connection(world.producer_app) as session, session.transaction():
                await lock_heads(session, [book])
                waiting = asyncio.create_task(world.write(book, transaction(-5)))
                assert await world.write(new_id(), transaction(-6)) == 1
                assert not waiting.done()

        assert await waiting == 1

    async def test_lists_in_any_order_do_not_deadlock(self, world: World) -> None:
        books = [new_id() for _ in range(10)]

        async def lock(order: list[UUID]) -> None:
            with scope(books=order):
                async with connection(world.producer_app) as session, session.transaction():
                    await lock_heads(session, order)

        for _ in range(10):
            await asyncio.gather(lock(books), lock(books[::-1]), lock(books[5:] + books[:5] * 2))


class TestClaiming:
    async def _claim(
        self, world: World, book: UUID, person: UUID, key: str, fingerprint: bytes
    ) -> asyncpg.Record:
        with scope(books=[book]):
            async with connection(world.producer_app) as session, session.transaction():
                return await session.fetchrow(_CLAIM, book, person, key, fingerprint)

    async def test_a_first_key_is_claimed_and_a_second_try_gets_the_answer(
        self, world: World, book: UUID
    ) -> None:
        person = new_id()

        assert (await self._claim(world, book, person, "key", b"1"))["key"] is None
        stored = await self._claim(world, book, person, "key", b"2")

        assert (stored["fingerprint"], stored["status"], stored["body"]) == (b"1", 201, b"body")

    async def test_another_persons_or_books_key_is_another_key(self, world: World, book: UUID) -> None:
        person, other = new_id(), new_id()
        await self._claim(world, book, person, "key", b"1")

        assert (await self._claim(world, book, other, "key", b"1"))["key"] is None
        assert (await self._claim(world, other, person, "key", b"1"))["key"] is None

    async def test_a_twin_waits_for_the_first_and_then_gets_its_answer(
        self, world: World, book: UUID
    ) -> None:
        person = new_id()
        with scope(books=[book]):
            async with connection(world.producer_app) as session, session.transaction():
                await session.fetchrow(_CLAIM, book, person, "key", b"1")
                twin = asyncio.create_task(self._claim(world, book, person, "key", b"1"))
                await asyncio.sleep(0.1)
                assert not twin.done()

        assert (await twin)["status"] == 201

    async def test_a_twin_of_an_aborted_write_takes_its_place(self, world: World, book: UUID) -> None:
        person = new_id()
        with scope(books=[book]):
            async with connection(world.producer_app) as session:
                aborted = session.transaction()
                await aborted.start()
                await session.fetchrow(_CLAIM, book, person, "key", b"1")
                twin = asyncio.create_task(self._claim(world, book, person, "key", b"1"))
                await asyncio.sleep(0.1)
                await aborted.rollback()

        assert (await twin)["key"] is None

    async def test_a_twin_gives_up_after_a_second(self, world: World, book: UUID) -> None:
        person = new_id()
        with scope(books=[book]):
            async with connection(world.producer_app) as session, session.transaction():
                await session.fetchrow(_CLAIM, book, person, "key", b"1")
                with pytest.raises(asyncpg.LockNotAvailableError) as refused:
                    await self._claim(world, book, person, "key", b"1")

        assert "idempotency" in (refused.value.context or "")


async def test_a_poke_reaches_whoever_listens(producer: Database) -> None:
    heard = asyncio.Event()
    listener = await asyncpg.connect(producer.relay_url)
    await listener.add_listener("pfms_outbox", lambda *_: heard.set())
    async with notifier(producer.app_url) as poke:
        poke()
        await asyncio.wait_for(heard.wait(), 10)
    await listener.close()
