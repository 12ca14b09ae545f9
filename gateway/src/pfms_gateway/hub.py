"""Who listens in this process, and the one reader of the news for all of them."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from pfms_common import logs
from pfms_gateway.news import Entry, Id, Line, News
from pfms_gateway.teller import AWAY, AWAY_SECONDS, REDIS_SECONDS

BEGINNING = Id(0, 0)
WAIT_MS = 250
LOOK_SECONDS = 2.0
MOST_WAITING = 500

_log = logs.get("gateway.hub")


@dataclass(frozen=True, slots=True)
class Reset:
    """Something was missed: read everything anew, and go on from here."""

    id: Id


@dataclass(eq=False, slots=True)
class Listener:
    """One open connection.

    Args:
        streams: the books of the user's token, and the user's own stream.
        told: how far the client is; what comes once more is left out.
        over: why nothing more is brought: the client left, was too slow, or this process is about to end.
    """

    streams: frozenset[str]
    told: Id = BEGINNING
    waiting: deque[Entry | Reset] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    over: Literal["", "left", "slow", "drained"] = ""

    def bring(self, told: Entry | Reset) -> None:
        if len(self.waiting) >= MOST_WAITING:
            self.end("slow")
        else:
            self.waiting.append(told)
            self.woken.set()

    def take(self) -> list[Entry | Reset]:
        """What waits and was not told yet."""
        self.woken.clear()
        news = [told for told in self.waiting if isinstance(told, Reset) or told.id > self.told]
        self.waiting.clear()
        if news:
            self.told = news[-1].id
        return news

    def end(self, why: Literal["left", "slow", "drained"]) -> None:
        self.over = self.over or why
        self.woken.set()


class Hub:
    """Reads what comes after the last seen entry of each stream that somebody here listens to."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._listeners: dict[str, set[Listener]] = {}
        self._seen: dict[str, Id] = {}
        self._since: Id | None = None
        self._looked_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    def add(self, listener: Listener, seen: Id, line: Line) -> None:
        """From now on the listener gets what comes after `seen`; of streams that others here listen to, what comes
        after what these have seen: look into the news for the rest.
        """
        for stream in listener.streams:
            self._listeners.setdefault(stream, set()).add(listener)
            self._seen.setdefault(stream, seen)
        if self._reading is None:
            self._since = line.since
            self._reading = asyncio.create_task(self._read(), name="live updates")

    def remove(self, listener: Listener) -> None:
        for stream in listener.streams & self._listeners.keys():
            here = self._listeners[stream]
            here.discard(listener)
            if not here:
                del self._listeners[stream], self._seen[stream]

    def everybody(self) -> set[Listener]:
        return {listener for here in self._listeners.values() for listener in here}

    async def _read(self) -> None:
        missed = False
        try:
            while self._listeners:
                try:
                    if missed or time.monotonic() - self._looked_at >= LOOK_SECONDS:
                        await self._look(missed=missed)
                        missed = False
                    if self._seen:  # else the last one left while we looked
                        await self._round()
                except AWAY as error:
                    _log.warning("live updates wait for Redis", error=f"{type(error).__name__}: {error}")
                    missed = True
                    await asyncio.sleep(AWAY_SECONDS)
        finally:
            self._reading = None

    async def _look(self, *, missed: bool) -> None:
        """Whether the line began anew meanwhile: then entries are gone that nobody here has seen."""
        async with asyncio.timeout(REDIS_SECONDS):
            line = await self._news.line()
        self._looked_at = time.monotonic()
        if missed or self._since != line.since:
            self._seen = dict.fromkeys(self._seen, line.last)
            for listener in self.everybody():
                listener.bring(Reset(line.last))
        self._since = line.since

    async def _round(self) -> None:
        seen = dict(self._seen)
        async with asyncio.timeout(REDIS_SECONDS + WAIT_MS / 1000):
            entries = await self._news.after(seen, WAIT_MS)
        for entry in entries:
            here = self._listeners.get(entry.stream)
            if here is None:
                continue  # who listened to it has left meanwhile
            told = Reset(entry.id) if entry.before > self._seen[entry.stream] else entry
            self._seen[entry.stream] = entry.id
            for listener in here:
                listener.bring(told)
