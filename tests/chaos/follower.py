"""A client that keeps a copy of a book and asks for changes only when live updates tell it that there are some."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx

from tests.chaos.client import PAUSE_SECONDS, Person
from tests.chaos.household import Household

CATCH_UP_SECONDS = 30
SYNC_SECONDS = 0.5

type Thing = tuple[str, str]


class Follower:
    """The copy: (type, id) → what was last synced of it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.copy: dict[Thing, dict[str, Any]] = {}
        self.connections = self.resets = self.changes = 0
        self._since: str | None = None
        self._seen = ""
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Connects, and again whenever the connection ends, from where it was."""
        while True:
            try:
                await self._listen_once()
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _listen_once(self) -> None:
        headers = {"Last-Event-ID": self._seen} if self._seen else {}
        async with self.person.http.stream("GET", "/events", headers=headers) as response:
            if response.status_code != 200:
                if response.status_code == 401:
                    await self.person.sign_in()
                await asyncio.sleep(PAUSE_SECONDS)
                return
            self.connections += 1
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    self._hear(fields)
                    fields = {}

    def _hear(self, fields: dict[str, str]) -> None:
        """Reads anew at the beginning, when something was missed, and when something of the ledger changed."""
        kind, told = fields["event"], json.loads(fields["data"])
        if not self._seen or kind == "reset" or told.get("source") == "ledger":
            self._news.set()
        self.resets += kind == "reset"
        self.changes += kind == "change"
        self._seen = fields["id"]

    async def sync(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            self._since = await synced(self.person, self.copy, self._since)
            await asyncio.sleep(SYNC_SECONDS)

    async def missed(self, house: Household) -> list[str]:
        """What the copy does not hold once everything is quiet and news had time to arrive."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        book: dict[Thing, dict[str, Any]] = {}
        await synced(self.person, book, None)
        while self.copy != book and time.monotonic() < deadline:  # noqa: ASYNC110  # of a server
            await asyncio.sleep(PAUSE_SECONDS)
        figures = f"{self.connections} connections, {self.changes} changes, {self.resets} resets"
        print(f"live updates: {figures}, {len(self.copy)} things")  # noqa: T201  # figures of a run
        wrong = [thing for thing in book.keys() | self.copy.keys() if book.get(thing) != self.copy.get(thing)]
        return [f"a client that listens missed {thing} ({figures})" for thing in wrong] + self._unlike(house)

    def _unlike(self, house: Household) -> list[str]:
        """What was acknowledged otherwise than the copy has it."""
        found = []
        for key, row in house.transactions.items():
            item = self.copy.get(("transaction", key), {})
            if item.get("deleted") is not (row is None) or (row and item["version"] != row["version"]):
                found.append(f"the copy of transaction {key} is {item} and should be {row}")
        return found


async def synced(person: Person, copy: dict[Thing, dict[str, Any]], since: str | None) -> str:
    """Brings a copy up to date; answers where to go on next time."""
    while True:
        page = await person.get("/sync/ledger", limit=1000, **({"since": since} if since else {}))
        copy |= {(item["type"], item["id"]): item for item in page["items"]}
        since = page["next_cursor"]
        if not page["has_more"]:
            return since


@asynccontextmanager
async def following(house: Household) -> AsyncIterator[Follower]:
    """Somebody who listens for the block."""
    follower = Follower(house.person)
    tasks = [asyncio.create_task(follower.listen()), asyncio.create_task(follower.sync())]
    try:
        yield follower
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
