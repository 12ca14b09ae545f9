"""One thing is down: all that does not need it works at once, and what does need it says so."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.checker import check, quiesce
from tests.chaos.client import PASSWORD, Op, OpLog
from tests.chaos.household import Household
from tests.chaos.nemesis import BROKER_KILLED, BUDGETS_POSTGRES_KILLED, REDIS_KILLED, killed, paused
from tests.chaos.ordeal import households, struck
from tests.chaos.supervisor import Product
from tests.chaos.workload import (
    allocate,
    bring_in,
    edit,
    refund,
    spend,
    transfer,
    welcome,
    working,
)

pytestmark = [pytest.mark.chaos, pytest.mark.rabbitmq, pytest.mark.timeout(180)]

WORK_SECONDS = 1
OWNERS_READS = (
    "/user/profile",
    "/books",
    "/accounts",
    "/categories",
    "/payees",
    "/transactions",
    "/balances",
    "/imports",
    "/budgets/2026-02/allocations",
)


@pytest_asyncio.fixture
async def houses(product: Product, log: OpLog) -> AsyncIterator[list[Household]]:
    async with households(product, log, 7) as houses:
        await spend(houses[0])
        await allocate(houses[0])
        assert await quiesce(product) == []
        yield houses


def assert_nobody_waited(log: OpLog) -> None:
    """Every write was done at the first request."""
    assert [outcome for outcome in log.outcomes if outcome.state != "ok" or outcome.asked > 1] == []


async def assert_owners_answer(house: Household) -> None:
    answers = {path: await house.person.http.get(path) for path in OWNERS_READS}
    assert {path: said.status_code for path, said in answers.items() if said.status_code != 200} == {}


async def assert_summary_says_that_it_is_stale(house: Household) -> None:
    """A month that does not hold the caller's last write yet."""
    body = {"account_id": house.account("EUR")["id"], "date": "2026-02-03", "amount_minor": -5}
    written = await house.person.once(Op("spend", "POST", "/transactions", body))
    token = written.headers["X-Consistency-Token"]
    month = await house.person.http.get("/budgets/2026-02", headers={"X-Consistency-Token": token})

    assert written.status_code == 201
    house.transactions[written.json()["id"]] = written.json()
    assert (month.status_code, month.headers["X-Stale"]) == (200, "lagging")
    assert month.json()["as_of"]


async def test_without_rabbitmq_every_write_succeeds_and_summaries_say_that_they_are_stale(
    product: Product, log: OpLog, houses: list[Household]
) -> None:
    async with struck(product, BROKER_KILLED):
        async with working(houses):
            await asyncio.sleep(WORK_SECONDS)
        await assert_owners_answer(houses[0])
        await assert_summary_says_that_it_is_stale(houses[0])

    assert_nobody_waited(log)
    assert await quiesce(product) == []
    assert await check(product, houses, log) == []


async def test_without_redis_everything_answers(
    product: Product, log: OpLog, houses: list[Household]
) -> None:
    async with struck(product, REDIS_KILLED):
        async with working(houses):
            await asyncio.sleep(WORK_SECONDS)
        await assert_owners_answer(houses[0])
        await houses[0].person.sign_in()
        month = await houses[0].person.http.get("/budgets/2026-02")

    assert month.status_code == 200
    assert_nobody_waited(log)
    assert await quiesce(product) == []
    assert await check(product, houses, log) == []


async def test_a_stuck_projection_holds_up_no_write(
    product: Product, log: OpLog, houses: list[Household]
) -> None:
    async with struck(product, paused("budget workers")):
        async with working(houses):
            await asyncio.sleep(WORK_SECONDS)
        await assert_owners_answer(houses[0])
        await assert_summary_says_that_it_is_stale(houses[0])

    assert_nobody_waited(log)
    assert await quiesce(product) == []
    assert await check(product, houses, log) == []


async def test_without_the_budgets_postgresql_only_budgets_are_away(
    product: Product, log: OpLog, houses: list[Household]
) -> None:
    house = houses[0]
    budget = product.programs["budget api"]
    async with struck(product, BUDGETS_POSTGRES_KILLED):
        for wish in (spend, transfer, edit, refund, bring_in, welcome) * 3:
            await wish(house)
        await house.person.sign_in()
        others = [path for path in OWNERS_READS if not path.startswith("/budgets")]
        read = [(await house.person.http.get(path)).status_code for path in others]
        plan = Op("plan", "POST", "/budgets", {"month": "2027-01", "planned_income_minor": 1})
        refused = [await house.person.http.get("/budgets/2026-02") for _ in range(8)]
        refused.append(await house.person.once(plan))
        async with asyncio.timeout(10):
            health = [
                await house.person.http.get(f"{budget.address}/{name}") for name in ("healthz", "readyz")
            ]

    assert read == [200] * len(others)
    assert [(said.status_code, "Retry-After" in said.headers) for said in refused] == [(503, True)] * len(
        refused
    )
    assert [said.status_code for said in health] == [200, 503]
    assert_nobody_waited(log)
    assert (await house.person.send(plan)).state == "ok"
    assert await quiesce(product) == []
    assert await check(product, houses, log) == []


async def test_without_auth_valid_tokens_keep_working_and_nobody_is_signed_out(
    product: Product, log: OpLog, houses: list[Household]
) -> None:
    house = houses[0]
    credentials = {"email": house.person.email, "password": PASSWORD}
    pair = (await house.person.http.post("/auth/login", json=credentials)).json()
    token = {"refresh_token": pair["refresh_token"]}
    async with struck(product, killed("auth api")):
        for wish in (spend, transfer, edit, refund, allocate, bring_in) * 3:
            await wish(house)
        read = [(await house.person.http.get(path)).status_code for path in OWNERS_READS[2:]]
        month = await house.person.http.get("/budgets/2026-02")
        login = await house.person.http.post("/auth/login", json=credentials)
        refresh = await house.person.http.post("/auth/refresh", json=token)

    assert read == [200] * len(read)
    assert month.status_code == 200
    assert (login.status_code, refresh.status_code) == (503, 503)
    assert login.headers["Retry-After"]
    assert_nobody_waited(log)
    assert (await house.person.http.post("/auth/refresh", json=token)).status_code == 200
    assert await quiesce(product) == []
    assert await check(product, houses, log) == []
