"""A deterministic household to look at: two people, six accounts in two currencies, three years of money.

It goes in through the API like anybody's data. The figures follow from a fixed seed and the month it is run in.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx2 as httpx

from pfms_common.period import Period, month_of, next_month, previous_month
from pfms_embedded.arrangements import Plan, Thing
from pfms_embedded.home import settings_from_environment
from pfms_embedded.household import Household, Movement, household
from pfms_embedded.run import product

PASSWORD = "three years of money"  # noqa: S105  # of people who do not exist
PEOPLE = (("anna@demo.example", "Anna"), ("ben@demo.example", "Ben"))
AT_ONCE = 8
MONTHS = 36


def demo(url: str | None) -> None:
    """Fills the product that runs at `url` or on PFMS_PORT, else starts it for as long as this takes."""
    asyncio.run(_demo(url))


async def _demo(url: str | None) -> None:
    home, port, host = settings_from_environment()
    async with _client(url or f"http://{host}:{port}", home, port) as client:
        started = datetime.now(UTC)
        try:
            plan = household(_last_months(MONTHS), started.date(), random.Random(2026))  # noqa: S311  # no secret
            count = await Filler(client).fill(plan)
        except AlreadyThere:
            print(f"The demo household is there already: sign in as {PEOPLE[0][0]}, password “{PASSWORD}”.")  # noqa: T201  # the terminal
            return
    seconds = (datetime.now(UTC) - started).seconds
    print(  # noqa: T201  # the terminal
        f"\r{count} transactions in {seconds} s. Sign in as {PEOPLE[0][0]} or {PEOPLE[1][0]}, password “{PASSWORD}”."
    )


@asynccontextmanager
async def _client(url: str, home: Path, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running product, or of one that lives as long as this; past the limits on requests."""
    secret = home / "keys" / "secrets" / "limit-pass"
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60) as client:
        try:
            await client.get("/healthz")
        except httpx.TransportError:
            print("PFMS is not running: starting it for the demo …", flush=True)  # noqa: T201  # the terminal
        else:
            client.headers["X-Limit-Pass"] = _read(secret)
            yield client
            return
    async with product(home, port) as (app, _servers):
        transport = httpx.ASGITransport(app)
        headers = {"X-Limit-Pass": _read(secret)}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://demo/api/v1", headers=headers, timeout=60
        ) as client:
            yield client


def _read(secret: Path) -> str:
    try:
        return secret.read_text()
    except OSError as error:
        sys.exit(
            f"{secret} cannot be read ({error.strerror}): run the demo as who runs PFMS, with the same PFMS_HOME"
        )


def _last_months(count: int) -> list[Period]:
    """This month and those before it, oldest first."""
    period = month_of(datetime.now(UTC).date())
    for _ in range(count - 1):
        period = previous_month(period)
    periods = [period]
    while len(periods) < count:
        periods.append(next_month(periods[-1]))
    return periods


class AlreadyThere(Exception):
    """The demo's people have signed up before."""


