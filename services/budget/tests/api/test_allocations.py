"""Setting money aside over HTTP."""

import pytest

from pfms_common.ids import new_id
from pfms_events.contracts.ledger.category import CategoryDeleted, CategoryUpdated


async def amounts(home, key="2024-01"):
    items = (await home.http.get(f"/budgets/{key}/allocations")).json()["items"]
    return {item["category_id"]: item["allocated_minor"] for item in items}


class TestAllocating:
    async def test_a_fixed_amount_is_available(self, home):
        await home.plan()

        made = await home.allocate(home.groceries, 30_000)

        assert (made["allocated_minor"], made["allocation_value"], made["version"]) == (30_000, 30_000, 1)
        assert (await home.line(home.groceries))["available_minor"] == 30_000
        assert (await home.month())["to_be_budgeted_minor"] == 70_000

    async def test_a_percentage_is_a_share_of_the_planned_income(self, home):
        await home.plan(planned_income_minor=33_333)

        made = await home.allocate(home.groceries, "12.50")

        assert (made["allocated_minor"], made["allocation_value"]) == (4_167, "12.50")

    async def test_more_than_there_is_is_allowed_and_shown(self, home):
        await home.plan()
        await home.allocate(home.groceries, 100_001)

        assert (await home.month())["to_be_budgeted_minor"] == -1

    @pytest.mark.parametrize("value", [1.5, True, None, [1], {}])
    async def test_a_value_of_another_kind_is_told_under_its_own_name(self, home, value):
        await home.plan()

        body = {"category_id": str(home.groceries), "allocation_type": "fixed", "allocation_value": value}
        refused = await home.post("/budgets/2024-01/allocations", **body)

        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["allocation_value"])

    async def test_in_a_strict_book_more_than_there_is_is_refused(self, home):
        await home.plan()
        await home.http.patch("/budget-settings", json={"strict": True, "version": 0})

        body = {"category_id": str(home.groceries), "allocation_type": "fixed", "allocation_value": 100_001}
        refused = await home.post("/budgets/2024-01/allocations", **body)

        assert (refused.status_code, refused.json()["code"]) == (409, "over_allocated")
        assert await amounts(home) == {}

    async def test_a_second_row_is_refused_with_the_first_ones_id(self, home):
        await home.plan()
        first = await home.allocate(home.groceries, 1)

        body = {"category_id": str(home.groceries), "allocation_type": "fixed", "allocation_value": 2}
        refused = await home.post("/budgets/2024-01/allocations", **body)

        assert (refused.status_code, refused.json()["code"], refused.json()["id"]) == (
            *(409, "allocation_exists"),
            first["id"],
        )

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"allocation_type": "percentage", "allocation_value": "12.505"}, "invalid_percentage"),
            ({"allocation_type": "percentage", "allocation_value": "100.01"}, "invalid_percentage"),
            ({"allocation_type": "percentage", "allocation_value": "10"}, "no_planned_income"),
            ({"allocation_type": "percentage", "allocation_value": 10}, "validation_error"),
            ({"allocation_type": "fixed", "allocation_value": "10"}, "validation_error"),
            ({"allocation_type": "fixed", "allocation_value": True}, "validation_error"),
            ({"allocation_type": "fixed", "allocation_value": 1.5}, "validation_error"),
            ({"allocation_type": "fixed", "allocation_value": 10**15 + 1}, "validation_error"),
            ({"allocation_type": "fixed"}, "validation_error"),
            ({"allocation_type": "fixed", "allocation_value": 1, "rollover": "some"}, "validation_error"),
        ],
    )
    async def test_what_makes_no_amount_is_refused(self, home, fields, code):
        await home.plan()

        response = await home.post("/budgets/2024-01/allocations", category_id=str(home.groceries), **fields)

        assert (response.status_code, response.json()["code"]) == (400, code)

    async def test_income_takes_none(self, home):
        await home.plan()

        body = {"category_id": str(home.salary), "allocation_type": "fixed", "allocation_value": 1}
        response = await home.post("/budgets/2024-01/allocations", **body)

        assert (response.status_code, response.json()["code"]) == (400, "income_takes_no_allocation")

    async def test_a_category_that_is_not_there_is_404_by_its_path(self, home):
        await home.plan()

        body = {"category_id": str(new_id()), "allocation_type": "fixed", "allocation_value": 1}
        response = await home.post("/budgets/2024-01/allocations", **body)

        assert (response.status_code, list(response.json()["errors"])) == (404, ["category_id"])

    async def test_a_policy_that_is_not_given_is_the_last_one_set(self, home):
        await home.plan()
        await home.allocate(home.groceries, 1, rollover="both")

        assert (await home.allocate(home.groceries, 1, "2024-02"))["rollover"] == "both"
        assert (await home.allocate(home.rent, 1, "2024-02"))["rollover"] == "surplus"

    async def test_with_one_key_has_one_effect(self, home):
        await home.plan()
        headers = {"Idempotency-Key": f"key-{new_id()}"}
        body = {"category_id": str(home.groceries), "allocation_type": "fixed", "allocation_value": 1}

        first = await home.post("/budgets/2024-01/allocations", headers, **body)
        again = await home.post("/budgets/2024-01/allocations", headers, **body)

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()


