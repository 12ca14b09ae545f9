"""The feed over HTTP, its pages, and what stands on it: rebuild, compaction, operators."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI, HTTPException, Request

from pfms_common.ids import new_id
from pfms_events.feed import PAGE, FeedClient
from pfms_events.feed_api import feed_router
from pfms_events.operators import drop, fill_now, parked, retry
from pfms_events.rebuild import NotRebuildableError, rebuild
from pfms_events.retention import compact, retire
from pfms_events.retries import try_due
from pfms_events.subscription import Batch
from pfms_events.testing.projection import amounts, letters
from pfms_events.testing.world import World, deletion, letters_sent, mark, total, transaction


async def _verify(request: Request) -> None:
    """Stands for the service token's check: it must name the stream that is asked for."""
    wanted = request.path_params.get("stream_id", "all")
    if request.headers.get("authorization") != f"Bearer {wanted}":
        raise HTTPException(401)


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.include_router(feed_router(world.producer_relay, "ledger", _verify))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ledger") as client:
        yield client


@pytest.fixture
def feed(http: httpx2.AsyncClient) -> FeedClient:
    return FeedClient(http, lambda stream_id: str(stream_id or "all"))


class TestFeed:
    async def test_nobody_reads_it_without_a_service_token(
        self, http: httpx2.AsyncClient, book: UUID
    ) -> None:
        for path in ("/internal/streams", f"/internal/streams/{book}/events"):
            assert (await http.get(path)).status_code == 401

    async def test_it_gives_a_stream_in_the_order_of_its_numbers(
        self, world: World, feed: FeedClient, book: UUID
    ) -> None:
        await world.write(book, *(transaction(-n) for n in range(1, PAGE + 12)))

        first = await feed.events(book)
        second = await feed.events(book, after=first.through)

        assert [item["sequence"] for item in (*first.items, *second.items)] == list(range(1, PAGE + 12))
        assert (first.through, second.through) == (PAGE, PAGE + 11)

    async def test_it_gives_some_types_and_how_far_that_answer_holds(
        self, world: World, feed: FeedClient, book: UUID
    ) -> None:
        await world.write(
            book, transaction(-1), deletion(new_id(), version=1), transaction(-2), transaction(-3)
        )

        page = await feed.events(book, types=["transaction.deleted"])
        part = await feed.events(book, after=1, to=3)

        assert ([item["sequence"] for item in page.items], page.through) == ([2], 4)
        assert ([item["sequence"] for item in part.items], part.through) == ([2, 3], 3)

    async def test_it_lists_streams_and_those_that_changed(
        self, world: World, feed: FeedClient, producer_admin: asyncpg.Connection
    ) -> None:
        old, new = sorted([new_id(), new_id()])
        await world.write(old, transaction(-1))
        await producer_admin.execute("UPDATE event SET occurred_at = now() - interval '1 day'")
        await world.write(new, transaction(-1), transaction(-2))

        assert list(await feed.streams()) == [(old, 1), (new, 2)]
        assert list(await feed.streams(after=old)) == [(new, 2)]
        assert list(await feed.streams(since=datetime.now(UTC) - timedelta(hours=1))) == [(new, 2)]

    async def test_an_unknown_stream_is_empty(self, feed: FeedClient, book: UUID) -> None:
        page = await feed.events(book)

        assert (list(page.items), page.through) == ([], 0)


