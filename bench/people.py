"""Households for a bench: somebody signed in, with a book, an account and a first transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import aiohttp

from bench.load import Request, request
from pfms_common.ids import new_id
from pfms_service.testing import Person

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Household:
    person: Person
    headers: dict[str, str]
    account_id: str

    @property
    def book_id(self) -> UUID:
        return self.person.book_id

    def body(self, day: date = date(2026, 2, 3), amount_minor: int = -1250) -> dict[str, Any]:
        """A transaction with two splits."""
        return {
            "account_id": self.account_id,
            "date": str(day),
            "amount_minor": amount_minor,
            "payee": "Corner Shop",
            "splits": [
                {"amount_minor": amount_minor - amount_minor // 5},
                {"amount_minor": amount_minor // 5},
            ],
        }

    def post(self) -> Request:
        return request(
            "POST", "/api/v1/transactions", self.headers, json.dumps(self.body()).encode(), with_key=True
        )

    def get(self, path: str) -> Request:
        return request("GET", path, self.headers)


async def settle(url: str, amount: int) -> Sequence[Household]:
    """That many books at a ledger, each with an account and a transaction, so that the payee is known."""
    async with aiohttp.ClientSession(base_url=url) as session:
        return [await _household(session) for _ in range(amount)]


async def _household(session: aiohttp.ClientSession) -> Household:
    person = Person()
    headers = person.headers(expires_in=DAY)
    account = await post(
        session,
        "/api/v1/accounts",
        headers,
        {"name": "Current", "type": "checking", "currency": "EUR", "opened_on": "2020-01-01"},
    )
    household = Household(person, headers, account["id"])
    await post(session, "/api/v1/transactions", headers, household.body())
    return household


async def post(session: aiohttp.ClientSession, path: str, headers: dict[str, str], body: Any) -> Any:
    """A POST with a key of its own; answers with the JSON, and raises on anything but success."""
    async with session.post(path, json=body, headers={**headers, "Idempotency-Key": str(new_id())}) as answer:
        if answer.status >= 300:
            raise RuntimeError(f"POST {path} answered {answer.status}: {await answer.text()}")
        return await answer.json()