class TestChanging:
    async def test_another_amount_moves_the_month(self, home):
        await home.plan()
        made = await home.allocate(home.groceries, 100)

        response = await home.http.patch(
            f"/allocations/{made['id']}", json={"allocation_value": 250}, headers={"If-Match": '"1"'}
        )

        assert (response.json()["allocated_minor"], response.json()["version"]) == (250, 2)
        assert (await home.line(home.groceries))["allocated_minor"] == 250

    async def test_a_colour_alone_keeps_the_amount_of_a_percentage(self, home):
        await home.plan(planned_income_minor=1_000)
        made = await home.allocate(home.groceries, "50")
        await home.http.patch("/budgets/2024-01", json={"planned_income_minor": 2_000, "version": 1})

        response = await home.http.patch(
            f"/allocations/{made['id']}", json={"colour": "#00ff00", "version": 1}
        )

        assert (response.json()["allocated_minor"], response.json()["colour"]) == (500, "#00ff00")

    async def test_another_type_needs_its_value(self, home):
        await home.plan(planned_income_minor=1_000)
        made = await home.allocate(home.groceries, 100)

        refused = await home.http.patch(
            f"/allocations/{made['id']}", json={"allocation_type": "percentage", "version": 1}
        )
        taken = await home.http.put(
            f"/allocations/{made['id']}",
            json={"allocation_type": "percentage", "allocation_value": "25", "version": 1},
        )

        assert refused.status_code == 400
        assert (taken.json()["allocated_minor"], taken.json()["allocation_value"]) == (250, "25.00")

    async def test_a_deleted_one_frees_its_money(self, home):
        await home.plan()
        made = await home.allocate(home.groceries, 100)

        response = await home.http.delete(f"/allocations/{made['id']}", headers={"If-Match": '"1"'})

        assert response.status_code == 204
        assert (await home.month())["to_be_budgeted_minor"] == 100_000
        assert (await home.http.get(f"/allocations/{made['id']}")).status_code == 404

    @pytest.mark.parametrize(("headers", "status"), [({}, 428), ({"If-Match": '"9"'}, 412)])
    async def test_a_deletion_names_its_version(self, home, headers, status):
        await home.plan()
        made = await home.allocate(home.groceries, 100)

        assert (await home.http.delete(f"/allocations/{made['id']}", headers=headers)).status_code == status

    async def test_a_deleted_category_returns_its_allocations(self, home):
        await home.plan()
        made = await home.allocate(home.groceries, 100)
        await home.book.tell(CategoryDeleted(id=home.groceries))

        assert await amounts(home) == {}
        last = (await home.http.get(f"/allocations/{made['id']}/history")).json()["items"][-1]
        assert (last["type"], last["version"], last["actor"]) == ("allocation.deleted", 2, None)
        assert (await home.month())["to_be_budgeted_minor"] == 100_000


