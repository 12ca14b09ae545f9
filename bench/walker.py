"""A client of the whole product, as far as the benches walk: sign up, an account, a bank file, a month."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import aiohttp

from bench.fill import DAYS, FIRST_DAY
from pfms_common import consistency
from pfms_common.ids import new_id

PASSWORD = "correct horse battery staple"
PAYEES = 200
MONTH = f"{FIRST_DAY:%Y-%m}"
NO_LIMITS = json.dumps({"*": 1_000_000_000})
MAPPING = json.dumps({"header": True, "date": "Date", "amount": "Amount", "payee": "Payee", "memo": "Memo"})
_ENDED = {"completed", "failed"}


@dataclass(frozen=True, slots=True)
class Imported:
    """An import's counts, and seconds since its upload began until it was read, committed, seen in the budget."""

    counts: dict[str, Any]
    read: float
    committed: float
    visible: float = 0


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody who is signed in, with one account."""

    session: aiohttp.ClientSession
    account_id: str

    async def spend(self, day: date) -> str:
        """Posts a transaction; the token that a reader shows to see it."""
        body = {"account_id": self.account_id, "date": str(day), "amount_minor": -100, "payee": "Corner Shop"}
        _, headers = await _post(self.session, "/transactions", body)
        return headers[consistency.HEADER]

    async def month_with(self, key: str, token: str) -> Any:
        """The month once it holds what the token names."""
        while True:
            month, headers = await _get(self.session, f"/budgets/{key}", **{consistency.HEADER: token})
            if "X-Stale" not in headers:
                return month

    async def upload(self, content: bytes) -> Imported:
        """A bank file from upload to committed, and to visible in the budget."""
        began = time.perf_counter()
        done = await import_file(self.session, self.account_id, content)
        await self.month_with(MONTH, await self.spend(FIRST_DAY))
        return replace(done, visible=time.perf_counter() - began)


async def import_file(session: aiohttp.ClientSession, account_id: str, content: bytes) -> Imported:
    """Uploads a bank file as whom the session speaks for, commits it and waits for its end."""
    began = time.perf_counter()
    form = aiohttp.FormData({"account_id": account_id, "mapping": MAPPING})
    form.add_field("file", content, filename="statement.csv", content_type="text/csv")
    read, _ = await _post(session, "/imports", form)
    path = f"/imports/{read['id']}"
    while (await _get(session, path))[0]["status"] == "reading":
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - began
    await _post(session, f"{path}/commit", {})
    while (done := (await _get(session, path))[0])["status"] not in _ENDED:
        await asyncio.sleep(0.02)
    if done["status"] == "failed":
        raise RuntimeError(f"the import failed: {done}")
    return Imported(done, seconds, time.perf_counter() - began)


@asynccontextmanager
async def walker(url: str) -> AsyncIterator[Walker]:
    """Somebody new: signed up and in, with a budget since the first month of the files and one account."""
    person = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    more = {"display_name": "Bench", "home_currency": "EUR", "timezone": "Europe/Berlin"}
    account = {"name": "Current", "type": "checking", "currency": "EUR", "opened_on": str(FIRST_DAY)}
    async with aiohttp.ClientSession(url) as session:
        await _post(session, "/auth/register", {**person, **more})
        signed, _ = await _post(session, "/auth/login", person)
        session.headers["Authorization"] = f"Bearer {signed['access_token']}"
        made, _ = await _post(session, "/accounts", account)
        while not await _planned(session):  # the budget hears of the book by an event
            await asyncio.sleep(0.1)
        yield Walker(session, made["id"])


async def _planned(session: aiohttp.ClientSession) -> bool:
    async with session.post("/api/v1/budgets", json={"month": MONTH, "planned_income_minor": 0}) as answer:
        return answer.status == 201


async def _get(session: aiohttp.ClientSession, path: str, **headers: str) -> tuple[Any, Mapping[str, str]]:
    async with session.get(f"/api/v1{path}", headers=headers) as answer:
        if answer.status != 200:
            raise RuntimeError(f"GET {path} answered {answer.status}: {await answer.text()}")
        return await answer.json(), answer.headers


async def _post(
    session: aiohttp.ClientSession, path: str, body: Any, **headers: str
) -> tuple[Any, Mapping[str, str]]:
    content = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
    headers = {"Idempotency-Key": str(new_id()), **headers}
    async with session.post(f"/api/v1{path}", headers=headers, **content) as answer:
        if answer.status >= 300:
            raise RuntimeError(f"POST {path} answered {answer.status}: {await answer.text()}")
        return await answer.json(), answer.headers


def bank_file(rows: int, start: int = 0) -> bytes:
    """A CSV statement over three years; another start makes other rows."""
    lines = ["Date,Payee,Amount,Memo"]
    for n in range(start, start + rows):
        day = FIRST_DAY + timedelta(days=n % DAYS)
        cents = 100 + (n * 7919) % 90_000
        lines.append(f"{day},Shop {n % PAYEES:03},-{cents // 100}.{cents % 100:02},reference {n}")
    return ("\n".join(lines) + "\n").encode()
