"""Rules of categories over HTTP, and what they set aside."""

import pytest

from pfms_common.ids import new_id
from pfms_events.contracts.ledger.category import CategoryDeleted, CategoryUpdated


async def ruled(home, category, *rules):
    response = await home.post("/budget-templates", category_id=str(category), rules=list(rules))
    assert response.status_code == 201, response.text
    return response.json()


def fixed(minor, **fields):
    return {"kind": "fixed", "amount_minor": minor, **fields}


async def assigned(home, month="2024-01", **body):
    response = await home.post(f"/budgets/{month}/auto-assign", **body)
    assert response.status_code == 200, response.text
    return response.json()


class TestRules:
    async def test_are_read_as_they_were_given(self, home):
        bill = {"amount_minor": 100, "start": "2024-03-01", "rrule": "FREQ=YEARLY", "whole": True}
        rules = [
            {"kind": "percentage", "percentage": "12.50", "priority": 3},
            {"kind": "bills", "bills": [bill], "priority": 0},
        ]
        made = await ruled(home, home.groceries, *rules)

        listed = (await home.http.get("/budget-templates")).json()["items"]

        assert made == {"category_id": str(home.groceries), "rules": rules, "version": 1}
        assert listed == [made]

    async def test_are_replaced_and_taken_away_by_version(self, home):
        await ruled(home, home.groceries, fixed(1))
        path = f"/budget-templates/{home.groceries}"

        replaced = await home.http.put(path, json={"rules": [fixed(2)], "version": 1})

        assert (replaced.status_code, replaced.json()["version"]) == (200, 2)
        assert (await home.http.put(path, json={"rules": [fixed(3)], "version": 1})).status_code == 409
        assert (await home.http.delete(path, params={"version": 2})).status_code == 204
        assert (await home.http.delete(path, params={"version": 2})).status_code == 404

    async def test_a_second_time_are_a_conflict(self, home):
        await ruled(home, home.groceries, fixed(1))

        again = await home.post("/budget-templates", category_id=str(home.groceries), rules=[fixed(2)])

        assert again.status_code == 409

    @pytest.mark.parametrize(
        ("rule", "code"),
        [
            ({"kind": "wish"}, "validation_error"),
            ({"kind": "fixed", "amount_minor": 0}, "validation_error"),
            ({"kind": "percentage", "percentage": "101"}, "invalid_percentage"),
            ({"kind": "by_date", "targets": []}, "validation_error"),
            (
                {"kind": "periodic", "amount_minor": 1, "rrule": "never", "start": "2024-01-01"},
                "bad_recurrence",
            ),
        ],
    )
    async def test_that_say_nothing_are_refused(self, home, rule, code):
        refused = await home.post("/budget-templates", category_id=str(home.groceries), rules=[rule])

        assert (refused.status_code, refused.json()["code"]) == (400, code)

    async def test_that_count_the_same_money_are_refused(self, home):
        rules = [
            {"kind": "up_to", "limit_minor": 1},
            {"kind": "by_date", "targets": [{"amount_minor": 1, "by": "2024-05"}]},
        ]
        refused = await home.post("/budget-templates", category_id=str(home.groceries), rules=rules)

        assert (refused.status_code, refused.json()["code"]) == (400, "rules_in_each_others_way")

    async def test_of_income_or_of_nothing_are_refused(self, home):
        for category, status in ((home.salary, 400), (new_id(), 404)):
            refused = await home.post("/budget-templates", category_id=str(category), rules=[fixed(1)])
            assert refused.status_code == status

    async def test_go_with_their_category(self, home):
        await ruled(home, home.groceries, fixed(1))
        await home.book.tell(CategoryDeleted(id=home.groceries))

        assert (await home.http.get("/budget-templates")).json()["items"] == []


async def test_a_new_month_takes_the_standing_allocations(home):
    await ruled(home, home.groceries, {"kind": "average"}, fixed(300), fixed(5))
    await ruled(home, home.rent, {"kind": "percentage", "percentage": "10"})

    await home.plan(planned_income_minor=1_005, **{"from": "standing"})
    items = (await home.http.get("/budgets/2024-01/allocations")).json()["items"]

    assert {item["category_id"]: item["allocation_value"] for item in items} == {
        str(home.groceries): 300,
        str(home.rent): "10.00",
    }
    assert sum(item["allocated_minor"] for item in items) == 400


class TestAutoAssigning:
    async def test_shows_what_each_gets_and_why_and_changes_nothing(self, home):
        await home.plan()
        await ruled(home, home.groceries, fixed(70_000, priority=1), {"kind": "remainder"})
        await ruled(home, home.rent, fixed(20_000))
        await home.allocate(home.rent, 5_000)

        shown = await assigned(home, preview=True)
        items = {item["category_id"]: item for item in shown["items"]}

        assert (shown["to_be_budgeted_minor"], shown["remains_minor"], shown["preview"]) == (95_000, 0, True)
        assert items[str(home.rent)]["allocated_minor"] == 5_000
        assert [(r["wanted_minor"], r["gets_minor"]) for r in items[str(home.rent)]["reasons"]] == [
            (20_000, 15_000)
        ]
        assert [r["gets_minor"] for r in items[str(home.groceries)]["reasons"]] == [70_000, 10_000]
        assert (await home.month())["to_be_budgeted_minor"] == 95_000

    async def test_sets_aside_what_it_showed_and_a_second_time_nothing(self, home):
        await home.plan()
        await ruled(home, home.groceries, fixed(30_000))
        await home.allocate(home.groceries, 10_000, rollover="both", position=4)
        shown = await assigned(home, preview=True)

        done = await assigned(home)
        [row] = (await home.http.get("/budgets/2024-01/allocations")).json()["items"]
        again = await assigned(home)

        assert done == {**shown, "preview": False}
        assert (row["allocated_minor"], row["rollover"], row["position"], row["version"]) == (
            30_000,
            "both",
            4,
            2,
        )
        assert (again["items"][0]["gets_minor"], again["remains_minor"]) == (0, 70_000)

    async def test_never_sets_aside_more_than_there_is(self, home):
        await home.plan()
        await ruled(home, home.groceries, fixed(150_000))

        done = await assigned(home)

        assert (done["items"][0]["gets_minor"], done["remains_minor"]) == (100_000, 0)
        assert (await home.month())["to_be_budgeted_minor"] == 0

    async def test_goes_by_what_was_spent_and_what_is_there(self, home):
        await home.plan()
        await home.allocate(home.groceries, 900)
        await home.spend("2024-01-05", -300, home.groceries)
        await ruled(home, home.groceries, {"kind": "up_to", "limit_minor": 1_000})
        await home.spend("2024-01-06", -200, home.rent)
        await ruled(home, home.rent, {"kind": "average"})

        wanted = {
            item["category_id"]: item["reasons"][0]["wanted_minor"]
            for item in (await assigned(home, "2024-02", preview=True))["items"]
        }

        assert wanted == {str(home.groceries): 400, str(home.rent): 200}

    async def test_leaves_out_what_is_archived(self, home):
        await home.plan()
        await ruled(home, home.groceries, fixed(1))
        state = {"id": home.groceries, "name": "Category", "type": "expense", "is_archived": True}
        await home.book.tell(CategoryUpdated.model_validate(state))

        assert (await assigned(home))["items"] == []

    async def test_of_a_month_outside_the_budget_is_404(self, home):
        assert (await home.post("/budgets/2024-01/auto-assign")).status_code == 404