class TestRebuild:
    async def test_it_makes_a_damaged_projection_right_again(
        self, world: World, feed: FeedClient, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        subscription, known = amounts(name), new_id()
        await world.write(
            book, transaction(-1, id=known), transaction(-2, id=known, version=2), transaction(-4)
        )
        await fill_now(world.consumer_app, world.consumer_relay, subscription, feed)
        await consumer_admin.execute("UPDATE amount_total SET total = 999; DELETE FROM amount_copy")

        assert await rebuild(world.consumer_app, subscription, feed) == 1

        assert await total(world.consumer_app, name, book) == -6
        assert await mark(world.consumer_app, name, book) == 3

    async def test_what_comes_while_it_reads_is_not_lost(
        self, world: World, feed: FeedClient, book: UUID, name: str
    ) -> None:
        """A number is applied after the feed was read and before the rows are replaced."""
        plain = amounts(name)
        await world.write(book, transaction(-1))

        class Late:
            streams = staticmethod(feed.streams)

            @staticmethod
            async def events(stream_id: UUID, *, after: int = 0, **options: Any) -> Any:
                page = await feed.events(stream_id, after=after, **options)
                if after == 1 and not page.items:
                    await world.write(book, transaction(-2))
                    await fill_now(world.consumer_app, world.consumer_relay, plain, feed)
                return page

        await rebuild(world.consumer_app, plain, Late(), [book])

        assert await total(world.consumer_app, name, book) == -3
        assert await mark(world.consumer_app, name, book) == 2

    async def test_what_cannot_be_read_is_parked_again_and_holds_the_mark(
        self, world: World, feed: FeedClient, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        subscription = amounts(name)
        await world.write(book, transaction(-1), transaction(-2), transaction(-4))
        await producer_admin.execute("UPDATE event SET schema_version = 7 WHERE sequence = 2")

        await rebuild(world.consumer_app, subscription, feed, [book])

        assert [row.sequence for row in await parked(world.consumer_relay)] == [2]
        assert await mark(world.consumer_app, name, book) == 1
        assert await total(world.consumer_app, name, book) == -5

    async def test_effects_are_never_had_again(self, world: World, feed: FeedClient, name: str) -> None:
        with pytest.raises(NotRebuildableError, match=name):
            await rebuild(world.consumer_app, letters(name), feed)


class TestRetention:
    async def test_old_events_go_but_the_newest_of_each_aggregate_stays(
        self, world: World, feed: FeedClient, book: UUID, name: str, producer_admin: asyncpg.Connection
    ) -> None:
        edited, gone = new_id(), new_id()
        await world.write(
            book,
            transaction(-1, id=edited),
            transaction(-2, id=edited, version=2),
            transaction(-4, id=gone),
            deletion(gone, version=2),
            transaction(-8),
        )
        await producer_admin.execute("DELETE FROM unsent")
        later = datetime.now(UTC) + timedelta(days=15)

        assert await compact(world.producer_relay, now=later - timedelta(days=2)) == 0
        assert await compact(world.producer_relay, now=later, batch=2) == 2

        page = await feed.events(book)
        assert [item["sequence"] for item in page.items] == [2, 4, 5]
        await fill_now(world.consumer_app, world.consumer_relay, amounts(name), feed)
        assert await total(world.consumer_app, name, book) == -10

    async def test_what_is_unsent_or_promised_stays(self, world: World, book: UUID) -> None:
        known = new_id()
        await world.write(book, transaction(-1, id=known), transaction(-2, id=known, version=2))
        later = datetime.now(UTC) + timedelta(days=15)

        assert await compact(world.producer_relay, now=later) == 0
        assert await compact(world.producer_relay, keep=["transaction"], now=later) == 0

    async def test_history_that_is_promised_stays_when_it_was_sent(
        self, world: World, book: UUID, producer_admin: asyncpg.Connection
    ) -> None:
        known = new_id()
        await world.write(book, transaction(-1, id=known), transaction(-2, id=known, version=2))
        await producer_admin.execute("DELETE FROM unsent")
        later = datetime.now(UTC) + timedelta(days=15)

        assert await compact(world.producer_relay, keep=["transaction"], now=later) == 0
        assert await compact(world.producer_relay, now=later) == 1

    async def test_inbox_rows_and_keys_go_in_their_time(
        self, world: World, feed: FeedClient, book: UUID, name: str, consumer_admin: asyncpg.Connection
    ) -> None:
        await world.write(book, transaction(-1), transaction(-2), transaction(-3))
        await fill_now(world.consumer_app, world.consumer_relay, letters(name), feed)
        await consumer_admin.execute(
            "INSERT INTO idempotency SELECT $1, $1, 'create', n::text, '', 201, '{}', ''"
            " FROM generate_series(1, 3) AS n",
            book,
        )
        now = datetime.now(UTC)

        assert await retire(world.consumer_relay, now=now + timedelta(days=2)) == 0
        assert await retire(world.consumer_relay, now=now + timedelta(days=4), batch=2) == 3
        assert await retire(world.consumer_relay, now=now + timedelta(days=31), batch=2) == 3


class TestOperators:
    @pytest.fixture
    async def bad(self, world: World, feed: FeedClient, book: UUID, name: str) -> Sequence[Any]:
        async def choke(_connection: asyncpg.Connection, batch: Batch) -> None:
            if any(event.sequence == 2 for event in batch.events):
                raise ValueError("the second is bad")

        await world.write(book, transaction(-1), transaction(-2), transaction(-4))
        for subscription in (amounts(f"{name}.a", before=choke), letters(f"{name}.l", before=choke)):
            await fill_now(world.consumer_app, world.consumer_relay, subscription, feed)
        return await parked(world.consumer_relay)

    async def test_they_see_what_is_parked_and_why(self, bad: Sequence[Any], book: UUID, name: str) -> None:
        assert [(row.consumer, row.stream_id, row.sequence, row.type, row.error) for row in bad] == [
            (f"{name}.a", book, 2, "transaction.created", "ValueError: the second is bad"),
            (f"{name}.l", book, 2, "transaction.created", "ValueError: the second is bad"),
        ]

    async def test_retrying_applies_it_once_the_fault_is_mended(
        self, world: World, bad: Sequence[Any], book: UUID, name: str
    ) -> None:
        mended = {each.name: each for each in (amounts(f"{name}.a"), letters(f"{name}.l"))}

        assert await retry(world.consumer_app, bad) == 2
        assert await try_due(world.consumer_app, world.consumer_relay, mended) == 2

        assert await parked(world.consumer_relay) == []
        assert await total(world.consumer_app, f"{name}.a", book) == -7
        assert await mark(world.consumer_app, f"{name}.a", book) == 3
        assert await letters_sent(world.consumer_app, f"{name}.l", book) == 3

    async def test_dropping_gives_it_up_for_good(
        self, world: World, feed: FeedClient, bad: Sequence[Any], book: UUID, name: str
    ) -> None:
        mended = (amounts(f"{name}.a"), letters(f"{name}.l"))
        for subscription, row in zip(mended, bad, strict=True):
            assert await drop(world.consumer_app, subscription, [row]) == 1
            assert await drop(world.consumer_app, subscription, [row]) == 0
            assert await fill_now(world.consumer_app, world.consumer_relay, subscription, feed) == 0

        assert await mark(world.consumer_app, f"{name}.a", book) == 3
        assert await total(world.consumer_app, f"{name}.a", book) == -5
        assert await letters_sent(world.consumer_app, f"{name}.l", book) == 2
