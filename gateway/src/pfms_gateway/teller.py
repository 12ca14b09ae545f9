"""From the buses to the news: what services publish becomes entries that every gateway can read.

Any gateway takes any message; nothing is kept here. While Redis is away entries are dropped, and everybody is told
to read anew when it is back.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pfms_common import logs
from pfms_events.contracts import PRODUCERS
from pfms_events.envelope import UnreadableError, split_body
from pfms_events.topology import Queue
from pfms_events.transport import Incoming, Transport
from pfms_gateway.news import KEPT_SECONDS, News

QUEUES = tuple(
    Queue(
        f"gateway.{producer}", producer, tuple(sorted({event.EVENT for event in events})), keep=KEPT_SECONDS
    )
    for producer, events in sorted(PRODUCERS.items())
)
"""Everything that is published, from each service by a queue of its own. Old news are no news: they do not pile up
where no gateway takes them.
"""

PREFETCH = 50
REDIS_SECONDS = 1.0
AWAY_SECONDS = 1.0
AWAY = (RedisError, OSError, TimeoutError)

_log = logs.get("gateway.teller")


class Teller:
    """Adds to the news whatever its transport brings."""

    def __init__(self, news: News, transport: Transport) -> None:
        self._news = news
        self._transport = transport
        self._away_until = 0.0
        self._missed = False

    async def subscribe(self) -> None:
        for queue in QUEUES:
            await self._transport.subscribe(
                queue.name, queue.types, self._receive, prefetch=PREFETCH, lost=self._lost
            )

    async def unsubscribe(self) -> None:
        for queue in QUEUES:
            await self._transport.unsubscribe(queue.name)

    def _lost(self) -> None:
        """Messages may be gone with their queue, and there is no feed to look them up in."""
        self._missed = True

    async def _receive(self, incoming: Sequence[Incoming], _more: bool) -> Sequence[int]:
        entries: list[tuple[str, str, str]] = []
        unreadable: list[int] = []
        for index, each in enumerate(incoming):
            if index:
                await asyncio.sleep(0)  # requests have their turn: making a thousand entries takes 10 ms
            try:
                entries += [_entry(item) for item in split_body(each.body)]
            except (UnreadableError, KeyError, TypeError) as error:
                _log.error("a message that cannot be read", error=repr(error))
                unreadable.append(index)
        if time.monotonic() < self._away_until:
            self._missed = True
        else:
            await self._tell(entries)
        return unreadable

    async def _tell(self, entries: Sequence[tuple[str, str, str]], *, anew: bool = False) -> bool:
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._news.tell(entries, anew=anew)
        except AWAY as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            self._missed = True
            _log.warning("Redis is away; live updates are dropped", error=f"{type(error).__name__}: {error}")
            return False
        return True

    async def mend(self) -> None:
        """Once all is well again after something was missed: the news begin anew, so everybody reads anew."""
        while True:
            await asyncio.sleep(AWAY_SECONDS)
            if self._missed and self._transport.healthy():
                self._missed = False
                await self._tell((), anew=True)


def _entry(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Stream, event id and what clients are told of an envelope."""
    aggregate = item["aggregate"]
    told = {
        "stream_id": item["stream_id"],
        "source": item["source"],
        "number": item["sequence"],
        "type": item["type"],
        "aggregate": aggregate["type"],
        "id": aggregate["id"],
        "version": aggregate["version"],
    }
    return item["stream_id"], item["id"], orjson.dumps(told).decode()


@asynccontextmanager
async def telling(transport: Transport, redis: "Redis", prefix: str = "") -> AsyncIterator[None]:
    """Brings what `transport` carries to the news, for the block. In one process enter it before the transport is
    started, like every consumer.
    """
    teller = Teller(News(redis, prefix), transport)
    await teller.subscribe()
    mending = asyncio.create_task(teller.mend(), name="live updates mended")
    try:
        yield
    finally:
        await teller.unsubscribe()
        mending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await mending
