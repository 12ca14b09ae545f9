"""Live updates over a real Redis: two gateways, one line of news."""

import asyncio
import contextlib
import secrets
import socket
import time

import httpx2 as httpx
import orjson
import pytest
from redis.asyncio import Redis

from pfms_common.ids import new_id
from pfms_common.principal import LEEWAY_SECONDS
from pfms_events.transport import Incoming
from pfms_gateway import hub, live, news
from pfms_gateway.app import QUEUES, telling

pytestmark = pytest.mark.redis


class Bus:
    """A transport of which the test says what it carries."""

    def __init__(self):
        self.receivers, self.losers = {}, {}

    async def subscribe(self, name, types, receive, *, prefetch, lost):
        self.receivers[name], self.losers[name] = receive, lost

    async def unsubscribe(self, name):
        self.receivers.pop(name, None)

    def healthy(self):
        return True

    async def carry(self, *items):
        return await self.receivers["gateway.ledger"]([Incoming(orjson.dumps(list(items)))], False)


def envelope(book, number, **more):
    return {
        "id": str(new_id()), "type": "transaction.created", "source": "ledger", "stream_id": str(book),
        "sequence": number, "aggregate": {"type": "transaction", "id": str(new_id()), "version": 1},
        "data": {"payee": "nobody's business"}, **more,
    }  # fmt: skip


class Ear:
    """Reads a stream of server-sent events."""

    def __init__(self, response):
        self.response = response
        self.lines = response.aiter_lines()

    async def next(self, kind=None, seconds=5.0):
        """The next event as (kind, data, id); with a kind the next of that kind."""
        async with asyncio.timeout(seconds):
            fields = {}
            async for line in self.lines:
                if not line and "event" in fields and kind in (None, fields["event"]):
                    return fields["event"], orjson.loads(fields["data"]), fields["id"]
                if not line:
                    fields = {}
                name, _, value = line.partition(": ")
                fields[name] = value
        return "end", None, None

    async def ended(self, seconds=5.0):
        async with asyncio.timeout(seconds):
            async for _ in self.lines:
                pass


