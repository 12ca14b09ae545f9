"""A running ledger on a database of its own, and people who sign in."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2 as httpx
import pytest
import pytest_asyncio

from pfms_common.ids import new_id
from pfms_common.sql import scope
from pfms_ledger.app import SERVICE
from pfms_ledger.operations.categories import provision
from pfms_service.testing import Harness, Person, harness


@pytest_asyncio.fixture
async def ledger() -> AsyncIterator[Harness]:
    async with harness(SERVICE) as running:
        yield running


@pytest_asyncio.fixture
async def anna(ledger: Harness) -> AsyncIterator["Client"]:
    """Somebody with a book that has its starting tree."""
    person = Person()
    with scope(books=[person.book_id]):
        async with ledger.resources.pool.acquire() as connection, connection.transaction():
            await provision(connection, person.book_id)
    async with ledger.client(person) as client:
        yield Client(client, person)


@pytest_asyncio.fixture
async def boris(ledger: Harness) -> AsyncIterator["Client"]:
    """A stranger with a book of his own."""
    person = Person()
    async with ledger.client(person) as client:
        yield Client(client, person)


@pytest.fixture
def ofx() -> Callable[..., str]:
    """Writes a statement of rows (id, day, amount, name)."""

    def statement(*rows, account="12345678", currency="EUR"):
        """A statement of rows (id, day, amount, name)."""
        listed = "".join(
            f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{bank_id}<NAME>{name}</STMTTRN>"
            for bank_id, day, amount, name in rows
        )
        return (
            "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n"
            "COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
            f"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><BANKID>1<ACCTID>{account}"
            f"<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{listed}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
        )

    return statement


@pytest.fixture
def new_client(ledger: Harness) -> Callable[[], AbstractAsyncContextManager["Client"]]:
    """Opens somebody else's book, each time."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Client]:
        person = Person()
        async with ledger.client(person) as client:
            yield Client(client, person)

    return opened


@pytest.fixture
def at_once(ledger: Harness, anna: "Client") -> Callable[..., Awaitable[list[httpx.Response]]]:
    """Sends requests while the book is being written, so that all of them wait for it before any is done."""

    async def sent(*requests: Awaitable[httpx.Response]) -> list[httpx.Response]:
        with scope(books=[anna.person.book_id]):
            async with ledger.resources.pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT lock_heads($1)", [anna.person.book_id])
                tasks = [asyncio.ensure_future(request) for request in requests]
                while not await connection.fetchval(_WAITING):  # noqa: ASYNC110  # for a server
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.1)  # the others read meanwhile what they read without the lock
        return await asyncio.gather(*tasks)

    return sent


_WAITING = """SELECT EXISTS (SELECT FROM pg_locks
    WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"""


class Client:
    """Speaks the API in the words of the tests; each write with a key of its own."""

    def __init__(self, http: httpx.AsyncClient, person: Person) -> None:
        self.http = http
        self.person = person

    async def post(self, path: str, key: str | None = None, **body: object) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Idempotency-Key": key or f"key-{new_id()}"})

    async def get(self, path: str, **params: object) -> httpx.Response:
        return await self.http.get(path, params=params)

    async def patch(self, path: str, version: int, **body: object) -> httpx.Response:
        return await self.http.patch(path, json=body, headers={"If-Match": f'"{version}"'})

    async def delete(self, path: str, version: int) -> httpx.Response:
        return await self.http.delete(path, headers={"If-Match": f'"{version}"'})

    async def account(self, name: str = "Checking", **fields: object) -> dict:
        body = {"type": "checking", "currency": "EUR", "opening_balance_minor": 0, "opened_on": "2026-01-01"}
        response = await self.post("/accounts", name=name, **{**body, **fields})
        assert response.status_code == 201, response.text
        return response.json()

    async def category(self, key: str) -> str:
        items = (await self.get("/categories")).json()["items"]
        return next(item["id"] for item in items if item["key"] == key)

    async def spend(self, account: dict, amount: int, date: str = "2026-02-03", **fields: object) -> dict:
        response = await self.post(
            "/transactions", account_id=account["id"], amount_minor=amount, date=date, **fields
        )
        assert response.status_code == 201, response.text
        return response.json()

    async def upload(
        self,
        account: dict | None,
        content: str | bytes,
        name: str = "bank.csv",
        key: str | None = None,
        **parts: object,
    ) -> httpx.Response:
        """POSTs a file; parts that are no text are sent as JSON."""
        data = {"account_id": account["id"]} if account else {}
        data |= {
            part: value if isinstance(value, str) else json.dumps(value) for part, value in parts.items()
        }
        raw = content.encode() if isinstance(content, str) else content
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post("/imports", files={"file": (name, raw)}, data=data, headers=headers)

    async def preview(self, account: dict | None, content: str | bytes, **parts: object) -> dict:
        """The preview of a file that can be read."""
        response = await self.upload(account, content, **parts)
        assert response.status_code == 201, response.text
        return await self.until(response.json()["id"], "reading")

    async def commit(self, preview: dict, **body: object) -> dict:
        """The import when its rows are written."""
        response = await self.post(f"/imports/{preview['id']}/commit", **body)
        assert response.status_code == 202, response.text
        return await self.until(preview["id"], "processing")

    async def bring(self, account: dict | None, content: str | bytes, **parts: object) -> dict:
        return await self.commit(await self.preview(account, content, **parts))

    async def until(self, import_id: str, past: str) -> dict:
        """The import once its status is another one."""
        while (found := (await self.get(f"/imports/{import_id}")).json())["status"] == past:  # noqa: ASYNC110  # of a server
            await asyncio.sleep(0.01)
        return found

    async def rows(self, found: dict, **params: object) -> list[dict]:
        return (await self.get(f"/imports/{found['id']}/rows", limit=200, **params)).json()["items"]

    async def transactions(self, **params: object) -> list[dict]:
        return (await self.get("/transactions", limit=200, **params)).json()["items"]

    async def balance(self, account: dict) -> int:
        return (await self.get(f"/accounts/{account['id']}")).json()["balance_minor"]
