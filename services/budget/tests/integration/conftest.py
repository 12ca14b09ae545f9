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
