"""/accounts/{id}/valuations: what is worth what somebody says."""

import asyncio

import pytest

from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


@pytest.fixture
async def house(anna):
    return await anna.account("House", type="asset", opening_balance_minor=300_000, opened_on="2020-01-01")


async def value(client, account, day, minor, **more):
    return await client.post(f"/accounts/{account['id']}/valuations", date=day, value_minor=minor, **more)


async def held(client, account, day):
    items = (await client.get("/balances", as_of=day)).json()["items"]
    return next(item["balance_minor"] for item in items if item["account_id"] == account["id"])


async def listed(client, account, **params):
    page = (await client.get(f"/accounts/{account['id']}/valuations", **params)).json()
    return [(item["date"], item["value_minor"], item["adjustment_minor"]) for item in page["items"]]


async def test_a_valuation_makes_the_balance_the_value_from_that_day_on(anna, house):
    response = await value(anna, house, "2025-06-30", 350_000)

    assert (response.status_code, response.json()["adjustment_minor"]) == (201, 50_000)
    assert [await held(anna, house, day) for day in ("2025-06-29", "2025-06-30")] == [300_000, 350_000]
    assert house["on_budget"] is False
    (made,) = await anna.transactions(source="valuation")
    assert (made["id"], made["type"], made["amount_minor"]) == (response.json()["id"], "adjustment", 50_000)


async def test_what_is_not_open_yet_has_no_value(anna, house):
    """It would come on top of the opening balance, the day after."""
    response = await value(anna, house, "2019-12-31", 280_000)

    assert (response.status_code, list(response.json()["errors"])) == (400, ["date"])
    assert await held(anna, house, "2020-01-01") == 300_000


async def test_an_account_does_not_come_to_open_behind_a_valuation(anna, house):
    await value(anna, house, "2024-01-31", 310_000)
    path = f"/accounts/{house['id']}"

    refused = await anna.patch(path, 1, opened_on="2024-02-01")
    moved = await anna.patch(path, 1, opened_on="2024-01-31")

    assert (refused.status_code, list(refused.json()["errors"])) == (409, ["opened_on"])
    assert "2024-01-31" in refused.json()["detail"]
    assert (moved.status_code, moved.json()["opened_on"]) == (200, "2024-01-31")


async def test_valuations_keep_their_values_when_one_comes_in_between_or_goes(ledger, anna, house):
    await value(anna, house, "2024-01-31", 310_000)
    await value(anna, house, "2026-01-31", 360_000)

    between = (await value(anna, house, "2025-01-31", 360_000)).json()
    with_it = await listed(anna, house)
    gone = await anna.delete(f"/accounts/{house['id']}/valuations/{between['id']}", 1)

    assert with_it == [
        ("2026-01-31", 360_000, 0),
        ("2025-01-31", 360_000, 50_000),
        ("2024-01-31", 310_000, 10_000),
    ]
    assert gone.status_code == 204
    assert await listed(anna, house) == [("2026-01-31", 360_000, 50_000), ("2024-01-31", 310_000, 10_000)]
    assert await faults(ledger.resources.pool, anna.person.book_id) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_a_day_has_one_valuation_and_the_second_replaces_the_first(anna, house):
    first = (await value(anna, house, "2025-06-30", 350_000)).json()
    second = (await value(anna, house, "2025-06-30", 340_000)).json()

    assert (second["id"], second["version"]) == (first["id"], 2)
    assert await listed(anna, house) == [("2025-06-30", 340_000, 40_000)]


async def test_what_is_owed_is_valued_below_zero(anna):
    debt = await anna.account("Student loan", type="liability", opened_on="2020-01-01")

    await value(anna, debt, "2025-06-30", -20_000)

    assert await anna.balance(debt) == -20_000


async def test_two_who_value_at_once_both_count_and_a_key_has_one_effect(anna, house, at_once):
    key = "the-same-key-twice"
    answers = await at_once(
        value(anna, house, "2025-06-30", 350_000, key=key),
        value(anna, house, "2025-07-31", 355_000),
    )
    again = await value(anna, house, "2025-06-30", 350_000, key=key)

    assert [answer.status_code for answer in answers] == [201, 201]
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert [row[:2] for row in await listed(anna, house)] == [
        ("2025-07-31", 355_000),
        ("2025-06-30", 350_000),
    ]