class TestAMergedCategory:
    async def test_adds_its_allocations_to_the_others_month_by_month(self, home):
        await home.plan(planned_income_minor=1_000)
        both = await home.allocate(home.groceries, "10", "2024-01")
        kept = await home.allocate(home.rent, 50, "2024-01")
        alone = await home.allocate(home.groceries, 7, "2024-02", rollover="both")

        await home.book.tell(CategoryDeleted(id=home.groceries, merged_into=home.rent))
        january = (await home.http.get(f"/allocations/{kept['id']}")).json()
        february = (await home.http.get(f"/allocations/{alone['id']}")).json()

        assert await amounts(home) == {str(home.rent): 150}
        assert (january["allocation_type"], january["version"]) == ("fixed", 2)
        assert (february["category_id"], february["allocated_minor"], february["rollover"]) == (
            *(str(home.rent), 7),
            "both",
        )
        assert (await home.http.get(f"/allocations/{both['id']}")).status_code == 404
        assert (await home.line(home.rent, "2024-02"))["available_minor"] == 157
        assert (await home.month("2024-01"))["to_be_budgeted_minor"] == 99_850
        assert await home.book.faults() == []

    async def test_that_is_archived_for_what_names_it_does_so_too(self, home):
        await home.plan()
        await home.allocate(home.groceries, 7)
        state = {"id": home.groceries, "name": "Category", "type": "expense", "is_archived": True}

        await home.book.tell(CategoryUpdated.model_validate({**state, "merged_into": home.rent}))

        assert await amounts(home) == {str(home.rent): 7}

    async def test_told_of_twice_adds_once(self, home):
        await home.plan()
        await home.allocate(home.groceries, 7)
        await home.allocate(home.rent, 1)
        told = home.book.event(CategoryDeleted(id=home.groceries, merged_into=home.rent))

        await home.book.hear(told)
        await home.book.hear(told)

        assert await amounts(home) == {str(home.rent): 8}


async def test_an_archived_category_stays_a_row_while_it_holds_something(home):
    await home.plan()
    await home.allocate(home.groceries, 7)
    state = {"id": home.groceries, "name": "Category", "type": "expense", "is_archived": True}
    await home.book.tell(CategoryUpdated.model_validate(state))

    assert (await home.line(home.groceries, "2024-02"))["available_minor"] == 7
    await home.spend("2024-02-03", -7, home.groceries)
    march = (await home.http.get("/budgets/2024-03")).json()
    assert str(home.groceries) not in {row["category_id"] for row in march["categories"]}


class TestHistory:
    async def test_has_every_change_with_who_and_when_and_outlives_the_allocation(self, home):
        await home.plan()
        made = await home.allocate(home.groceries, 100)
        path = f"/allocations/{made['id']}"
        await home.http.patch(path, json={"allocation_value": 250, "version": 1})
        await home.post(
            "/budgets/2024-01/move",
            from_category_id=str(home.groceries),
            to_category_id=str(home.rent),
            amount_minor=50,
        )
        await home.http.delete(path, params={"version": 3})

        items = (await home.http.get(f"{path}/history")).json()["items"]

        assert [item["type"].partition(".")[2] for item in items] == [
            "created",
            "updated",
            "updated",
            "deleted",
        ]
        assert [item["data"].get("allocated_minor") for item in items] == [100, 250, 200, None]
        assert {item["actor"] for item in items} == {str(home.book.person.user_id)}
        assert all(item["at"] for item in items)

    async def test_is_read_in_pages(self, home):
        await home.plan()
        path = f"/allocations/{(await home.allocate(home.groceries, 100))['id']}"
        await home.http.patch(path, json={"allocation_value": 250, "version": 1})

        first = (await home.http.get(f"{path}/history", params={"limit": 1})).json()
        rest = (await home.http.get(f"{path}/history", params={"cursor": first["next_cursor"]})).json()

        assert [item["version"] for item in first["items"] + rest["items"]] == [1, 2]
        assert rest["next_cursor"] is None

    async def test_of_an_allocation_of_nobody_or_of_another_book_is_404(self, home, stranger):
        await home.plan()
        made = await home.allocate(home.groceries, 100)

        assert (await home.http.get(f"/allocations/{new_id()}/history")).status_code == 404
        assert (await stranger.get(f"/allocations/{made['id']}/history")).status_code == 404

    async def test_an_id_that_was_given_once_is_no_other_allocations(self, home):
        await home.plan()
        made = await home.allocate(home.groceries, 100)
        await home.http.delete(f"/allocations/{made['id']}", params={"version": 1})

        body = {"category_id": str(home.rent), "allocation_type": "fixed", "allocation_value": 1}
        again = await home.post("/budgets/2024-01/allocations", id=made["id"], **body)

        assert (again.status_code, again.json()["errors"]) == (409, {"id": ["is taken"]})


