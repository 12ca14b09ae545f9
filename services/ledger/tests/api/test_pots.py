"""/pots: parts of an account's money, which never change what the account holds."""

import pytest

from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


async def new_pot(client, account, name="Holidays", **fields):
    response = await client.post("/pots", account_id=account["id"], name=name, **fields)
    assert response.status_code == 201, response.text
    return response.json()


def place(account, pot=None):
    return {"account_id": account["id"], **({"pot_id": pot["id"]} if pot else {})}


async def move(client, amount, source, target, date="2026-02-03"):
    response = await client.post(
        "/transactions", type="transfer", date=date, amount_minor=amount, **{"from": source, "to": target}
    )
    assert response.status_code == 201, response.text
    return response.json()


async def filled(client, pot):
    found = (await client.get(f"/pots/{pot['id']}")).json()
    return found["balance_minor"], found["account_paid_minor"]


async def free(client, account, **params):
    items = (await client.get("/balances", **params)).json()["items"]
    return next(item["free_minor"] for item in items if item["account_id"] == account["id"])


async def test_filling_a_pot_leaves_the_account_what_it_holds_and_says_what_is_free(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)

    await move(anna, 300, place(account), place(account, pot))

    assert await anna.balance(account) == 1_000
    assert await filled(anna, pot) == (300, 0)
    assert await free(anna, account) == 700


async def test_a_movement_to_a_pot_stands_once_in_the_register_and_moves_nothing_there(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)
    await anna.spend(account, -10, "2026-02-02")
    await move(anna, 300, place(account), place(account, pot))
    await anna.spend(account, -20, "2026-02-04")

    for params in ({}, {"status": "cleared"}, {"limit": 1}):
        items, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = (await anna.get("/transactions", account_id=account["id"], **params, **more)).json()
            items += page["items"]
            if (cursor := page["next_cursor"]) is None:
                break
        assert [(i["account_amount_minor"], i["running_balance_minor"]) for i in items] == [
            (-20, 970),
            (0, 990),
            (-10, 990),
        ]
    counted = await anna.get("/transactions", account_id=account["id"], include="total")
    assert counted.json()["total"] == 3


async def test_a_pot_that_is_too_small_empties_in_the_order_of_dates(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)
    await move(anna, 20, place(account), place(account, pot), "2026-03-01")
    await move(anna, 30, place(account), place(account, pot), "2026-01-10")
    await anna.spend(account, -80, "2026-02-03", pot_id=pot["id"])

    before = await filled(anna, pot)
    await move(anna, 40, place(account), place(account, pot), "2026-02-02")

    assert before == (20, 50)
    assert await filled(anna, pot) == (20, 10)
    assert await anna.balance(account) == 920


async def test_pots_answer_for_any_day_of_the_past(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)
    await move(anna, 30, place(account), place(account, pot), "2026-01-10")
    await anna.spend(account, -80, "2026-02-03", pot_id=pot["id"])
    await move(anna, 20, place(account), place(account, pot), "2026-03-01")

    async def on(day):
        items = (await anna.get("/balances", as_of=day)).json()["items"]
        assert [item["pot_id"] for item in items] == [None, pot["id"]]
        return items[1]["balance_minor"], items[0]["free_minor"]

    assert await on("2026-01-09") == (0, 1_000)
    assert await on("2026-02-02") == (30, 970)
    assert await on("2026-02-03") == (0, 920)
    assert await on("2026-03-31") == (20, 900)


async def test_money_moves_between_pots_of_one_account_and_of_two(anna):
    one, other = await anna.account(opening_balance_minor=1_000), await anna.account("Savings")
    holidays, car, rainy = [
        await new_pot(anna, account, name)
        for account, name in ((one, "Holidays"), (one, "Car"), (other, "Rainy days"))
    ]
    await move(anna, 500, place(one), place(one, holidays))

    within = await move(anna, 200, place(one, holidays), place(one, car))
    across = await move(anna, 100, place(one, car), place(other, rainy))

    assert within["from"]["pot_id"] == holidays["id"]
    assert within["to"]["pot_id"] == car["id"]
    assert [await filled(anna, pot) for pot in (holidays, car, rainy)] == [(300, 0), (100, 0), (100, 0)]
    assert (await anna.balance(one), await anna.balance(other)) == (900, 100)
    listed = await anna.transactions(pot_id=car["id"])
    assert [item["id"] for item in listed] == [across["id"], within["id"]]


