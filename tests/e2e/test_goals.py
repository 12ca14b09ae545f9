"""Putting money towards a goal: the budget asks, the ledger transfers, and the goal is as far as its pot."""

from uuid import uuid4


async def test_a_contribution_becomes_a_transfer_and_brings_the_goal_on(anna):
    account = await anna.account(opening_balance_minor=100_000)
    pot = await anna.post("/pots", {"account_id": account["id"], "name": "Sea"})
    body = {"name": "Sea", "target_minor": 50_000, "pot_id": pot["id"]}
    # Until the budget has heard of the book and the pot, it knows neither.
    made = await anna.until(
        lambda: anna.http.post("/savings/goals", json=body), lambda answer: answer.status_code == 201
    )
    goal = made.json()
    path, key = f"/savings/goals/{goal['id']}", str(uuid4())

    asked = await anna.post(f"{path}/contribute", {"amount_minor": 25_000}, status=202, key=key)
    again = await anna.post(f"{path}/contribute", {"amount_minor": 25_000}, status=202, key=key)
    assert asked == again

    one = f"{path}/contributions/{asked['id']}"
    settled = await anna.until(lambda: anna.get(one), lambda now: now["state"] != "open")
    assert (settled["state"], settled["refusal"]) == ("settled", None)
    transfer = await anna.get(f"/transactions/{asked['id']}")
    assert (transfer["type"], transfer["source"], transfer["amount_minor"]) == ("transfer", "goal", 25_000)
    assert (await anna.get(f"/pots/{pot['id']}"))["balance_minor"] == 25_000
    progress = await anna.until(lambda: anna.get(f"{path}/progress"), lambda now: now["percent"] == 50)
    assert [each["percent"] for each in progress["milestones"] if each["reached_on"]] == [25, 50]

    await anna.patch(f"/pots/{pot['id']}", pot["version"], {"is_active": False})
    refused = await anna.post(f"{path}/contribute", {"amount_minor": 1}, status=202)
    one = f"{path}/contributions/{refused['id']}"
    told = await anna.until(lambda: anna.get(one), lambda now: now["state"] != "open")
    assert (told["state"], list(told["refusal"]["errors"])) == ("refused", ["to.pot_id"])
    assert (await anna.get(f"/pots/{pot['id']}"))["balance_minor"] == 25_000