@dataclass
class Filler:
    """Sends a household through the API, a few requests at a time."""

    client: httpx.AsyncClient
    ids: dict[str, str] = field(default_factory=dict)
    sent: int = 0

    async def fill(self, plan: Household) -> int:
        await self._people()
        await self.fill_ledger(plan)
        for month in plan.budgets:
            await self._post(
                "/budgets", {"month": month.key, "planned_income_minor": month.planned}, f"b{month.key}"
            )
            for category, body in month.allocations:
                allocation = {"category_id": self.ids[category], **body}
                await self._post(f"/budgets/{month.key}/allocations", allocation, f"a{month.key}{category}")
        return self.sent

    async def fill_ledger(self, plan: Household) -> None:
        """All but the people and what they budget, for whom the client is signed in as."""
        await self._categories()
        for thing in [*plan.accounts, *plan.things]:
            await self._make(thing)
        plain = [movement for movement in plan.movements if movement.refunds is None]
        await self._all([partial(self._record, movement, len(plan.movements)) for movement in plain])
        refunds = [movement for movement in plan.movements if movement.refunds is not None]
        await self._all([partial(self._record, movement, len(plan.movements)) for movement in refunds])
        for one in plan.plans:
            await self._plan(one, plan.today)
        await self._reconcile(*plan.reconciled)

    async def _people(self) -> None:
        """Both sign up; Anna invites Ben to her book as an editor."""
        for email, name in PEOPLE:
            body = {"email": email, "password": PASSWORD, "display_name": name}
            place = {"home_currency": "EUR", "timezone": "Europe/Berlin"}
            await self._ask("POST", "/auth/register", {**body, **place})
        tokens = []
        for email, _ in PEOPLE:
            token = await self._ask("POST", "/auth/login", {"email": email, "password": PASSWORD})
            tokens.append({"Authorization": f"Bearer {token['access_token']}"})
        anna, ben = tokens
        books = (await self._ask("GET", "/books", None, anna))["items"]
        if (await self._ask("GET", "/accounts", None, anna))["items"]:
            raise AlreadyThere
        await self._ask(
            "POST", f"/books/{books[0]['id']}/invitations", {"email": PEOPLE[1][0], "role": "editor"}, anna
        )
        await self._confirm(PEOPLE[1][0])
        invitations = (await self._ask("GET", "/invitations", None, ben))["items"]
        await self._ask("POST", f"/invitations/{invitations[0]['id']}/accept", {}, ben)
        self.client.headers.update(anna)

    async def _confirm(self, email: str) -> None:
        """Follows the link in the mail to this address: invitations wait for confirmed ones."""
        for _ in range(100):
            for mail in (await self._ask("GET", f"/mailbox/messages?to={email}", None))["items"]:
                _, link, rest = mail["text"].partition("/verify-email#token=")
                if link:
                    await self._ask("POST", "/auth/verify-email", {"token": rest.split()[0]})
                    return
            await asyncio.sleep(0.1)
        sys.exit("the mail to confirm an address did not come: look at the terminal where PFMS runs")

    async def _categories(self) -> None:
        """The starting tree comes with an event, within a second."""
        for _ in range(100):
            items = (await self._ask("GET", "/categories?limit=200", None))["items"]
            if items:
                self.ids.update({item["key"]: item["id"] for item in items})
                return
            await asyncio.sleep(0.1)
        sys.exit("the categories of the new book did not come: look at the terminal where PFMS runs")

    async def _record(self, movement: Movement, total: int) -> None:
        body = movement.body
        if movement.refunds is not None:
            body = {**body, "related_transaction_id": movement.refunds}
        await self._make(Thing(movement.key, "/transactions", body))
        self.sent += 1
        if self.sent % 50 == 0:
            print(f"\r{self.sent} of {total} transactions …", end="", flush=True)  # noqa: T201  # progress

    async def _make(self, thing: Thing) -> None:
        made = await self._post(thing.path, self._with_ids(thing.body), thing.key)
        self.ids[thing.key] = made["id"]

    def _with_ids(self, body: Any) -> Any:
        """The body with ids in place of keys."""
        if isinstance(body, list):
            return [self._with_ids(part) for part in body]
        if not isinstance(body, dict):
            return body
        return {
            name: self.ids[value] if name.endswith("_id") else self._with_ids(value)
            for name, value in body.items()
        }

    async def _plan(self, plan: Plan, today: date) -> None:
        await self._make(plan.thing)
        path = f"/recurring/{self.ids[plan.thing.key]}"
        if plan.realized:
            posted = await self._post(f"{path}/realize", {"up_to": today.isoformat()}, plan.thing.key)
            self.sent += len(posted["created"])
        if plan.auto_post:
            await self._ask("PATCH", path, {"auto_post": True, "version": 1})

    async def _reconcile(self, account: str, day: date) -> None:
        """The account agrees with its bank's statement of that day."""
        account_id = self.ids[account]
        path = f"/accounts/{account_id}/reconciliations"
        balances = (await self._ask("GET", f"/balances?as_of={day}", None))["items"]
        balance = next(item["balance_minor"] for item in balances if item["account_id"] == account_id)
        statement = {"statement_date": day.isoformat(), "statement_balance_minor": balance}
        begun = await self._post(path, statement, "statement")
        asked = f"/transactions?account_id={account_id}&to={day}&limit=200"
        items = (await self._ask("GET", asked, None))["items"]
        path = f"{path}/{begun['id']}"
        ticked = await self._post(f"{path}/ticks", {"tick": [item["id"] for item in items]}, "ticks")
        await self._post(f"{path}/finish", {"version": ticked["version"]}, "finish")

    async def _all(self, work: list[Callable[[], Awaitable[None]]]) -> None:
        queue = iter(work)

        async def worker() -> None:
            for do in queue:
                await do()

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))

    async def _post(self, path: str, body: dict[str, Any], key: str) -> Any:
        return await self._ask(
            "POST", path, body, {"Idempotency-Key": str(uuid5(NAMESPACE_URL, f"demo {path} {key}"))}
        )

    async def _ask(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        response = await self.client.request(method, path, json=body, headers=headers)
        if response.status_code >= 400:
            sys.exit(f"{method} {path} answered {response.status_code}: {response.json().get('detail')}")
        return response.json() if response.content else None