class TestSeveralAtOnce:
    def item(self, category, value, **fields):
        kind = "percentage" if isinstance(value, str) else "fixed"
        return {"category_id": str(category), "allocation_type": kind, "allocation_value": value, **fields}

    async def test_shares_add_up_to_the_whole(self, home):
        await home.plan(planned_income_minor=1_001)
        items = [self.item(home.groceries, "50"), self.item(home.rent, "50")]

        response = await home.http.put("/budgets/2024-01/allocations", json={"items": items})

        assert sorted(item["allocated_minor"] for item in response.json()["items"]) == [500, 501]

    async def test_a_row_that_is_there_is_replaced_by_its_version_and_others_stay(self, home):
        await home.plan()
        await home.allocate(home.groceries, 100)
        await home.allocate(home.rent, 7)

        stale = await home.http.put(
            "/budgets/2024-01/allocations", json={"items": [self.item(home.groceries, 200)]}
        )
        taken = await home.http.put(
            "/budgets/2024-01/allocations", json={"items": [self.item(home.groceries, 200, version=1)]}
        )

        assert (stale.status_code, list(stale.json()["errors"])) == (409, ["items.0.version"])
        assert taken.status_code == 200
        assert await amounts(home) == {str(home.groceries): 200, str(home.rent): 7}

    async def test_percentages_over_the_whole_are_refused(self, home):
        await home.plan(planned_income_minor=1_000)
        await home.allocate(home.rent, "60")

        response = await home.http.put(
            "/budgets/2024-01/allocations", json={"items": [self.item(home.groceries, "40.01")]}
        )

        assert (response.status_code, response.json()["code"]) == (400, "percentages_over_100")

    async def test_two_new_rows_of_one_id_are_refused(self, home):
        await home.plan()
        chosen = str(new_id())
        items = [self.item(home.groceries, 1, id=chosen), self.item(home.rent, 2, id=chosen)]

        refused = await home.http.put("/budgets/2024-01/allocations", json={"items": items})

        assert refused.status_code == 400
        assert list(refused.json()["errors"]) == ["items.0.id", "items.1.id"]
        assert await amounts(home) == {}

    async def test_a_new_row_with_the_id_of_one_in_the_list_is_refused(self, home):
        await home.plan()
        there = await home.allocate(home.groceries, 1)
        items = [self.item(home.rent, 2, id=there["id"]), self.item(home.groceries, 3, version=1)]

        refused = await home.http.put("/budgets/2024-01/allocations", json={"items": items})

        assert refused.status_code == 400
        assert await amounts(home) == {str(home.groceries): 1}

    async def test_a_category_stands_once(self, home):
        await home.plan()
        items = [self.item(home.groceries, 1), self.item(home.groceries, 2)]

        assert (await home.http.put("/budgets/2024-01/allocations", json={"items": items})).status_code == 400

    async def test_percentages_are_applied_anew_when_asked(self, home):
        await home.plan(planned_income_minor=1_000)
        await home.allocate(home.groceries, "50")
        await home.allocate(home.rent, 7)
        await home.http.patch("/budgets/2024-01", json={"planned_income_minor": 2_000, "version": 1})
        assert (await amounts(home))[str(home.groceries)] == 500

        response = await home.post("/budgets/2024-01/apply-percentages")

        assert response.status_code == 200
        assert await amounts(home) == {str(home.groceries): 1_000, str(home.rent): 7}

    async def test_money_moves_from_one_category_to_another(self, home):
        await home.plan()
        await home.allocate(home.groceries, 100)

        response = await home.post(
            "/budgets/2024-01/move",
            from_category_id=str(home.groceries),
            to_category_id=str(home.rent),
            amount_minor=30,
        )

        assert (response.json()["from"]["allocated_minor"], response.json()["to"]["allocated_minor"]) == (
            70,
            30,
        )
        assert await amounts(home) == {str(home.groceries): 70, str(home.rent): 30}

    @pytest.mark.parametrize("amount", [0, -1])
    async def test_nothing_is_no_move(self, home, amount):
        await home.plan()

        response = await home.post(
            "/budgets/2024-01/move",
            from_category_id=str(home.groceries),
            to_category_id=str(home.rent),
            amount_minor=amount,
        )

        assert response.status_code == 400