async def test_the_active_pots_of_an_account_have_different_names_regardless_of_case(anna):
    account, other = await anna.account(), await anna.account("Savings")
    old = await new_pot(anna, account, "Holiday")
    await new_pot(anna, other, "Holiday")
    body = {"account_id": account["id"], "name": "holiday"}

    refused = await anna.post("/pots", **body)
    await anna.patch(f"/pots/{old['id']}", 1, is_active=False)
    key = f"key-{old['id']}"
    twice = [await anna.post("/pots", key=key, **body) for _ in range(2)]
    back = await anna.patch(f"/pots/{old['id']}", 2, is_active=True)
    renamed = await anna.patch(f"/pots/{twice[0].json()['id']}", 1, name="HOLIDAY")
    events = (await anna.get("/ledger/events", limit=200)).json()["items"]
    put_away = next(event for event in events if event["type"] == "pot.updated")
    undone = await anna.post(f"/ledger/events/{put_away['event_id']}/undo")

    assert (refused.status_code, refused.json()["errors"]) == (
        409,
        {"name": ["is taken, regardless of case"]},
    )
    assert [each.status_code for each in twice] == [201, 201]
    assert twice[0].json() == twice[1].json()
    assert (back.status_code, undone.status_code, renamed.status_code) == (409, 409, 200)


@pytest.mark.parametrize("inside", [True, False], ids=["a pot", "an account"])
async def test_money_never_moves_from_a_place_to_itself(anna, inside):
    account = await anna.account(opening_balance_minor=1_000)
    here = place(account, await new_pot(anna, account)) if inside else place(account)

    response = await anna.post(
        "/transactions", type="transfer", date="2026-02-03", amount_minor=5, **{"from": here, "to": here}
    )

    assert (response.status_code, response.json()["code"]) == (400, "bad_transfer")
    assert list(response.json()["errors"]) == ["to.pot_id" if inside else "to.account_id"]


async def test_a_pot_of_another_account_and_a_strangers_pot_are_refused(anna, boris):
    one, other = await anna.account(), await anna.account("Savings")
    pot, foreign = await new_pot(anna, other), await new_pot(boris, await boris.account())

    def body(pot_id):
        return {"account_id": one["id"], "pot_id": pot_id, "amount_minor": -5, "date": "2026-02-03"}

    elsewhere = await anna.post("/transactions", **body(pot["id"]))
    missing = await anna.post("/transactions", **body(foreign["id"]))

    assert (elsewhere.status_code, elsewhere.json()["errors"]) == (
        400,
        {"pot_id": ["is a pot of another account"]},
    )
    assert (missing.status_code, list(missing.json()["errors"])) == (404, ["pot_id"])
    assert (await boris.get(f"/pots/{pot['id']}")).status_code == 404
    assert (await anna.post("/pots", account_id=boris.person.book_id.hex, name="x")).status_code == 400


async def test_an_edit_takes_a_pot_in_lets_it_go_and_leaves_it_behind_with_its_account(anna):
    one, other = await anna.account(), await anna.account("Savings")
    pot = await new_pot(anna, one)
    await move(anna, 500, place(one), place(one, pot))
    made = await anna.spend(one, -100, pot_id=pot["id"])
    path = f"/transactions/{made['id']}"

    seen = []
    for version, change in enumerate(
        ({"pot_id": None}, {"pot_id": pot["id"]}, {"amount_minor": -50}, {"account_id": other["id"]}), start=1
    ):
        response = await anna.patch(path, version, **change)
        assert response.status_code == 200, response.text
        seen.append((response.json()["pot_id"], (await filled(anna, pot))[0]))

    assert seen == [(None, 500), (pot["id"], 400), (pot["id"], 450), (None, 500)]


async def test_an_inactive_pot_keeps_its_history_and_takes_nothing_new(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)
    made = await move(anna, 300, place(account), place(account, pot))

    closed = await anna.patch(f"/pots/{pot['id']}", 1, is_active=False)
    refused = await anna.post(
        "/transactions", account_id=account["id"], pot_id=pot["id"], amount_minor=-5, date="2026-02-03"
    )
    kept = await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=250)

    assert (closed.status_code, closed.json()["balance_minor"]) == (200, 300)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["pot_id"])
    assert kept.status_code == 200
    assert await filled(anna, pot) == (250, 0)
    assert (await anna.get("/pots")).json()["items"] == []
    assert len((await anna.get("/pots", include_inactive=True)).json()["items"]) == 1
    assert (await anna.patch(f"/pots/{pot['id']}", 2, is_active=True)).status_code == 200
    await anna.spend(account, -5, pot_id=pot["id"])


