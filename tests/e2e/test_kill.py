"""kill -9 of the one process in the middle of writes: nothing acknowledged is lost or doubled."""

import asyncio
import os
import random
import sys
from uuid import uuid4

import httpx2 as httpx
import pytest


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2])
async def test_what_was_acknowledged_survives_kill_9_once(own_product, new_user, seed):
    chance = random.Random(seed)
    product = own_product(GATEWAY_LIMITS='{"*": 1000000}')
    user = await new_user(product.url)
    keys = await user.categories()
    account = await user.account()
    await user.post("/budgets", {"month": "2026-02", "planned_income_minor": 0})
    amounts: dict[str, int] = {}
    unknown: dict[str, int] = {}

    async def write(key: str, amount: int) -> None:
        body = {
            "account_id": account["id"],
            "date": "2026-02-10",
            "amount_minor": -amount,
            "splits": [{"category_id": keys["groceries"], "amount_minor": -amount}],
        }
        try:
            response = await user.http.post("/transactions", json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            unknown[key] = amount
            return
        if response.status_code == 201:
            amounts[key] = amount
            unknown.pop(key, None)
        else:
            unknown[key] = amount

    for _round in range(3):
        writers = [asyncio.create_task(write(f"key-{uuid4()}", chance.randint(1, 10_000))) for _ in range(60)]
        await asyncio.sleep(chance.uniform(0.02, 0.3))
        product.kill()
        await asyncio.gather(*writers)
        product.start()
        for key, amount in list(unknown.items()):
            await write(key, amount)
    assert not unknown

    total = sum(amounts.values())
    items, cursor = [], None
    while True:
        page = await user.get("/transactions", limit=200, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(-item["amount_minor"] for item in items) == sorted(amounts.values())
    assert (await user.get(f"/accounts/{account['id']}"))["balance_minor"] == -total
    await user.until(
        lambda: user.month("2026-02"),
        lambda month: (
            {row["category_id"]: row["actual_minor"] for row in month["categories"]}.get(keys["groceries"])
            == total
        ),
    )


async def test_a_second_start_on_the_same_folder_is_refused_with_the_reason(own_product):
    product = own_product()
    second = type(product)(product.home)

    with pytest.raises(AssertionError, match=str(product.port)):
        second.start()


async def test_sigterm_ends_it_cleanly_and_the_data_is_there_again(own_product, new_user):
    product = own_product()
    user = await new_user(product.url)
    account = await user.account(opening_balance_minor=4_711)

    code = product.stop()
    product.start()

    assert code == 0
    assert (await user.get(f"/accounts/{account['id']}"))["balance_minor"] == 4_711


async def test_the_default_limits_stop_a_flood_of_sign_ins(own_product):
    product = own_product()

    async with httpx.AsyncClient(base_url=f"{product.url}/api/v1") as http:
        body = {"email": "nobody@example.org", "password": "not the right one"}
        answers = [await http.post("/auth/login", json=body) for _ in range(25)]

    codes = [answer.status_code for answer in answers]
    assert codes[0] == 401
    assert codes[-1] == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


async def test_what_a_running_product_promises_can_be_checked_from_outside(own_product, new_user):
    product = own_product()
    user = await new_user(product.url)
    account = await user.account(opening_balance_minor=1_000)
    await user.post("/transactions", {"account_id": account["id"], "date": "2026-02-10", "amount_minor": -1})
    told = {**os.environ, "PFMS_HOME": str(product.home), "PFMS_PORT": str(product.port)}

    for words in ("ledger check", "budget check", "ledger rebuild", "budget events parked"):
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pfms_embedded", *words.split(), env=told, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await program.communicate()
        assert program.returncode == 0, (words, said)
        assert b" differed" not in said.replace(b": 0 rows differed", b""), said
