"""Months over HTTP: shapes, versions, range, reading one's own writes."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pfms_common import consistency
from pfms_common.clock import rfc3339
from pfms_common.ids import new_id
from pfms_common.period import month_of, next_month
from pfms_common.sql import scope

WALK = {
    "month",
    "planned_income_minor",
    "income_minor",
    "outflow_minor",
    "to_be_budgeted_minor",
    "hold_minor",
    "held_income_minor",
    "excluded_minor",
    "discarded_minor",
    "categories",
    "version",
    "as_of",
}
LINE = {
    "category_id",
    "kind",
    "allocated_minor",
    "actual_minor",
    "carry_in_minor",
    "available_minor",
    "card_debt_minor",
    "transaction_count",
}


class TestAMonth:
    async def test_has_every_figure_that_clients_are_promised(self, home):
        made = await home.plan("2024-01", planned_income_minor=250_000)

        assert made.keys() >= WALK
        assert all(row.keys() >= LINE for row in made["categories"])
        assert (made["month"], made["planned_income_minor"], made["version"]) == ("2024-01", 250_000, 1)
        assert await home.month() | {"as_of": ""} == made | {"as_of": ""}

    async def test_always_has_the_line_without_category_last(self, home):
        await home.plan()
        await home.allocate(home.groceries, 100)

        rows = (await home.month())["categories"]

        assert [row["category_id"] for row in rows] == [str(home.groceries), None]
        assert [row["kind"] for row in rows] == ["category", "uncategorised"]

    async def test_that_nobody_planned_reads_as_zeros_with_version_0(self, home):
        await home.plan("2024-01")

        march = await home.month("2024-03")

        assert (march["version"], march["planned_income_minor"], march["status"]) == (0, 0, "draft")

    @pytest.mark.parametrize("key", ["2023-12", "2030-01"])
    async def test_outside_the_budget_is_404(self, home, key):
        await home.plan("2024-01")

        response = await home.http.get(f"/budgets/{key}")

        assert (response.status_code, response.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("key", ["2024-13", "1899-01", "202401", "2024-1", "%00"])
    async def test_whose_key_is_none_is_refused(self, home, key):
        assert (await home.http.get(f"/budgets/{key}")).status_code == 400

    async def test_answers_with_its_version_as_etag_and_never_304(self, home):
        await home.plan("2024-01")

        response = await home.http.get("/budgets/2024-01", headers={"If-None-Match": '"1"'})

        assert (response.status_code, response.headers["ETag"]) == (200, '"1"')

    async def test_reaches_to_a_transaction_in_the_future(self, home):
        later = next_month(next_month(next_month(month_of(datetime.now(UTC).date()))))
        await home.plan()
        beyond = await home.http.get(f"/budgets/{later.key}")
        await home.spend(str(later.last), -100)

        assert beyond.status_code == 404
        assert (await home.month(later.key))["outflow_minor"] == 100

    async def test_before_the_first_moves_the_beginning_there(self, home):
        await home.plan("2024-02")
        assert (await home.month("2024-02"))["start_minor"] == 100_000

        await home.plan("2023-11")

        assert (await home.month("2023-11"))["start_minor"] == 0
        assert (await home.month("2024-01"))["openings_minor"] == 100_000
        assert (await home.month("2024-02"))["start_minor"] == 100_000

    async def test_counts_nothing_until_its_book_is_known(self, new_book, household):
        book = new_book()
        async with book.running.client(book.person) as http:
            home = household(book, http)
            await home.settle()
            await home.plan("2024-01")
            unknown = (await home.month())["openings_minor"]
            await book.begin()

            assert (unknown, (await home.month())["openings_minor"]) == (0, 100_000)


class TestPlanning:
    async def test_a_month_twice_is_a_conflict(self, home):
        await home.plan("2024-01")

        response = await home.post("/budgets", month="2024-01")

        assert (response.status_code, response.json()["code"]) == (409, "conflict")

    async def test_with_one_key_has_one_effect(self, home):
        headers = {"Idempotency-Key": f"key-{new_id()}"}

        first = await home.post("/budgets", headers, month="2024-01")
        again = await home.post("/budgets", headers, month="2024-01")
        other = await home.post("/budgets", headers, month="2024-02")

        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
        assert again.content == first.content
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_a_twin_of_a_request_at_work_is_told_so(self, home):
        key, book = f"key-{new_id()}", home.book
        with scope(books=[book.id]):
            async with book.running.resources.pool.acquire() as first, first.transaction():
                await first.execute(
                    "SELECT claim($1, $2, 'POST /budgets', $3, '', 0, '{}', '')",
                    book.id,
                    book.person.user_id,
                    key,
                )
                response = await home.post("/budgets", {"Idempotency-Key": key}, month="2024-01")

        assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_flight")
        assert response.headers["Retry-After"] == "1"

    async def test_writers_of_one_book_at_once_all_succeed(self, home):
        answers = await asyncio.gather(*(home.post("/budgets", month=f"2024-{n:02}") for n in range(1, 9)))

        assert {answer.status_code for answer in answers} == {201}
        assert await home.book.faults() == []

    async def test_a_change_keeps_what_it_does_not_name(self, home):
        await home.plan("2024-01", planned_income_minor=100, notes="Holidays")

        response = await home.http.patch(
            "/budgets/2024-01", json={"status": "active"}, headers={"If-Match": '"1"'}
        )

        assert response.status_code == 200
        changed = response.json()
        assert (changed["planned_income_minor"], changed["notes"], changed["status"]) == (
            100,
            "Holidays",
            "active",
        )
        assert (changed["version"], response.headers["ETag"]) == (2, '"2"')

    async def test_a_replacement_sets_the_rest_to_their_defaults(self, home):
        await home.plan("2024-01", planned_income_minor=100, notes="Holidays")

        response = await home.http.put("/budgets/2024-01", json={"planned_income_minor": 7, "version": 1})

        assert (response.json()["planned_income_minor"], response.json()["notes"]) == (7, None)

    @pytest.mark.parametrize(
        ("headers", "body", "status"),
        [
            ({}, {}, 428),
            ({"If-Match": '"7"'}, {}, 412),
            ({}, {"version": 7}, 409),
            ({"If-Match": "*"}, {}, 400),
        ],
    )
    async def test_a_change_names_the_version_it_was_made_from(self, home, headers, body, status):
        await home.plan("2024-01")

        response = await home.http.patch("/budgets/2024-01", json={"notes": "x", **body}, headers=headers)

        assert response.status_code == status

    async def test_a_month_without_header_gets_one_by_its_first_change(self, home):
        await home.plan("2024-01")

        response = await home.http.patch("/budgets/2024-02", json={"notes": "x", "version": 0})

        assert (response.status_code, response.json()["version"]) == (200, 1)

    async def test_parts_of_the_planned_income_add_up_to_it(self, home):
        refused = await home.post("/budgets", month="2024-01", planned_income_minor=5, planned_salary_minor=4)
        made = await home.plan("2024-01", planned_salary_minor=4, planned_other_minor=3)

        assert (refused.status_code, refused.json()["code"]) == (400, "parts_do_not_add_up")
        assert made["planned_income_minor"] == 7

    async def test_a_total_that_stands_alone_stays_when_a_part_is_named(self, home):
        await home.plan("2024-01", planned_income_minor=100)

        async def patched(**body):
            response = await home.http.patch("/budgets/2024-01", json=body)
            return response.status_code, response.json().get("planned_income_minor")

        assert await patched(planned_salary_minor=0, version=1) == (200, 100)
        assert (await patched(planned_salary_minor=30, version=2))[0] == 400
        assert await patched(planned_salary_minor=100, version=2) == (200, 100)
        assert await patched(planned_other_minor=20, version=3) == (200, 120)
        assert await patched(planned_salary_minor=0, planned_other_minor=0, version=4) == (200, 0)

    @pytest.mark.parametrize("years", [-51, 51])
    async def test_a_month_too_far_away_is_refused_with_the_years_that_are_taken(self, home, years):
        today = datetime.now(UTC)
        far = f"{today.year + years}-05"
        body = {"category_id": str(home.groceries), "allocation_type": "fixed", "allocation_value": 1}

        planned = await home.post("/budgets", month=far)
        alone = await home.post(f"/budgets/{far}/allocations", **body)
        listed = await home.http.put(f"/budgets/{far}/allocations", json={"items": [body]})

        assert [each.status_code for each in (planned, alone, listed)] == [400, 400, 400]
        assert planned.json()["errors"] == {
            "month": [f"must be in the years {today.year - 50} to {today.year + 50}"]
        }

    async def test_a_list_is_paged_and_without_lines(self, home):
        await home.plan("2024-01")

        asked = {"to": "2024-03", "limit": 2}
        first = (await home.http.get("/budgets", params=asked)).json()
        rest = (await home.http.get("/budgets", params={**asked, "cursor": first["next_cursor"]})).json()

        months = [item["month"] for item in first["items"] + rest["items"]]
        assert (months, rest["next_cursor"]) == (["2024-01", "2024-02", "2024-03"], None)
        assert "categories" not in first["items"][0]

    async def test_a_list_has_the_months_asked_for(self, home):
        await home.plan("2024-01")

        items = (await home.http.get("/budgets", params={"from": "2024-02", "to": "2024-02"})).json()["items"]

        assert [item["month"] for item in items] == ["2024-02"]

    async def test_a_hold_moves_money_into_the_next_month(self, home):
        await home.plan("2024-01")

        held = (await home.post("/budgets/2024-01/hold", hold_minor=2_500)).json()

        assert (held["to_be_budgeted_minor"], held["hold_minor"]) == (97_500, 2_500)
        assert (await home.month("2024-02"))["to_be_budgeted_minor"] == 100_000

    async def test_a_month_is_announced_with_its_figures(self, home):
        await home.plan("2024-01", planned_income_minor=9)

        rows = await home.book.sql(
            "SELECT data FROM event WHERE stream_id = $1 AND data ->> 'month' = '2024-01' ORDER BY sequence DESC",
            home.book.id,
        )

        assert '"planned_income_minor": 9' in rows[0]["data"]


class TestDeleting:
    async def test_a_mistyped_month_is_undone_and_the_budget_is_as_short_as_before(self, home):
        await home.plan("2024-01")
        await home.plan("1999-01", planned_income_minor=7)
        assert (await home.month("2000-06"))["version"] == 0

        deleted = await home.http.delete("/budgets/1999-01", headers={"If-Match": '"1"'})

        assert deleted.status_code == 204
        items = (await home.http.get("/budgets", params={"limit": 1})).json()["items"]
        assert [item["month"] for item in items] == ["2024-01"]
        assert (await home.month("2024-01"))["to_be_budgeted_minor"] == 100_000
        assert await home.book.faults() == []

    async def test_one_far_ahead_goes_as_well(self, home):
        ahead = f"{datetime.now(UTC).year + 9}-01"
        await home.plan("2024-01")
        await home.plan(ahead)

        assert (await home.http.delete(f"/budgets/{ahead}", params={"version": 1})).status_code == 204
        assert (await home.http.get(f"/budgets/{ahead}")).status_code == 404
        assert await home.book.faults() == []

    async def test_one_between_others_reads_as_zeros_again_and_holds_nothing(self, home):
        await home.plan("2024-01")
        await home.plan("2024-02", planned_income_minor=5)
        await home.post("/budgets/2024-02/hold", hold_minor=10)

        assert (await home.http.delete("/budgets/2024-02", params={"version": 2})).status_code == 204

        month = await home.month("2024-02")
        assert (month["version"], month["planned_income_minor"], month["hold_minor"]) == (0, 0, 0)
        assert await home.book.faults() == []

    async def test_the_only_one_leaves_no_budget(self, home):
        await home.plan("2024-01")

        assert (await home.http.delete("/budgets/2024-01", params={"version": 1})).status_code == 204
        assert (await home.http.get("/budgets")).json()["items"] == []

    async def test_one_with_allocations_is_in_use(self, home):
        await home.plan("2024-01")
        made = await home.allocate(home.groceries, 1)

        refused = await home.http.delete("/budgets/2024-01", params={"version": 1})
        await home.http.delete(f"/allocations/{made['id']}", params={"version": 1})

        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
        assert (await home.http.delete("/budgets/2024-01", params={"version": 1})).status_code == 204

    @pytest.mark.parametrize(
        ("month", "headers", "query", "status"),
        [
            ("2024-01", {}, {}, 428),
            ("2024-01", {"If-Match": '"2"'}, {}, 412),
            ("2024-01", {}, {"version": 2}, 409),
            ("2024-02", {}, {"version": 1}, 404),
            ("1924-02", {"If-Match": '"1"'}, {}, 404),
        ],
    )
    async def test_names_a_planned_month_and_its_version(self, home, month, headers, query, status):
        await home.plan("2024-01")

        response = await home.http.delete(f"/budgets/{month}", headers=headers, params=query)

        assert response.status_code == status


class TestReadingOnesWrites:
    def token(self, home, number, producer="ledger"):
        return {consistency.HEADER: consistency.write(producer, home.book.id, number)}

    async def test_a_write_answers_with_a_token(self, home):
        response = await home.post("/budgets", month="2024-01")

        tokens = consistency.read(response.headers[consistency.HEADER])

        assert list(tokens) == [("budget", UUID(str(home.book.id)))]
        assert (await home.http.get("/budgets/2024-01", headers=dict(response.headers))).status_code == 200

    async def test_what_is_there_is_answered_at_once(self, home):
        await home.plan("2024-01")

        response = await home.http.get("/budgets/2024-01", headers=self.token(home, home.book.number))

        assert "X-Stale" not in response.headers

    async def test_what_does_not_come_in_a_second_is_answered_as_lagging(self, home):
        await home.plan("2024-01")

        response = await home.http.get("/budgets/2024-01", headers=self.token(home, home.book.number + 1))

        assert response.headers["X-Stale"] == "lagging"

    async def test_what_waits_to_be_derived_is_lagging_and_dated(self, home):
        await home.plan("2024-01")
        await home.book.tell(
            home.book.account(home.savings, on_budget=True, opening_balance_minor=5), behind=True
        )

        asked_at = rfc3339(datetime.now(UTC))
        response = await home.http.get("/budgets/2024-01", headers=self.token(home, home.book.number))

        assert response.headers["X-Stale"] == "lagging"
        assert response.json()["as_of"] < asked_at
        assert response.json()["openings_minor"] == 100_000

    async def test_what_is_parked_is_answered_as_parked(self, home):
        await home.plan("2024-01")
        broken = home.book.event(home.book.category(new_id(), "expense"))
        await home.book.hear(home.book.faulty(broken))

        response = await home.http.get("/budgets/2024-01", headers=self.token(home, home.book.number))

        assert response.headers["X-Stale"] == "parked"

    async def test_a_token_that_is_none_is_refused(self, home):
        response = await home.http.get("/budgets", headers={consistency.HEADER: "nonsense"})

        assert response.status_code == 400
