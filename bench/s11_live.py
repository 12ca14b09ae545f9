"""S11: two people at one book: from one's acknowledged change to the other's client hearing of it, at the gateway."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bench.measure import percentile
from bench.report import Row, at_most
from bench.s8_start import embedded
from bench.split import broker_answers
from bench.world import BROKER_URL, World, free_port, process, ready
from pfms_common.ids import new_id

CHANGES, PAUSE_SECONDS = 300, 0.02
NO_LIMITS = json.dumps({"*": 1_000_000_000})
PASSWORD = "two people, one book"  # of people who do not exist


async def run(world: World) -> list[Row]:
    async with embedded(world, "s11", GATEWAY_LIMITS=NO_LIMITS) as (_, product):
        rows = _rows("embedded", await _heard(world, product.url))
    if not await broker_answers():
        return [*rows, Row("S11", "split", "RabbitMQ is not here")]
    async with _split(world) as url:
        return rows + _rows("split", await _heard(world, url))


def _rows(form: str, lags: list[float]) -> list[Row]:
    p50, p99 = percentile(lags, 50), percentile(lags, 99)
    what = f"acknowledged → the other hears, {form}"
    return [
        Row("S11", f"{what}, p50", product=f"{p50:.1f} ms"),
        Row("S11", f"{what}, p99", product=f"{p99:.1f} ms", goal=at_most(p99, 1000, "ms")),
    ]


@asynccontextmanager
async def _split(world: World) -> AsyncIterator[str]:
    """`make run-split` on the bench's PostgreSQL; its queues are those of the product on PFMS_BROKER_URL."""
    port, log = free_port(), world.folder / "log"
    environment = {
        "PFMS_HOME": str(world.folder / "s11-split"),
        "PFMS_PORT": str(port),
        "PFMS_SERVICES_PORT": str(free_port()),
        "PFMS_PG_ADMIN_URL": world.admin_url(),
        "PFMS_BROKER_URL": BROKER_URL,
        "GATEWAY_LIMITS": NO_LIMITS,
    }
    async with process([sys.executable, "deploy/split.py"], environment, log, ending=signal.SIGTERM):
        await ready(port, log)
        yield f"http://127.0.0.1:{port}"


async def _heard(world: World, url: str) -> list[float]:
    """Milliseconds from the answer to one person until the other's stream brings the change; an event that comes
    before the answer counts as none.
    """
    arrived: dict[str, float] = {}
    answered: dict[str, float] = {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        anna, boris, account = await _two(session, f"{url}/api/v1")
        listening = asyncio.create_task(_listen(session, f"{url}/api/v1", boris, arrived))
        while not arrived:  # until the stream says that it is ready
            await asyncio.sleep(0.01)
        for n in range(world.size(CHANGES)):
            body = {"account_id": account, "date": "2026-02-03", "amount_minor": -1 - n}
            made = await _ask(session, "POST", f"{url}/api/v1/transactions", anna, body)
            answered[made["id"]] = time.perf_counter()
            await asyncio.sleep(PAUSE_SECONDS)
        while not answered.keys() <= arrived.keys():
            await asyncio.sleep(0.01)
        listening.cancel()
    return sorted(max(arrived[each] - at, 0) * 1e3 for each, at in answered.items())


async def _listen(
    session: aiohttp.ClientSession, api: str, who: Mapping[str, str], arrived: dict[str, float]
) -> None:
    async with session.get(f"{api}/events", headers=who) as stream:
        async for line in stream.content:
            if line.startswith(b"event: ready"):
                arrived["ready"] = time.perf_counter()
            if line.startswith(b"data: ") and (subject := json.loads(line[6:]).get("id")):
                arrived.setdefault(subject, time.perf_counter())


async def _two(session: aiohttp.ClientSession, api: str) -> tuple[dict[str, str], dict[str, str], str]:
    """Anna with an account, and Boris, whom she let into her book."""
    anna, book = await _person(session, api, "anna")
    boris, _ = await _person(session, api, "boris")
    await _ask(
        session, "POST", f"{api}/books/{book}/invitations", anna, {"email": _mail("boris"), "role": "editor"}
    )
    waiting = (await _ask(session, "GET", f"{api}/invitations", boris))["items"]
    accepted = await _ask(session, "POST", f"{api}/invitations/{waiting[0]['id']}/accept", boris, {})
    boris = {"Authorization": f"Bearer {accepted['access_token']}", "Book-Id": book}
    place = {"name": "Joint", "type": "checking", "currency": "EUR", "opened_on": "2026-01-01"}
    return anna, boris, (await _ask(session, "POST", f"{api}/accounts", anna, place))["id"]


def _mail(name: str) -> str:
    return f"{name}@bench.example"


async def _person(session: aiohttp.ClientSession, api: str, name: str) -> tuple[dict[str, str], str]:
    """Somebody who signed up and confirmed the address."""
    sign_in = {"email": _mail(name), "password": PASSWORD}
    more = {"display_name": name, "home_currency": "EUR", "timezone": "UTC"}
    made = await _ask(session, "POST", f"{api}/auth/register", {}, {**sign_in, **more})
    link = ""
    while not link:
        mails = (await _ask(session, "GET", f"{api}/mailbox/messages?to={_mail(name)}", {}))["items"]
        link = next((m["text"].partition("/verify-email#token=")[2] for m in mails), "")
        await asyncio.sleep(0.05)
    await _ask(session, "POST", f"{api}/auth/verify-email", {}, {"token": link.split()[0]})
    token = (await _ask(session, "POST", f"{api}/auth/login", {}, sign_in))["access_token"]
    return {"Authorization": f"Bearer {token}"}, made["book"]["id"]


async def _ask(
    session: aiohttp.ClientSession, method: str, url: str, who: Mapping[str, str], body: Any = None
) -> Any:
    headers = {**who, "Idempotency-Key": str(new_id())}
    async with session.request(method, url, json=body, headers=headers) as answer:
        if answer.status >= 300:
            raise RuntimeError(f"{method} {url} answered {answer.status}: {await answer.text()}")
        return await answer.json() if answer.status != 204 else None
