"""The relay by itself: late commits, one leader, and who takes over."""

import asyncio
import contextlib
import signal
from uuid import UUID

import asyncpg

from pfms_common.ids import new_id
from pfms_common.sql import connection, scope
from pfms_events.leader import lead
from pfms_events.outbox import Change, append, notifier
from pfms_events.relay import READ_LIMIT, RelayState, relay
from pfms_events.resting import Resting
from pfms_events.testing.database import Database
from pfms_events.testing.process import child
from pfms_events.testing.projection import amounts
from pfms_events.testing.world import World, mark, total, transaction, until
from pfms_events.topology import topology_of
from pfms_events.transport.memory import MemoryTransport

_LEADERS = """
SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()
"""
_LATER = "UPDATE stream_head SET last_at = last_at - interval '2 hours'"


async def test_a_row_that_commits_late_is_sent_all_the_same(world: World, book: UUID, name: str) -> None:
    """Its instant and its id are older than what was sent already: a reader by "greater than" loses it."""
    subscription, late = amounts(name), new_id()
    async with world.running(MemoryTransport(), subscription) as wake:
        with scope(books=[late]):
            async with connection(world.producer_app) as session, session.transaction():
                await append(session, late, [transaction(-1)])
                await world.write(book, transaction(-2))
                wake.set()
                await until(1, mark, world.consumer_app, name, book)
        await until(-1, total, world.consumer_app, name, late)


async def test_a_notification_wakes_it(world: World, book: UUID, name: str, producer: Database) -> None:
    async with world.running(MemoryTransport(), amounts(name)), notifier(producer.app_url) as poke:
        await world.write(book, transaction(-1))
        poke()
        await until(-1, total, world.consumer_app, name, book)


class TestResting:
    """What is being written in bulk waits; time passes here only as the tests say."""

    async def test_a_stream_that_is_being_written_in_bulk_waits_and_others_do_not(
        self, world: World, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        resting, other = Resting(quiet=3600, most=3600), new_id()
        await world.write(book, *_bulk())
        async with world.running(MemoryTransport(), amounts(name), resting=resting) as wake:
            await world.write(other, transaction(-2))
            wake.set()
            await until(-2, total, world.consumer_app, name, other)
            assert await mark(world.consumer_app, name, book) == 0

            await producer_admin.execute(_LATER)
            wake.set()
            await until(READ_LIMIT, mark, world.consumer_app, name, book)
            assert not resting.began

    async def test_it_waits_no_longer_than_the_most(self, world: World, book: UUID, name: str) -> None:
        resting = Resting(quiet=3600, most=0.01)
        await world.write(book, *_bulk())
        async with world.running(MemoryTransport(), amounts(name), resting=resting):
            await until(READ_LIMIT, mark, world.consumer_app, name, book)
            assert list(resting.began) == [book], "not again before it was quiet"

    async def test_few_rows_go_at_once(self, world: World, book: UUID, name: str) -> None:
        resting = Resting(quiet=3600, most=3600)
        await world.write(book, *_bulk()[1:])
        async with world.running(MemoryTransport(), amounts(name), resting=resting):
            await until(READ_LIMIT - 1, mark, world.consumer_app, name, book)


def _bulk() -> list[Change]:
    return [transaction(-1) for _ in range(READ_LIMIT)]


class TestLeading:
    async def test_one_leads_and_another_takes_over_when_its_session_ends(
        self, world: World, book: UUID, name: str, producer: Database, producer_admin: asyncpg.Connection
    ) -> None:
        subscription, transport = amounts(name), MemoryTransport()
        async with world.running(transport, subscription, relaying=False):
            topology = topology_of([subscription])
            first, second = (
                relay(producer.relay_url, transport, source="ledger", topology=topology) for _ in range(2)
            )
            async with first as one, second as two:

                async def leading() -> int:
                    return sum(state.leading for state in (one, two))

                await until(1, leading)
                before = _leader(one, two)
                await asyncio.sleep(1.2)
                assert _leader(one, two) is before

                await producer_admin.execute(_LEADERS)
                await world.write(book, transaction(-1))
                await until(-1, total, world.consumer_app, name, book)
                assert await leading() == 1
                assert one.alive
                assert two.alive

    async def test_whatever_ends_a_term_another_begins(self, producer: Database) -> None:
        """InternalClientError: what asyncpg raises after a pause in which the session was ended."""
        errors: list[Exception] = [asyncpg.InternalClientError("another operation"), ZeroDivisionError()]
        led = asyncio.Event()

        async def work() -> None:
            if errors:
                raise errors.pop()
            led.set()
            await asyncio.Event().wait()

        leading = asyncio.create_task(lead(producer.relay_url, "test", "test", asyncio.Event(), work))
        async with asyncio.timeout(20):
            await led.wait()
        leading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leading

    async def test_a_stopped_process_loses_the_lead_to_another_and_may_have_it_again(
        self, world: World, book: UUID, name: str, addresses: dict[str, str]
    ) -> None:
        """SIGSTOP: the process keeps its connections; the database ends the session that no longer beats."""
        settings = {
            "addresses": addresses,
            "broker_url": "",
            "prefix": "",
            "name": name,
            "letters": f"{name}.l",
            "heal": False,
        }
        async with child(settings) as stopped:
            await world.write(book, transaction(-1))
            await until(-1, total, world.consumer_app, name, book)
            stopped.send_signal(signal.SIGSTOP)
            await world.write(book, transaction(-2))
            async with child(settings):
                await until(-3, total, world.consumer_app, name, book)
                stopped.send_signal(signal.SIGCONT)
                await asyncio.sleep(1.5)
            await world.write(book, transaction(-4))
            await until(-7, total, world.consumer_app, name, book)


def _leader(*states: RelayState) -> RelayState:
    [leader] = [state for state in states if state.leading]
    return leader
