"""A household that is paid on the 25th goes over to its pay cycle on 10 February 2024, in figures made by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from pfms_budget.operations.projecting import extend

PAYDAYS = {"from": "2024-02-10", "cycle": "monthly", "day": 25}


@pytest.fixture(autouse=True)
def today(book):
    """10 February 2024."""
    state = book.running.app.state
    state.resources = replace(book.running.resources, clock=lambda: book.now)
    yield
    state.resources = book.running.resources


@pytest_asyncio.fixture
async def paid(home):
    """Checking opened on 1 January with 1,000.00; 2,000.00 come on the 25th of January and February. Groceries get
    300.00 in each month to March, 310.00 in April; 250.00 were spent in January, 100.00 on 5 February, 80.00 will be
    on the 26th. Rent gets 700.00 in March, for which 2,000.00 are planned and 50.00 held back.
    """
    await home.plan("2024-01")
    await home.plan("2024-03", planned_income_minor=200_000, notes="dentist")
    await home.spend("2024-01-25", 200_000, home.salary)
    await home.spend("2024-02-25", 200_000, home.salary)
    for key, minor in (("01", 30_000), ("02", 30_000), ("03", 30_000), ("04", 31_000)):
        await home.allocate(home.groceries, minor, f"2024-{key}")
    await home.allocate(home.rent, "35", "2024-03")
    await home.post("/budgets/2024-03/hold", hold_minor=5_000)
    for day, minor in (("2024-01-10", -25_000), ("2024-02-05", -10_000), ("2024-02-26", -8_000)):
        await home.spend(day, minor, home.groceries)
    return home


async def change(home, version=0, **body):
    return await home.http.put("/periods", json=body or PAYDAYS, headers={"If-Match": f'"{version}"'})


async def keys(home):
    return [item["month"] for item in (await home.http.get("/budgets")).json()["items"]]


async def figures(home, key):
    month = await home.month(key)
    groceries = next(row for row in month["categories"] if row["category_id"] == str(home.groceries))
    return (
        groceries["carry_in_minor"],
        groceries["allocated_minor"],
        groceries["actual_minor"],
        groceries["available_minor"],
        month["income_minor"],
        month["to_be_budgeted_minor"],
    )


async def test_until_it_chooses_a_book_has_calendar_months(home):
    answer = await home.http.get("/periods", params={"from": "2024-02-10", "to": "2024-03-01"})

    assert answer.json() == {
        "items": [
            {"month": "2024-02", "first_day": "2024-02-01", "last_day": "2024-02-29", "days": 29},
            {"month": "2024-03", "first_day": "2024-03-01", "last_day": "2024-03-31", "days": 31},
        ],
        "next_cursor": None,
        "running": {"month": "2024-02", "first_day": "2024-02-01", "last_day": "2024-02-29", "days": 29},
        "rules": [],
        "version": 0,
    }
    assert answer.headers["ETag"] == '"0"'


async def test_a_preview_tells_what_a_change_would_do_and_does_nothing(paid):
    before = await keys(paid)

    preview = (await paid.post("/periods/preview", **PAYDAYS)).json()

    assert preview["bridge_before"]["last_day"] == "2024-02-29"
    assert (preview["bridge"]["month"], preview["bridge"]["last_day"]) == ("2024-02", "2024-02-24")
    assert [item["month"] for item in preview["items"]][:3] == ["2024-02", "2024-02-25", "2024-03-25"]
    # 24 of the 31 days of March lie in the period from 25 February on, 24 of the 30 of April in the next
    assert preview["moves"] == [
        {
            "from": ["2024-03"],
            "to": "2024-02-25",
            "allocated_minor": 100_000,
            "planned_income_minor": 200_000,
            "hold_minor": 5_000,
        },
        {
            "from": ["2024-04"],
            "to": "2024-03-25",
            "allocated_minor": 31_000,
            "planned_income_minor": 0,
            "hold_minor": 0,
        },
    ]
    assert preview["version"] == 0
    assert await keys(paid) == before


async def test_a_household_goes_over_to_its_pay_cycle(paid):
    january = await paid.month("2024-01")
    assert await figures(paid, "2024-02") == (5_000, 30_000, 18_000, 17_000, 200_000, 440_000)

    answer = await change(paid)

    assert answer.status_code == 200, answer.text
    assert answer.json()["running"] == {
        "month": "2024-02",
        "first_day": "2024-02-01",
        "last_day": "2024-02-24",
        "days": 24,
    }
    assert answer.json()["rules"][0]["first_day"] == "2024-02-25"
    assert (answer.json()["version"], answer.headers["ETag"]) == (1, '"1"')
    assert await keys(paid) == ["2024-01", "2024-02", "2024-02-25", "2024-03-25"]
    assert {**(await paid.month("2024-01")), "as_of": ""} == {**january, "as_of": ""}
    # carried in, allocated, spent, available; income, to be budgeted
    assert await figures(paid, "2024-02") == (5_000, 30_000, 10_000, 25_000, 0, 240_000)
    # 2,400.00 + 2,000.00 less 300.00, 700.00 and 50.00 held
    assert await figures(paid, "2024-02-25") == (25_000, 30_000, 8_000, 47_000, 200_000, 335_000)
    assert await figures(paid, "2024-03-25") == (47_000, 31_000, 0, 78_000, 0, 309_000)
    assert await paid.book.faults() == []


async def test_what_was_planned_goes_along(paid):
    """The header with its notes, the hold, and a percentage, which stays one where nothing else meets it."""
    march = (await paid.http.get("/budgets/2024-03/allocations")).json()["items"]
    await change(paid)

    month = await paid.month("2024-02-25")
    allocations = (await paid.http.get("/budgets/2024-02-25/allocations")).json()["items"]

    assert (month["planned_income_minor"], month["hold_minor"], month["notes"]) == (200_000, 5_000, "dentist")
    assert {row["id"] for row in allocations} == {row["id"] for row in march}
    rent = next(row for row in allocations if row["category_id"] == str(paid.rent))
    assert (rent["allocation_value"], rent["allocated_minor"], rent["version"]) == ("35.00", 70_000, 2)
    assert {row["month"] for row in allocations} == {"2024-02-25"}
    assert (await paid.http.get("/budgets/2024-03")).status_code == 404


async def test_where_two_meet_amounts_are_added_and_percentages_become_amounts(paid):
    """March and April lie in the period by hand from 25 February to 30 April."""
    await paid.plan("2024-04", planned_income_minor=10_000, planned_bonuses_minor=10_000, notes="glasses")

    answer = await change(
        paid, **{"from": "2024-02-10", "cycle": "by_hand", "first_days": ["2024-02-25", "2024-05-01"]}
    )

    assert answer.status_code == 200, answer.text
    month = await paid.month("2024-02-25")
    assert (month["planned_income_minor"], month["planned_bonuses_minor"]) == (210_000, 10_000)
    assert (month["planned_other_minor"], month["notes"]) == (200_000, "dentist\nglasses")
    allocations = (await paid.http.get("/budgets/2024-02-25/allocations")).json()["items"]
    values = {row["category_id"]: (row["allocation_type"], row["allocation_value"]) for row in allocations}
    assert values == {str(paid.groceries): ("fixed", 61_000), str(paid.rent): ("fixed", 70_000)}
    assert await paid.book.faults() == []


async def test_a_pay_period_is_planned_like_any_month(paid):
    await change(paid)

    made = await paid.post("/budgets", month="2024-03-25", planned_income_minor=210_000)
    allocated = await paid.allocate(paid.rent, 70_000, "2024-04-25")
    changed = await paid.http.patch("/budgets/2024-02-25", json={"notes": "optician"}, headers=at(made, 1))

    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/budgets/2024-03-25")
    assert allocated["month"] == "2024-04-25"
    assert (changed.status_code, changed.json()["notes"]) == (200, "optician")
    assert (await keys(paid))[-1] == "2024-04-25"
    listed = (await paid.http.get("/budgets", params={"from": "2024-02-25", "to": "2024-03"})).json()["items"]
    assert [item["month"] for item in listed] == ["2024-02-25", "2024-03-25"]


def at(_answer, version):
    return {"If-Match": f'"{version}"'}


@pytest.mark.parametrize("key", ["2024-03", "2024-03-26", "2024-02-01"])
async def test_what_names_no_period_of_the_book_is_refused_with_the_one_it_lies_in(paid, key):
    await change(paid)

    read = await paid.http.get(f"/budgets/{key}")
    made = await paid.post("/budgets", month=key)

    assert read.status_code == 404
    assert made.status_code == 400
    expected = {"2024-03": "2024-02-25", "2024-03-26": "2024-03-25", "2024-02-01": "2024-02"}[key]
    assert made.json()["month"] == expected
    assert expected in made.json()["errors"]["month"][0]


async def test_a_second_change_within_the_bridge_replaces_the_first(paid):
    await change(paid)
    again = await change(paid, 1, **{**PAYDAYS, "day": 28})

    assert [rule["first_day"] for rule in again.json()["rules"]] == ["2024-02-28"]
    assert again.json()["version"] == 2
    assert await keys(paid) == ["2024-01", "2024-02", "2024-02-28", "2024-03-28"]
    assert await paid.book.faults() == []


async def test_back_to_calendar_months_everything_is_where_it_was(paid):
    before = [await figures(paid, f"2024-0{n}") for n in (1, 2, 3, 4)]
    await change(paid)
    await change(paid, 1, **{"from": "2024-02-10", "cycle": "calendar_month"})

    assert [await figures(paid, f"2024-0{n}") for n in (1, 2, 3, 4)] == before
    assert await paid.book.faults() == []


async def test_a_period_is_added_on_the_day_on_which_the_last_one_begins(home):
    """The budget always has the period after today's; of two weeks one more on 23 February."""
    await home.plan("2024-01")
    await change(home, **{"from": "2024-02-10", "cycle": "two_weeks", "anchor": "2024-02-23"})
    resources = home.book.running.resources
    before = await keys(home)

    await extend(resources.pool, resources.relay_pool, datetime(2024, 2, 22, 9, tzinfo=UTC))
    on_the_eve = await keys(home)
    await extend(resources.pool, resources.relay_pool, datetime(2024, 2, 23, 9, tzinfo=UTC))

    assert before == on_the_eve == ["2024-01", "2024-02", "2024-02-23"]
    assert await keys(home) == [*before, "2024-03-08"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**PAYDAYS, "from": "2024-01-31"}, "from"),
        ({**PAYDAYS, "from": "2100-01-31"}, "from"),
        ({**PAYDAYS, "day": 32}, "day"),
        ({**PAYDAYS, "day": None}, "day"),
        ({**PAYDAYS, "anchor": "2024-02-10"}, "anchor"),
        ({"from": "2024-02-10", "cycle": "two_weeks"}, "anchor"),
        ({"from": "2024-02-10", "cycle": "by_hand", "first_days": []}, "first_days"),
        ({"from": "2024-02-10", "cycle": "by_hand", "first_days": ["2024-02-09"]}, "first_days.0"),
        ({"from": "2024-02-10", "cycle": "last_working_day", "holidays": "XX"}, "holidays"),
        ({"from": "2024-02-10", "cycle": "weekly"}, "cycle"),
    ],
)
async def test_what_is_no_cycle_is_refused_and_changes_nothing(paid, body, field):
    before = await keys(paid)

    answer = await paid.http.put("/periods", json=body, headers={"If-Match": '"0"'})
    preview = await paid.post("/periods/preview", **body)

    assert (answer.status_code, preview.status_code) == (400, 400)
    assert field in answer.json()["errors"]
    assert await keys(paid) == before


@pytest.mark.parametrize(("headers", "status"), [({}, 428), ({"If-Match": '"3"'}, 412)])
async def test_a_change_names_the_version_it_was_made_from(paid, headers, status):
    answer = await paid.http.put("/periods", json=PAYDAYS, headers=headers)

    assert answer.status_code == status
    assert (await paid.http.get("/periods")).json()["version"] == 0


async def test_the_same_key_changes_once(paid):
    headers = {"If-Match": '"0"', "Idempotency-Key": "going-over-once-only"}
    first = await paid.http.put("/periods", json=PAYDAYS, headers=headers)
    again = await paid.http.put("/periods", json=PAYDAYS, headers=headers)

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await paid.http.get("/periods")).json()["version"] == 1


@pytest.mark.parametrize(
    "query", [{"to": "2023-01-01"}, {"from": "2024-01-01", "to": "2035-01-01"}, {"from": "1"}]
)
async def test_only_some_years_of_periods_are_read_at_once(home, query):
    assert (await home.http.get("/periods", params=query)).status_code == 400


async def test_a_viewer_may_look_ahead(paid, viewer):
    assert (await viewer.post("/periods/preview", json=PAYDAYS)).status_code == 200
