"""Pairs that may be one transaction recorded twice."""

from itertools import pairwise

import pytest

from pfms_ledger.queries import duplicates

BOTH = "Date,Payee,Amount\n2026-02-03,Corner Shop,-5.00\n2026-02-03,Corner Shop,-5.00\n"


async def offered(client, **params):
    body = (await client.get("/transactions/duplicates", **{"from": "2026-01-01", **params})).json()
    return [tuple(each["id"] for each in pair["transactions"]) for pair in body["items"]]


async def test_the_same_amount_on_near_days_from_a_similar_payee_is_offered(anna):
    account, other = await anna.account(), await anna.account("Other")
    one = await anna.spend(account, -500, "2026-02-03", payee="Corner Shop")
    two = await anna.spend(account, -500, "2026-02-05", payee="CORNER SHOP Berlin")
    await anna.spend(account, -500, "2026-02-04", payee="Starbucks")
    await anna.spend(account, -501, "2026-02-03", payee="Corner Shop")
    await anna.spend(account, -500, "2026-02-11", payee="Corner Shop")
    await anna.spend(other, -500, "2026-02-03", payee="Corner Shop")

    body = (await anna.get("/transactions/duplicates", **{"from": "2026-01-01"})).json()

    assert [(pair["days_apart"], pair["amount_minor"]) for pair in body["items"]] == [(2, -500)]
    assert body["items"][0]["transactions"] == [one, two]


async def test_what_a_bank_lists_twice_happened_twice(anna):
    account = await anna.account()
    await anna.bring(account, BOTH)
    assert await offered(anna) == []

    by_hand = await anna.spend(account, -500, "2026-02-02", note="forgotten")

    assert [pair[0] for pair in await offered(anna)] == [by_hand["id"]] * 2


async def test_a_dismissed_pair_is_remembered_and_can_be_offered_again(anna, boris):
    account = await anna.account()
    pair = [(await anna.spend(account, -500, payee="Gym"))["id"] for _ in range(2)]

    foreign = await boris.post("/transactions/duplicates/dismiss", transaction_ids=pair)
    assert foreign.status_code == 404
    assert await offered(anna) == [tuple(pair)]
    for _ in range(2):
        assert (
            await anna.post("/transactions/duplicates/dismiss", transaction_ids=pair[::-1])
        ).status_code == 200
    assert await offered(anna) == []
    await anna.post("/transactions/duplicates/dismiss", transaction_ids=pair, dismissed=False)
    assert await offered(anna) == [tuple(pair)]


@pytest.mark.parametrize("looked_through", [1, 2, 3, 10_000])
@pytest.mark.parametrize("narrowed", [False, True])
async def test_pages_give_each_pair_once_newest_first_however_little_each_looks_through(
    anna, monkeypatch, looked_through, narrowed
):
    monkeypatch.setattr(duplicates, "LOOKED_THROUGH", looked_through)
    account = await anna.account()
    made = [await anna.spend(account, -100, f"2026-02-{day:02}", payee="Gym") for day in (1, 4, 8, 8, 12, 17)]
    one = {"account_id": account["id"]} if narrowed else {}

    walked, cursor = [], None
    while True:
        params = {"limit": 2, "from": "1900-01-01", **one, **({"cursor": cursor} if cursor else {})}
        page = (await anna.get("/transactions/duplicates", **params)).json()
        walked += [tuple(each["id"] for each in pair["transactions"]) for pair in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break

    assert len(walked) == len(set(walked)) == 7
    assert {(a["id"], b["id"]) for a, b in pairwise(made)} <= set(walked)
    order = {each["id"]: place for place, each in enumerate(made)}
    assert walked == sorted(walked, key=lambda pair: [-order[pair[1]], -order[pair[0]]])


async def test_a_transfer_recorded_twice_is_one_pair(anna):
    ends = {
        "from": {"account_id": (await anna.account())["id"]},
        "to": {"account_id": (await anna.account("Savings", type="savings"))["id"]},
    }
    for day in ("2026-02-03", "2026-02-04"):
        await anna.post("/transactions", type="transfer", date=day, amount_minor=900, **ends)

    assert len(await offered(anna)) == 1
