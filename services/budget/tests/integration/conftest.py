"""A book in which something happened."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from pfms_budget.domain.cells import Split, Transaction
from pfms_common.ids import new_id

FIRST = date(2024, 1, 3)


@pytest.fixture
def life(book: Any) -> list[Any]:
    """Events of one account, two categories and forty purchases over three months."""
    account, groceries, salary = UUID(int=1), UUID(int=2), UUID(int=3)
    told = [
        book.event(book.account(account, opening_balance_minor=100_000)),
        book.event(book.category(groceries, "expense")),
        book.event(book.category(salary, "income")),
    ]
    for n in range(40):
        category = (groceries, None, salary)[n % 3]
        moved = Transaction(FIRST + timedelta(days=2 * n), account, [Split(category, 7 * n - 140)])
        told.append(book.event(book.transaction(new_id(), moved)))
    return told


GROCERIES = UUID(int=2)


@pytest.fixture
def spend(book: Any) -> Any:
    """The event of a purchase of groceries; outflow negative."""

    def made(day: date, minor: int) -> Any:
        return book.transaction(new_id(), Transaction(day, UUID(int=1), [Split(GROCERIES, minor)]))

    return made


@pytest.fixture
async def alerting(book: Any) -> Any:
    """The same account with 1,000.00, of which 100.00 are set aside for groceries in the running month."""
    await book.plan("2024-01")
    await book.sql(
        "INSERT INTO allocation VALUES ($1, $2, '2024-02-01', $3, 'fixed', NULL, 10000, 'none', NULL, 0, 1)",
        *(book.id, new_id(), GROCERIES),
    )
    await book.tell(
        book.account(UUID(int=1), opening_balance_minor=100_000), book.category(GROCERIES, "expense")
    )
    return book
