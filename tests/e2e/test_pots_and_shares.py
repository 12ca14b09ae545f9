"""What pots and shares do to the budget: pots nothing, and of a share only what is your own."""

from uuid import uuid4

MONTH = "2026-02"


async def figures(user):
    month = await user.month(MONTH)
    spent = {row["category_id"]: row["actual_minor"] for row in month["categories"] if row["actual_minor"]}
    return month["outflow_minor"], month["income_minor"], month["excluded_minor"], spent


async def test_the_budget_counts_your_own_part_and_no_movement_between_pots(anna):
    keys = await anna.categories()
    account = await anna.account(opening_balance_minor=100_000, opened_on="2026-02-01")
    pot = await anna.post("/pots", {"account_id": account["id"], "name": "Holidays"})
    await anna.post("/budgets", {"month": MONTH, "planned_income_minor": 0})
    inside = {"account_id": account["id"], "pot_id": pot["id"]}
    day = {"date": "2026-02-10"}
    await anna.post(
        "/transactions",
        {
            **day,
            "type": "transfer",
            "amount_minor": 30_000,
            "from": {"account_id": account["id"]},
            "to": inside,
        },
    )
    split = {"category_id": keys["dining"], "amount_minor": -3_000, "shares_equal": [str(uuid4()), "me"]}
    dinner = {**day, **inside, "amount_minor": -3_000, "splits": [split]}
    await anna.post("/transactions", dinner)

    shared = await anna.until(lambda: figures(anna), lambda now: now[0] != 0)
    assert shared == (1_500, 0, -1_500, {keys["dining"]: 1_500})
    assert (await anna.month(MONTH))["to_be_budgeted_minor"] == 100_000
    assert (await anna.get(f"/pots/{pot['id']}"))["balance_minor"] == 27_000

    repaid = {**day, "account_id": account["id"], "amount_minor": 1_500}
    await anna.post(
        "/transactions", {**repaid, "splits": [{"category_id": keys["owed_to_me"], "amount_minor": 1_500}]}
    )
    settled = await anna.until(lambda: figures(anna), lambda now: now[2] == 0)
    assert settled == (1_500, 0, 0, {keys["dining"]: 1_500})

    refused = await anna.http.post(
        f"/budgets/{MONTH}/allocations",
        json={"category_id": keys["owed_to_me"], "allocation_type": "fixed", "allocation_value": 5},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "receivable_takes_no_allocation")
