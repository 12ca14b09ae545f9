"""Habits: each time is logged with its cost, the expense in the same write where it is wanted."""

from pfms_common.ids import new_id
from pfms_ledger.operations.rebuild import rebuild


async def coffee(anna, **fields):
    response = await anna.post("/habits", name="Coffee", unit_cost_minor=450, currency="EUR", **fields)
    assert response.status_code == 201, response.text
    return response.json()


async def test_logs_add_up_and_keep_the_cost_of_their_time(ledger, anna):
    habit = await coffee(anna, target_reduction=50)
    path = f"/habits/{habit['id']}"
    for day in ("2026-01-05", "2026-01-06", "2026-02-03"):
        await anna.post(f"{path}/log", date=day, time="08:15", quantity="1.5")
    await anna.patch(path, 1, unit_cost_minor=500)
    last = (await anna.post(f"{path}/log", date="2026-02-04")).json()

    found = (await anna.get(path)).json()
    first = (await anna.get(f"{path}/log", limit=3)).json()
    second = (await anna.get(f"{path}/log", limit=3, cursor=first["next_cursor"])).json()
    months = (await anna.get(f"{path}/months", **{"from": "2026-01", "to": "2026-02"})).json()["items"]

    assert (found["total_quantity"], found["total_cost_minor"], found["version"]) == ("5.5", 2_525, 2)
    assert [item["cost_minor"] for item in first["items"] + second["items"]] == [500, 675, 675, 675]
    assert months == [
        {
            "month": "2026-01",
            "quantity": "3",
            "cost_minor": 1_350,
            "logs": 2,
            "target_quantity": None,
            "is_met": None,
        },
        {
            "month": "2026-02",
            "quantity": "2.5",
            "cost_minor": 1_175,
            "logs": 2,
            "target_quantity": "1.5",
            "is_met": False,
        },
    ]
    assert (await anna.delete(path, 2)).json()["referred_to_by"] == ["logs"]
    assert (await anna.delete(f"{path}/log/{last['id']}", 1)).status_code == 204
    assert (await anna.get(path)).json()["total_quantity"] == "4.5"
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_the_expense_is_posted_in_the_same_write_once_and_in_the_habits_currency(anna):
    checking = await anna.account()
    dollars = await anna.account("Dollars", currency="USD")
    habit = await coffee(anna)
    path, key = f"/habits/{habit['id']}/log", f"key-{new_id()}"
    body = {"date": "2026-02-03", "quantity": "2", "expense": {"account_id": checking["id"]}}

    twice = [await anna.post(path, key=key, **body) for _ in range(2)]
    elsewhere = await anna.post(path, **{**body, "expense": {"account_id": dollars["id"]}})
    spent = await anna.transactions(account_id=checking["id"])

    assert [response.status_code for response in twice] == [201, 201]
    assert [item["id"] for item in spent] == [twice[0].json()["transaction_id"]]
    assert (spent[0]["amount_minor"], spent[0]["description"]) == (-900, "Coffee")
    assert (elsewhere.status_code, list(elsewhere.json()["errors"])) == (400, ["expense.account_id"])
    assert (await anna.get(f"/habits/{habit['id']}")).json()["total_quantity"] == "2"


async def test_a_habit_that_is_put_away_is_not_logged(anna):
    habit = await coffee(anna)
    await anna.patch(f"/habits/{habit['id']}", 1, is_active=False)

    refused = await anna.post(f"/habits/{habit['id']}/log")
    none = await anna.post(f"/habits/{habit['id']}/log", quantity="0")

    assert (refused.status_code, none.status_code) == (409, 400)
    assert (await anna.get("/habits")).json()["items"] == []


async def test_what_costs_less_than_a_minor_unit_is_logged_and_the_refused_expense_says_that_it_costs_nothing(
    anna,
):
    await anna.account()
    habit = (await anna.post("/habits", name="Coffee", unit_cost_minor=45, currency="EUR")).json()

    refused = await anna.post(f"/habits/{habit['id']}/log", quantity="0.01", expense={})
    logged = await anna.post(f"/habits/{habit['id']}/log", quantity="0.01")

    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        {"quantity": ["costs nothing at this unit cost, rounded to a minor unit"]},
    )
    assert (logged.status_code, logged.json()["cost_minor"]) == (201, 0)
