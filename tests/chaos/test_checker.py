"""The checker itself: after a calm run it finds nothing, and every planted fault."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.checker import DAY, check, quiesce
from tests.chaos.client import OpLog
from tests.chaos.household import Household
from tests.chaos.ordeal import households
from tests.chaos.plans import leave_out, make_plan, post_one
from tests.chaos.supervisor import Product
from tests.chaos.workload import allocate, delete, edit, spend

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq, pytest.mark.timeout(180)]

# database, what is changed in it, how that is taken back, and what the checker must say
PLANTED = (
    (
        "ledger",
        "UPDATE posting SET amount_minor = amount_minor {} 1 WHERE book_id = $1 AND kind = 'account'",
        "does not add up to zero",
    ),
    (
        "ledger",
        "UPDATE account SET balance_minor = balance_minor {} 1 WHERE book_id = $1",
        "instead of",
    ),
    (
        "ledger",
        "UPDATE account_month SET sum_minor = sum_minor {} 1 WHERE book_id = $1",
        "instead of",
    ),
    (
        "ledger",
        "UPDATE event SET aggregate_version = aggregate_version {} 1000 WHERE stream_id = $1",
        "versions have a gap",
    ),
    ("ledger", "UPDATE stream_head SET sequence = sequence {} 1 WHERE stream_id = $1", "have a gap"),
    ("ledger", "UPDATE idempotency SET status = status {} 1 WHERE book_id = $1", "was answered"),
    (
        "ledger",
        "UPDATE plan_occurrence SET nominal_date = nominal_date {} 1 WHERE book_id = $1",
        "is marked as posted",
    ),
    ("budget", "UPDATE month SET income = income {} 1 WHERE book_id = $1", "should be"),
    ("budget", "UPDATE month_line SET available = available {} 1 WHERE book_id = $1", "should be"),
)


@asynccontextmanager
async def planted(product: Product, service: str, statement: str, house: Household) -> AsyncIterator[None]:
    connection = await product.database(service)
    try:
        await connection.execute("SET session_replication_role = replica")  # no trigger minds
        await connection.execute(statement.format("+"), house.book)
        yield
        await connection.execute(statement.format("-"), house.book)
    finally:
        await connection.close()


async def test_a_planted_fault_is_found_and_a_calm_run_has_none(product: Product, log: OpLog) -> None:
    async with households(product, log, 3, amount=1) as houses:
        for auto_post in (True, False):
            await make_plan(houses[0], auto_post=auto_post)
        for wish in (spend, spend, spend, edit, delete, allocate, post_one, post_one, leave_out):
            await wish(houses[0])
        assert await quiesce(product) == []
        assert await check(product, houses, log) == []
        for service, statement, fault in PLANTED:
            async with planted(product, service, statement, houses[0]):
                found = await check(product, houses, log)
            assert any(fault in said for said in found), (statement, found)

        plan = next(iter(houses[0].plans.values()))
        plan.settled[plan.days[-1] + DAY] = "posted"
        assert any("was not posted for" in said for said in await check(product, houses, log))
        plan.settled[plan.days[-1] + DAY] = "skipped"
        assert any("is marked as skipped" in said for said in await check(product, houses, log))
        del plan.settled[plan.days[-1] + DAY]

        first = next(row for row in houses[0].transactions.values() if row)
        first["amount_minor"] += 1
        found = await check(product, houses, log)
        assert any("was acknowledged as" in said for said in found)
        assert any("instead of" in said for said in found)
        del houses[0].transactions[first["id"]]
        log.outcomes = [outcome for outcome in log.outcomes if outcome.op.name != "edit"]
        assert await check(product, houses, log) != []
