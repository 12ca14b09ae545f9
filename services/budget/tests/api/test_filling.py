"""What a new month begins with, over HTTP."""

import pytest

from pfms_events.contracts.ledger.category import CategoryUpdated


async def amounts(home, key):
    items = (await home.http.get(f"/budgets/{key}/allocations")).json()["items"]
    return {item["category_id"]: item["allocated_minor"] for item in items}


async def archive(home, category):
    state = {"id": category, "name": "Category", "type": "expense", "is_archived": True}
    await home.book.tell(CategoryUpdated.model_validate(state))


class TestACopy:
    async def test_takes_allocations_policies_and_planned_income_of_the_month_planned_last(self, home):
        await home.plan(planned_salary_minor=50_000, notes="January", status="active")
        await home.post("/budgets/2024-01/hold", hold_minor=5)
        await home.allocate(home.groceries, "12.50", rollover="both", colour="#1c7ed6", position=3)

        made = await home.plan("2024-03", **{"from": "copy"})
        [row] = (await home.http.get("/budgets/2024-03/allocations")).json()["items"]

        assert (made["planned_income_minor"], made["planned_salary_minor"]) == (50_000, 50_000)
        assert (made["status"], made["notes"], made["hold_minor"]) == ("draft", None, 0)
        assert (row["allocation_value"], row["allocated_minor"], row["rollover"]) == ("12.50", 6_250, "both")
        assert (row["colour"], row["position"], row["version"]) == ("#1c7ed6", 3, 1)

    async def test_makes_percentages_of_the_income_that_is_given(self, home):
        await home.plan(planned_income_minor=50_000)
        await home.allocate(home.groceries, "10")

        await home.plan("2024-02", planned_income_minor=1_000, **{"from": "copy"})

        assert await amounts(home, "2024-02") == {str(home.groceries): 100}

    async def test_leaves_out_what_is_archived_since(self, home):
        await home.plan()
        await home.allocate(home.groceries, 100)
        await home.allocate(home.rent, 200)
        await archive(home, home.groceries)

        await home.plan("2024-02", **{"from": "copy"})

        assert await amounts(home, "2024-02") == {str(home.rent): 200}

    async def test_leaves_what_the_month_has_already(self, home):
        await home.plan()
        await home.allocate(home.groceries, 100)
        await home.allocate(home.groceries, 7, "2024-02")

        await home.plan("2024-02", **{"from": "copy"})

        assert await amounts(home, "2024-02") == {str(home.groceries): 7}

    async def test_of_nothing_is_empty(self, home):
        await home.plan(**{"from": "copy"})

        assert await amounts(home, "2024-01") == {}

    async def test_that_a_strict_book_cannot_cover_leaves_no_month(self, home):
        await home.plan()
        await home.allocate(home.groceries, 60_000, rollover="surplus")
        await home.http.patch("/budget-settings", json={"strict": True, "version": 0})

        refused = await home.post("/budgets", month="2024-02", **{"from": "copy"})

        assert (refused.status_code, refused.json()["code"]) == (409, "over_allocated")
        assert (await home.month("2024-02"))["version"] == 0


class TestATemplate:
    async def test_of_averages_takes_what_was_spent(self, home):
        await home.plan()
        await home.spend("2024-01-05", -300, home.groceries)
        await home.spend("2024-02-05", -101, home.groceries)

        await home.plan("2024-03", **{"from": "template:average"})
        await home.plan("2024-02", **{"from": "template:actuals"})

        assert await amounts(home, "2024-03") == {str(home.groceries): 200}
        assert await amounts(home, "2024-02") == {str(home.groceries): 300}

    async def test_of_shares_needs_a_planned_income(self, home):
        refused = await home.post("/budgets", month="2024-01", **{"from": "template:50-30-20"})

        assert (refused.status_code, refused.json()["code"]) == (400, "no_planned_income")

    @pytest.mark.parametrize("wish", ["template", "Copy", None, 1])
    async def test_that_there_is_not_is_refused(self, home, wish):
        refused = await home.post("/budgets", month="2024-01", **{"from": wish})

        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["from"])

    async def test_each_is_explained_and_taken(self, home):
        months = (await home.http.get("/budget-templates")).json()["months"]
        for n, each in enumerate(months, start=1):
            made = await home.plan(f"2024-{n:02}", planned_income_minor=100, **{"from": each["from"]})
            assert made["version"] == 1
            assert each["description"]


async def test_an_archived_month_says_so_and_keeps_its_figures(home):
    before = await home.plan(planned_income_minor=5)

    archived = (await home.post("/budgets/2024-01/archive", version=1)).json()

    assert archived == {**before, "status": "archived", "version": 2, "as_of": archived["as_of"]}
    assert (await home.post("/budgets/2024-01/archive", version=1)).status_code == 409
