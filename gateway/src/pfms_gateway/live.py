"""GET /events: what changes in a user's books, as it happens (server-sent events)."""

import asyncio
import contextlib
import time
from collections import Counter

from starlette.types import Receive, Send

from pfms_common.clock import Clock
from pfms_common.problem import Busy, TooMany, Unavailable
from pfms_gateway.auth import Caller
from pfms_gateway.headers import Headers
from pfms_gateway.hub import Hub, Listener, Reset
from pfms_gateway.news import Entry, Id, News, read_id
from pfms_gateway.teller import AWAY, REDIS_SECONDS

BEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
RETRY_MS = 1000
OF_A_USER, OF_ALL = 10, 2000


class TooSlow(Exception):
    """The client does not read what it is sent; whoever serves it cuts the connection."""


class Live:
    """The open connections of this process."""

    def __init__(self, news: News, clock: Clock) -> None:
        self._news = news
        self._clock = clock
        self._hub = Hub(news)
        self._open: Counter[str] = Counter()
        self._draining = False

    def drain(self) -> None:
        """Ends every connection after what it is being told; clients go on elsewhere."""
        self._draining = True
        for listener in self._hub.everybody():
            listener.end("drained")

    async def serve(
        self, receive: Receive, send: Send, *, own: Headers, caller: Caller, last_event_id: str | None
    ) -> None:
        """Answers until the client leaves, its token ends or this process is told to stop. Raises TooSlow."""
        if caller.token is None:
            raise RuntimeError("the route of live updates is not public")
        if self._open[caller.name] >= OF_A_USER:
            raise TooMany(
                f"At most {OF_A_USER} connections for live updates may be open; close one.",
                extra={"headers": {"Retry-After": f"{BEAT_SECONDS:.0f}"}},
            )
        if self._open.total() >= OF_ALL:
            raise Busy("Too many connections for live updates are open here; try again.")
        listener = Listener(frozenset({caller.name, *map(str, caller.token.books)}))
        self._open[caller.name] += 1
        watching = asyncio.create_task(_watch(receive, listener))
        try:
            first = await self._begin(listener, last_event_id)
            await send({"type": "http.response.start", "status": 200, "headers": [*own, *HEADERS]})
            await _send(send, first)
            await self._talk(listener, send, caller)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watching.cancel()
            self._hub.remove(listener)
            self._open -= Counter([caller.name])

    async def _begin(self, listener: Listener, last_event_id: str | None) -> bytes:
        """Listens, and then reads what came since the client's last id, so that nothing falls between the two."""
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                line = await self._news.line()
                asked = line.last if last_event_id is None else read_id(last_event_id)
                seen = asked if asked is not None and line.reaches(asked) else None
                self._hub.add(listener, seen or line.last, line)
                missed = await self._news.missed(listener.streams, seen) if seen else None
        except AWAY as error:
            raise Unavailable("Live updates are away just now; all else goes on.") from error
        if self._draining:
            listener.end("drained")
        if seen is None or missed is None:
            listener.told = line.last
            return _RETRY + _event("reset", line.last)
        listener.told = missed[-1].id if missed else seen
        return b"".join([_RETRY, *map(_change, missed), _event("ready", listener.told)])

    async def _talk(self, listener: Listener, send: Send, caller: Caller) -> None:
        beat_at = time.monotonic() + BEAT_SECONDS
        while not listener.over:
            left = (caller.until - self._clock()).total_seconds()
            if left <= 0:
                return
            if listener.waiting:
                if news := listener.take():
                    await _send(send, b"".join(map(_text, news)))
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, beat_at - time.monotonic())):
                    await listener.woken.wait()
            if time.monotonic() >= beat_at:
                if await self._has_ended(caller):
                    return
                await _send(send, b": beat\n\n")
                beat_at = time.monotonic() + BEAT_SECONDS
        if listener.over == "slow":
            raise TooSlow("more than it reads came for this client")

    async def _has_ended(self, caller: Caller) -> bool:
        token = caller.token
        if token is None:
            return True
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return await self._news.any_ended(
                    caller.session, caller.name, map(str, token.books), token.expires_at
                )
        except AWAY:
            return False  # what auth has ended then ends with the token


async def _watch(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    listener.end("left")


async def _send(send: Send, body: bytes) -> None:
    """Raises TooSlow when the client does not read."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except TimeoutError as error:
        raise TooSlow("it does not read what it is sent") from error


def _text(told: Entry | Reset) -> bytes:
    return _event("reset", told.id) if isinstance(told, Reset) else _change(told)


def _change(entry: Entry) -> bytes:
    return b"id: %s\nevent: change\ndata: %s\n\n" % (str(entry.id).encode(), entry.body)


def _event(kind: str, seen: Id) -> bytes:
    return f"id: {seen}\nevent: {kind}\ndata: {{}}\n\n".encode()


_RETRY = b"retry: %d\n\n" % RETRY_MS
HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]
