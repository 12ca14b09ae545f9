"""People in a book of the running budget, in the words of the tests."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest
import pytest_asyncio

from pfms_budget.domain.cells import Split, Transaction, Transfer
from pfms_common.ids import new_id
from pfms_service.testing import Person


class Household:
    """One book with a checking account and three categories, told of by the ledger."""

    def __init__(self, book: Any, http: httpx.AsyncClient) -> None:
        self.book = book
        self.http = http
        self.checking, self.savings = new_id(), new_id()
        self.groceries, self.rent, self.salary = new_id(), new_id(), new_id()

    async def settle(self, opening: int = 100_000) -> None:
        await self.book.tell(
            self.book.account(self.checking, opening_balance_minor=opening, opened_on=date(2024, 1, 1)),
            self.book.account(self.savings, on_budget=False),
            self.book.category(self.groceries, "expense"),
            self.book.category(self.rent, "expense"),
            self.book.category(self.salary, "income"),
        )

    async def spend(self, day: str, minor: int, category: UUID | None = None, **flags: bool) -> UUID:
        """Outflow negative; answers the transaction's id."""
        transaction_id = new_id()
        moved = Transaction(date.fromisoformat(day), self.checking, [Split(category, minor)], **flags)
        await self.book.tell(self.book.transaction(transaction_id, moved))
        return transaction_id

    async def transfer(
        self, day: str, source: UUID, target: UUID, minor: int, category: UUID | None = None
    ) -> None:
        splits = [Split(category, minor)] if category else []
        moved = Transfer(date.fromisoformat(day), source, target, minor, minor, splits)
        await self.book.tell(self.book.transaction(new_id(), moved))

    async def post(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        return await self.http.post(path, json=body, headers=headers or {})

    async def plan(self, month: str = "2024-01", **fields: Any) -> dict[str, Any]:
        response = await self.post("/budgets", month=month, **fields)
        assert response.status_code == 201, response.text
        return response.json()

    async def allocate(
        self, category: UUID, value: int | str, month: str = "2024-01", **fields: Any
    ) -> dict[str, Any]:
        kind = "percentage" if isinstance(value, str) else "fixed"
        body = {"category_id": str(category), "allocation_type": kind, "allocation_value": value, **fields}
        response = await self.post(f"/budgets/{month}/allocations", **body)
        assert response.status_code == 201, response.text
        return response.json()

    async def month(self, key: str = "2024-01") -> dict[str, Any]:
        response = await self.http.get(f"/budgets/{key}")
        assert response.status_code == 200, response.text
        return response.json()

    async def line(self, category: UUID | None, key: str = "2024-01") -> dict[str, Any]:
        wanted = str(category) if category else None
        return next(row for row in (await self.month(key))["categories"] if row["category_id"] == wanted)


@pytest_asyncio.fixture
async def home(book: Any, anna: httpx.AsyncClient) -> Household:
    made = Household(book, anna)
    await made.settle()
    return made


@pytest_asyncio.fixture
async def viewer(book: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who may only look at the book."""
    async with book.running.client(Person(book_id=book.id, role="viewer")) as client:
        yield client


@pytest_asyncio.fixture
async def stranger(book: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a book of his own."""
    async with book.running.client(Person()) as client:
        yield client


@pytest.fixture
def household() -> type[Household]:
    return Household