async def test_what_is_not_valued_by_hand_or_not_ours_is_refused(anna, boris, house):
    checking = await anna.account()
    first = (await value(anna, house, "2025-06-30", 350_000)).json()
    path = f"/accounts/{house['id']}/valuations/{first['id']}"

    wrong_type = await value(anna, checking, "2025-06-30", 5)
    answers = await asyncio.gather(
        value(boris, house, "2025-06-30", 5),
        boris.delete(path, 1),
        boris.get(f"/accounts/{house['id']}/valuations"),
        anna.delete(f"/accounts/{checking['id']}/valuations/{first['id']}", 1),
    )

    assert (wrong_type.status_code, wrong_type.json()["code"]) == (409, "not_valued")
    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await anna.http.delete(path)).status_code == 428
    assert (await value(anna, house, "2125-06-30", 5)).status_code == 400
    assert (await anna.http.post(path.rpartition("/")[0], json={})).status_code == 400


async def test_a_reconciled_valuation_stays_whatever_is_valued_around_it(anna, house):
    later = (await value(anna, house, "2026-01-31", 360_000)).json()
    await anna.patch(f"/transactions/{later['id']}", 1, status="reconciled")

    refused = await value(anna, house, "2025-01-31", 350_000)

    assert (refused.status_code, refused.json()["code"]) == (409, "reconciled")
    assert await listed(anna, house) == [("2026-01-31", 360_000, 60_000)]


async def test_pages_of_valuations_follow_each_other(anna, house):
    for day in ("2025-01-31", "2025-02-28", "2025-03-31"):
        await value(anna, house, day, 350_000)
    path = f"/accounts/{house['id']}/valuations"

    first = (await anna.get(path, limit=2)).json()
    second = (await anna.get(path, limit=2, cursor=first["next_cursor"])).json()

    assert [item["date"] for item in first["items"] + second["items"]] == [
        "2025-03-31",
        "2025-02-28",
        "2025-01-31",
    ]
    assert second["next_cursor"] is None


async def test_the_same_value_again_changes_nothing(anna, house):
    first = (await value(anna, house, "2025-06-30", 350_000)).json()

    again = await value(anna, house, "2025-06-30", 350_000, key="the-same-value-again")
    replayed = await value(anna, house, "2025-06-30", 350_000, key="the-same-value-again")

    assert (again.status_code, again.json()) == (201, first)
    assert (replayed.json(), replayed.headers["Idempotency-Replayed"]) == (first, "true")
    assert (await anna.get(f"/transactions/{first['id']}")).json()["version"] == 1


async def test_what_a_valuation_decides_is_not_edited_on_its_transaction(anna, house):
    valued = (await value(anna, house, "2025-06-30", 350_000)).json()
    other = await anna.account("Car", type="asset")
    path = f"/transactions/{valued['id']}"

    refused = [
        await anna.patch(path, 1, **change)
        for change in ({"amount_minor": 5}, {"date": "2025-07-01"}, {"account_id": other["id"]})
    ]
    noted = await anna.patch(path, 1, note="by the broker")

    assert [(r.status_code, r.json()["code"]) for r in refused] == [(409, "follows_from_value")] * 3
    assert noted.status_code == 200, noted.text
    assert await listed(anna, house) == [("2025-06-30", 350_000, 50_000)]


async def test_another_posting_before_a_valuation_moves_its_value_until_it_is_valued_anew(anna, house):
    await value(anna, house, "2025-06-30", 350_000)

    await anna.spend(house, 1_000, "2025-01-15")
    moved = await listed(anna, house)
    await value(anna, house, "2025-06-30", 350_000)

    assert moved == [("2025-06-30", 351_000, 50_000)]
    assert await listed(anna, house) == [("2025-06-30", 350_000, 49_000)]
