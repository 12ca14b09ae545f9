"""Books furnished for properties, and the whole state of the database in one look."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from services.ledger.tests.properties.things import Body, named

from pfms_service.testing import Harness

type State = dict[str, tuple[int, int]]


class Home:
    """Somebody's book; a body that names `@account`, `@other`, `@pot` or `@category` finds it there."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.ids: dict[str, str] = {}

    async def named(self, body: Body) -> Body:
        """The body with ids in place of names; what it names is made first."""
        text = json.dumps(body)
        for name in ("@account", "@other", "@pot", "@category"):
            if f'"{name}"' in text:
                await self.id(name)
        return named(body, self.ids)

    async def id(self, name: str) -> str:
        if name not in self.ids:
            self.ids[name] = await self._made(name)
        return self.ids[name]

    async def _made(self, name: str) -> str:
        match name:
            case "@pot":
                pot = await self.client.post("/pots", account_id=await self.id("@account"), name="Pot:1")
                made = pot.json()
            case "@category":
                made = (await self.client.post("/categories", name="Category:1", type="expense")).json()
            case _:
                made = await self.client.account(name)
        return str(made["id"])


@pytest.fixture
def home(new_client: Any) -> Callable[[], AbstractAsyncContextManager[Home]]:
    """Opens a new book, each time."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Home]:
        async with new_client() as client:
            yield Home(client)

    return opened


@pytest_asyncio.fixture
async def state(ledger: Harness) -> AsyncIterator[Callable[[], Awaitable[State]]]:
    """Looks at every row of every table: table → count and hash."""
    connection = await asyncpg.connect(ledger.urls.owner)
    tables = await connection.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'"
    )
    each = [
        f"SELECT '{table['name']}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table['name']} t"
        for table in tables
    ]
    whole = " UNION ALL ".join(each)

    async def looked() -> State:
        return {row[0]: (row[1], int(row[2])) for row in await connection.fetch(whole)}

    yield looked
    await connection.close()


@pytest_asyncio.fixture
async def foreign(new_client: Any) -> AsyncIterator[str]:
    """The id of a thing in somebody else's book."""
    async with new_client() as client:
        yield await Home(client).id("@account")