@contextlib.asynccontextmanager
async def listening(front, person, last=None):
    headers = person.headers() | ({"Last-Event-ID": last} if last else {})
    async with front.client.stream("GET", "/api/v1/events", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield Ear(response)


@pytest.fixture
def prefix():
    return f"test-{secrets.token_hex(6)}:"


@pytest.fixture
async def redis(redis_url, prefix):
    client = Redis.from_url(redis_url)
    yield client
    async for key in client.scan_iter(f"{prefix}*"):
        await client.delete(key)
    await client.aclose()


@pytest.fixture
async def bus(redis, prefix):
    made = Bus()
    async with telling(made, redis, prefix):
        yield made


@pytest.fixture
async def gateways(start, redis_url, prefix, bus):
    """Two of them before one Redis; the bus ends at neither."""
    async with contextlib.AsyncExitStack() as stack:
        fronts = []
        for _ in range(2):
            client = Redis.from_url(redis_url)
            stack.push_async_callback(client.aclose)
            fronts.append(
                await stack.enter_async_context(start("in_process", redis=client, redis_prefix=prefix))
            )
        yield fronts


async def test_what_happens_in_a_book_is_told_on_every_gateway_without_its_content(gateways, bus, somebody):
    async with listening(gateways[0], somebody) as one, listening(gateways[1], somebody) as other:
        assert [(await ear.next())[0] for ear in (one, other)] == ["ready", "ready"]
        happened = envelope(somebody.book_id, 7)
        await bus.carry(happened)
        told = [await ear.next() for ear in (one, other)]

    assert told[0] == told[1]
    assert told[0][:2] == (
        "change",
        {
            "stream_id": str(somebody.book_id), "source": "ledger", "number": 7, "type": "transaction.created",
            "aggregate": "transaction", "id": happened["aggregate"]["id"], "version": 1,
        },
    )  # fmt: skip


async def test_only_books_of_the_token_are_told_and_ones_own_profile(gateways, bus, somebody, anybody):
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        await bus.carry(envelope(anybody().book_id, 1), envelope(anybody().user_id, 2))
        await bus.carry(envelope(somebody.user_id, 3), envelope(somebody.book_id, 4))

        assert [(await ear.next("change"))[1]["number"] for _ in range(2)] == [3, 4]


async def test_nobody_without_a_token_listens(gateways):
    assert (await gateways[0].client.get("/api/v1/events")).status_code == 401


async def test_a_duplicate_is_told_once(gateways, bus, somebody):
    twice = envelope(somebody.book_id, 1)
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        await bus.carry(twice, twice)
        await bus.carry(twice, envelope(somebody.book_id, 2))

        assert [(await ear.next("change"))[1]["number"] for _ in range(2)] == [1, 2]


async def test_a_client_goes_on_on_another_gateway_where_it_was(gateways, bus, somebody):
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        await bus.carry(envelope(somebody.book_id, 1), envelope(somebody.book_id, 2))
        _, _, seen = await ear.next("change")
    await bus.carry(envelope(somebody.book_id, 3), envelope(somebody.user_id, 4))

    async with listening(gateways[1], somebody, last=seen) as ear:
        numbers = [(await ear.next("change"))[1]["number"] for _ in range(3)]
        assert (await ear.next())[0] == "ready"
    assert numbers == [2, 3, 4]


@pytest.mark.parametrize("last", ["1-0", "999999999999999-0", "yesterday", "0-0"])
async def test_an_id_that_is_too_old_or_none_of_ours_gets_a_reset(gateways, somebody, last):
    async with listening(gateways[0], somebody, last=last) as ear:
        assert (await ear.next())[0] == "reset"


async def test_an_id_from_which_entries_are_gone_gets_a_reset(gateways, bus, somebody, monkeypatch):
    monkeypatch.setattr(news, "MOST_ENTRIES", 3)
    async with listening(gateways[0], somebody) as ear:
        _, _, seen = await ear.next("ready")
    for number in range(1, 6):
        await bus.carry(envelope(somebody.book_id, number))

    async with listening(gateways[0], somebody, last=seen) as ear:
        kind, _, now = await ear.next()
        await bus.carry(envelope(somebody.book_id, 6))
        assert (kind, (await ear.next("change"))[1]["number"]) == ("reset", 6)
    async with listening(gateways[0], somebody, last=now) as ear:
        assert (await ear.next("change"))[1]["number"] == 6


async def test_ids_are_refused_after_an_hour(gateways, bus, somebody, monkeypatch):
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        await bus.carry(envelope(somebody.book_id, 1))
        _, _, seen = await ear.next("change")
    monkeypatch.setattr(news, "KEPT_SECONDS", 0)
    await asyncio.sleep(0.01)

    async with listening(gateways[0], somebody, last=seen) as ear:
        assert (await ear.next())[0] == "reset"


async def test_entries_lost_while_redis_was_away_are_a_reset_when_it_is_back(
    start, redis_url, prefix, somebody, monkeypatch
):
    """The line is cut in the middle: both the one who tells and those who listen lose Redis for a moment."""
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.2)
    url = await _cuttable(redis_url)
    bus = Bus()
    async with contextlib.AsyncExitStack() as stack:
        client = Redis.from_url(url.address, retry=None)
        stack.push_async_callback(client.aclose)
        stack.push_async_callback(url.close)
        await stack.enter_async_context(telling(bus, client, prefix))
        front = await stack.enter_async_context(start("in_process", redis=client, redis_prefix=prefix))
        async with listening(front, somebody) as ear:
            await ear.next("ready")
            await url.cut()
            assert await bus.carry(envelope(somebody.book_id, 1)) == []
            refused = await front.client.get("/api/v1/events", headers=somebody.headers())
            await url.mend()

            assert refused.status_code == 503
            assert (await ear.next(seconds=10))[0] == "reset"
            await _until_told(bus, somebody.book_id)
            assert (await ear.next("change"))[1]["number"] == 2
        async for key in client.scan_iter(f"{prefix}*"):
            await client.delete(key)


async def _until_told(bus, book):
    """The teller tries again a second after it found Redis away."""
    await asyncio.sleep(1.2)
    await bus.carry(envelope(book, 2))


async def _cuttable(redis_url):
    from urllib.parse import urlsplit  # noqa: PLC0415  # of this one test

    parts = urlsplit(redis_url)
    made = _Cuttable(parts.hostname, parts.port or 6379, parts.path)
    await made.mend()
    return made


class _Cuttable:
    """A way to Redis that can be cut."""

    def __init__(self, host, port, path):
        self.to, self.open, self.server = (host, port), [], None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"redis://127.0.0.1:{self.port}{path}"

    async def mend(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self):
        self.server.close()
        for writer in self.open:
            writer.close()
        self.open.clear()

    close = cut

    async def _serve(self, reader, writer):
        there, back = await asyncio.open_connection(*self.to)
        self.open += [writer, back]
        await asyncio.gather(_pass(reader, back), _pass(there, writer))