async def test_a_pot_goes_only_when_nothing_refers_to_it_and_an_account_only_without_pots(anna):
    account = await anna.account()
    pot = await new_pot(anna, account)
    made = await anna.spend(account, -5, pot_id=pot["id"])

    used = await anna.delete(f"/pots/{pot['id']}", 1)
    await anna.delete(f"/transactions/{made['id']}", 1)
    holds = await anna.delete(f"/accounts/{account['id']}", 1)
    gone = await anna.delete(f"/pots/{pot['id']}", 1)

    assert (used.status_code, used.json()["referred_to_by"]) == (409, ["transactions"])
    assert (holds.status_code, holds.json()["referred_to_by"]) == (409, ["pots"])
    assert gone.status_code == 204
    assert (await anna.get(f"/pots/{pot['id']}")).status_code == 404
    assert (await anna.delete(f"/accounts/{account['id']}", 1)).status_code == 204


async def test_a_change_names_the_version_that_it_was_made_from(anna):
    pot = await new_pot(anna, await anna.account())
    path = f"/pots/{pot['id']}"

    assert (await anna.http.patch(path, json={"name": "Car"})).status_code == 428
    assert (await anna.patch(path, 2, name="Car")).status_code == 412
    assert (await anna.patch(path, 1, name=None)).status_code == 400
    assert (await anna.patch(path, 1, account_id=pot["account_id"])).status_code == 400
    assert (await anna.patch(path, 1, name="Car")).json()["name"] == "Car"


async def test_what_is_in_a_pot_is_told_once_for_each_change_with_versions_of_its_own(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)
    made = await move(anna, 300, place(account), place(account, pot))
    await anna.patch(f"/transactions/{made['id']}", 1, note="the same amount")
    await anna.delete(f"/transactions/{made['id']}", 2)

    events = (await anna.get("/ledger/events", limit=200)).json()["items"]
    told = [event for event in events if event["type"] == "pot.balance_changed"]

    assert [(e["version"], e["data"]["balance_minor"]) for e in told] == [(1, 300), (2, 0)]
    assert {e["data"]["pot_id"] for e in told} == {pot["id"]}
    assert {e["actor"] for e in told} == {str(anna.person.user_id)}
    assert (await anna.get(f"/pots/{pot['id']}")).json()["version"] == 1


async def test_an_undone_movement_leaves_the_pot_as_it_was_and_a_pot_shows_its_earlier_names(anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot = await new_pot(anna, account)
    made = await move(anna, 300, place(account), place(account, pot))
    history = (await anna.get(f"/transactions/{made['id']}/history")).json()["items"]
    await anna.patch(f"/pots/{pot['id']}", 1, name="Sea")

    undone = await anna.post(f"/ledger/events/{history[0]['event_id']}/undo")
    versions = (await anna.get(f"/pots/{pot['id']}/versions")).json()["items"]

    assert undone.status_code == 200, undone.text
    assert await filled(anna, pot) == (0, 0)
    assert [item["data"]["name"] for item in versions] == ["Holidays", "Sea"]


async def test_the_check_names_a_pot_that_was_changed_behind_the_ledgers_back(ledger, anna):
    account = await anna.account()
    pot = await new_pot(anna, account)
    await anna.spend(account, 70, pot_id=pot["id"])
    await ledger.sql("UPDATE pot SET balance_minor = 1 WHERE id = $1", pot["id"])
    await ledger.sql("UPDATE pot_month SET low_minor = -1 WHERE pot_id = $1", pot["id"])

    assert await faults(ledger.resources.pool, anna.person.book_id) == [
        f"a pot's balance is not what its postings in order leave in it: {pot['id']}",
        f"a pot's month is not what its postings in it did: {pot['id']}",
    ]
    assert await rebuild(ledger.own.journal, anna.person.book_id) > 0
    assert await faults(ledger.resources.pool, anna.person.book_id) == []
