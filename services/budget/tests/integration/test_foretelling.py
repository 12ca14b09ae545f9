"""An account that is going to run dry is told of once, and again when meanwhile it was going to last."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from pfms_budget.domain.cells import Split, Transaction
from pfms_budget.operations.foretelling import foretell_book
from pfms_common.ids import new_id

NOW = datetime.now(UTC)
CHECKING, BILL = UUID(int=0x51), UUID(int=0x52)


@pytest.fixture
async def foreseen(book):
    """100.00 on the account, and a bill to come; answers a way to change the bill and look."""
    await book.tell(book.account(CHECKING, opening_balance_minor=10_000))

    async def look(bill: int) -> list[tuple[int, int]]:
        """After the bill has become another: versions and balances that were told."""
        due = Transaction((NOW + timedelta(days=9)).date(), CHECKING, [Split(None, -bill)])
        await book.tell(book.transaction(BILL, due))
        await foretell_book(book.running.resources.pool, book.id, NOW)
        rows = await book.sql(
            "SELECT aggregate_version, data::text AS data FROM event"
            " WHERE stream_id = $1 AND type = 'forecast.low_balance' ORDER BY sequence",
            book.id,
        )
        return [(row["aggregate_version"], orjson.loads(row["data"])["balance_minor"]) for row in rows]

    return look


async def test_it_is_told_once_and_again_after_it_would_have_lasted(foreseen):
    assert await foreseen(10_000) == []
    assert await foreseen(10_001) == [(1, -1)]
    assert await foreseen(10_500) == [(1, -1)], "it is no news any more"
    assert await foreseen(9_000) == [(1, -1)]
    assert await foreseen(10_300) == [(1, -1), (2, -300)]


async def test_an_account_off_the_budget_is_nobodys_worry(book):
    await book.tell(book.account(new_id(), opening_balance_minor=-5, on_budget=False))

    assert await foretell_book(book.running.resources.pool, book.id, NOW) == 0