async def _pass(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


async def test_what_was_lost_with_a_queue_is_a_reset_for_everybody(gateways, bus, somebody, monkeypatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.2)
    async with listening(gateways[1], somebody) as ear:
        await ear.next("ready")
        bus.losers["gateway.ledger"]()

        assert (await ear.next())[0] == "reset"


async def test_a_message_nobody_can_read_is_rejected_and_its_neighbours_are_told(gateways, bus, somebody):
    good = Incoming(orjson.dumps([envelope(somebody.book_id, 1)]))
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        receive = bus.receivers["gateway.ledger"]
        rejected = await receive([Incoming(b"?"), good, Incoming(b'[{"id": 1}]')], False)

        assert rejected == [0, 2]
        assert (await ear.next("change"))[1]["number"] == 1


async def test_a_client_that_does_not_read_is_dropped_and_the_others_hear_on(
    gateways, bus, somebody, monkeypatch
):
    monkeypatch.setattr(hub, "MOST_WAITING", 50)
    monkeypatch.setattr(live, "SEND_SECONDS", 0.3)
    front = gateways[0]
    with socket.create_connection(front.address) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = "".join(f"{name}: {value}\r\n" for name, value in somebody.headers().items())
        slow.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        async with listening(front, somebody) as ear:
            await ear.next("ready")
            assert front.gateway.live._open[str(somebody.user_id)] == 2
            async with asyncio.timeout(20):
                number, both = 0, front.gateway.live._open[str(somebody.user_id)]
                while front.gateway.live._open[str(somebody.user_id)] == both:
                    number += 1
                    await bus.carry(envelope(somebody.book_id, number, type="t" * 40_000))
                    await ear.next("change")


async def test_a_user_may_have_ten_open_and_no_more(gateways, somebody, anybody):
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(live.OF_A_USER):
            await stack.enter_async_context(listening(gateways[0], somebody))
        refused = await gateways[0].client.get("/api/v1/events", headers=somebody.headers())
        async with listening(gateways[0], anybody()) as ear:
            assert (await ear.next())[0] == "ready"

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "15")
    async with listening(gateways[0], somebody) as ear:
        assert (await ear.next())[0] == "ready"


async def test_it_ends_with_the_token(gateways, somebody):
    headers = somebody.headers(exp=int(time.time()) - LEEWAY_SECONDS + 2)
    async with gateways[0].client.stream("GET", "/api/v1/events", headers=headers) as response:
        assert response.status_code == 200
        await Ear(response).ended(8)


@pytest.mark.parametrize("ended", ["session", "part"])
async def test_it_ends_when_auth_has_ended_the_session_or_the_part_in_a_book(
    gateways, redis, prefix, somebody, monkeypatch, ended
):
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.1)
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        if ended == "session":
            await redis.set(f"{prefix}revoked:{somebody.session_id}", 1)
        else:
            await redis.set(f"{prefix}left:{somebody.book_id}:{somebody.user_id}", int(time.time()) + 900)

        await ear.ended()


async def test_a_comment_keeps_a_quiet_connection_alive(gateways, somebody, monkeypatch):
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.05)
    async with listening(gateways[0], somebody) as ear:
        await ear.next("ready")
        async with asyncio.timeout(5):
            assert ": beat" in [await anext(ear.lines) for _ in range(3)]


async def test_a_gateway_that_stops_ends_its_streams_at_once(start, redis_url, prefix, somebody):
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        client = Redis.from_url(redis_url)
        stack.push_async_callback(client.aclose)
        stopping = contextlib.AsyncExitStack()
        front = await stopping.enter_async_context(start("in_process", redis=client, redis_prefix=prefix))
        # Its own, since the gateway's goes with the gateway.
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=front.client.base_url))
        answer = http.stream("GET", "/api/v1/events", headers=somebody.headers())
        ear = Ear(await stack.enter_async_context(answer))
        await ear.next("ready")
        stopped = asyncio.create_task(stopping.aclose())
        await ear.ended()
        await stopped

    assert time.monotonic() - began < 10


async def test_without_redis_it_says_so(start, signed_in):
    async with start("in_process") as front:
        response = await front.client.get("/api/v1/events", headers=signed_in)

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")


async def test_other_methods_and_paths_below_are_refused(gateways, signed_in):
    client = gateways[0].client

    assert (await client.post("/api/v1/events", headers=signed_in)).status_code == 405
    assert (await client.head("/api/v1/events", headers=signed_in)).status_code == 200
    assert (await client.get("/api/v1/events/x", headers=signed_in)).status_code == 404


def test_every_producer_has_a_queue_that_forgets_old_news():
    assert {queue.producer for queue in QUEUES} == {"auth", "budget", "ledger"}
    assert {queue.keep for queue in QUEUES} == {3600}
