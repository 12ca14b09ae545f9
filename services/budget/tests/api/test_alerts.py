"""What somebody should look at: told once as an event, and shown while it stands.

The ledger's news arrive on 10 February 2024; so long as nobody says otherwise, that month is running.
"""

from datetime import UTC, datetime

import pytest

from pfms_budget.operations.alerts import look_for_unbudgeted

RUNNING, NEXT = "2024-02", "2024-03"


async def told(home):
    """In order: month, share or kind, and whether it is about a category."""
    rows = await home.book.sql(
        """SELECT data->>'month' AS month, type, data->>'kind' AS kind, data->>'category_id' AS category,
                  data->>'threshold_percent' AS percent, aggregate_version AS version
           FROM event WHERE stream_id = $1 AND type IN ('budget.threshold_crossed', 'budget.overspent')
           ORDER BY sequence""",
        home.book.id,
    )
    return [f"{row['month']} {_what(row)} v{row['version']}" for row in rows]


def _what(row):
    if row["type"] == "budget.overspent":
        return "overspent" if row["category"] else "over allocated"
    return f"{row['percent']} %" if row["kind"] == "allocation" else row["kind"]


@pytest.fixture
async def groceries(home):
    """100.00 are set aside for them in the running month."""
    await home.plan(RUNNING)
    await home.allocate(home.groceries, 10_000, month=RUNNING)
    return home


async def test_a_share_is_told_once_and_again_after_spending_fell_five_points_below(groceries):
    for minor in (-8_000, -500, 900, -300):
        await groceries.spend("2024-02-05", minor, groceries.groceries)
    assert await told(groceries) == [f"{RUNNING} 80 % v1"]

    await groceries.spend("2024-02-06", 400, groceries.groceries)
    await groceries.spend("2024-02-07", -500, groceries.groceries)

    assert await told(groceries) == [f"{RUNNING} 80 % v1", f"{RUNNING} 80 % v2"]


async def test_one_purchase_may_cross_all_and_its_repetition_tells_nothing(groceries):
    event = groceries.book.event(groceries.book.account(groceries.checking, name="Wallet"))
    await groceries.spend("2024-02-05", -10_001, groceries.groceries)
    await groceries.book.hear(event, event)

    assert sorted(await told(groceries)) == [
        *(f"{RUNNING} 100 % v1", f"{RUNNING} 80 % v1", f"{RUNNING} overspent v1")
    ]


async def test_a_month_that_is_over_or_far_away_is_not_told_of(home):
    await home.plan("2024-01")
    for month in ("2024-01", "2024-04"):
        await home.allocate(home.groceries, 10_000, month=month)

    await home.spend("2024-01-05", -9_000, home.groceries)
    await home.spend("2024-04-05", -9_000, home.groceries)

    assert await told(home) == []


async def test_the_next_month_is_told_of_as_well(home):
    await home.plan(RUNNING)
    await home.allocate(home.groceries, 10_000, month=NEXT)

    await home.spend("2024-03-05", -9_000, home.groceries)

    assert await told(home) == [f"{NEXT} 80 % v1"]


async def test_more_set_aside_than_there_is_is_told_of_the_running_month_and_not_of_the_next_too(home):
    await home.plan(RUNNING)
    await home.allocate(home.rent, 100_000, month=RUNNING)

    await home.spend("2024-02-03", -5_000, home.salary)
    assert (await home.month(NEXT))["to_be_budgeted_minor"] == -5_000
    assert await told(home) == [f"{RUNNING} over allocated v1"]

    await home.spend("2024-03-03", -1, home.salary)
    assert await told(home) == [f"{RUNNING} over allocated v1", f"{NEXT} over allocated v1"]


async def test_rows_of_an_old_statement_tell_nothing_of_what_they_hand_on(home):
    await home.plan("2024-01")
    await home.allocate(home.groceries, 10_000, rollover="both")
    await home.allocate(home.groceries, 90_000, month=RUNNING, rollover="both")
    await home.spend("2024-02-05", -70_000, home.groceries)

    await home.spend("2024-01-05", -50_000, home.groceries)
    await home.spend("2024-01-06", -50_000)

    running = await home.month(RUNNING)
    assert running["to_be_budgeted_minor"] == -50_000
    assert (await home.line(home.groceries, RUNNING))["available_minor"] == -20_000
    assert await told(home) == []
    noted = await home.book.sql("SELECT kind FROM alert WHERE book_id = $1 ORDER BY kind", home.book.id)
    assert [row["kind"] for row in noted] == ["over_allocated", "overspent"]

    await home.spend("2024-02-06", -1)
    assert await told(home) == []


async def test_a_month_with_nothing_set_aside_is_told_once_from_its_third_day_on(home):
    await home.plan(RUNNING)

    for day in (2, 3, 4):
        await looked(home, datetime(2024, 2, day, 12, tzinfo=UTC))
        assert await told(home) == ([f"{RUNNING} not_budgeted v1"] if day > 2 else [])


async def test_a_month_with_something_set_aside_is_not_told(groceries):
    await looked(groceries, datetime(2024, 2, 3, 12, tzinfo=UTC))

    assert await told(groceries) == []


async def test_periods_of_a_pay_cycle_are_told_of_by_their_own_days(home):
    await home.book.sql(
        "INSERT INTO period_rule VALUES ($1, '2024-01-25', '2024-01-01', 'monthly', 25, NULL, NULL, '{}', 1)",
        home.book.id,
    )
    await home.plan("2024-01-25")

    for day, expected in ((26, []), (27, ["2024-01-25 not_budgeted v1"])):
        await looked(home, datetime(2024, 1, day, 12, tzinfo=UTC))
        assert await told(home) == expected

    await home.allocate(home.groceries, 10_000, month="2024-01-25")
    await home.spend("2024-01-25", -8_000, home.groceries)
    assert (await told(home))[1:] == ["2024-01-25 80 % v1"]


async def looked(home, now):
    resources = home.book.running.resources
    await look_for_unbudgeted(resources.pool, resources.relay_pool, now)


async def test_what_stands_is_listed_until_it_is_mended(home):
    running = f"{datetime.now(UTC):%Y-%m}"
    await home.plan(running)
    made = await home.allocate(home.rent, 100_001, month=running)

    items = (await home.http.get("/budgets/alerts")).json()["items"]
    assert [(item["month"], item["kind"], item["category_id"]) for item in items] == [
        (running, "over_allocated", None)
    ]

    await home.http.delete(f"/allocations/{made['id']}", headers={"If-Match": '"1"'})
    assert (await home.http.get("/budgets/alerts")).json()["items"] == []


async def test_a_book_chooses_its_shares(groceries):
    response = await groceries.http.patch(
        "/budget-settings", json={"alert_percents": [50, 20, 50], "version": 0}
    )
    assert (response.status_code, response.json()["alert_percents"]) == (200, [20, 50])

    await groceries.spend("2024-02-05", -9_000, groceries.groceries)

    assert await told(groceries) == [f"{RUNNING} 20 % v1", f"{RUNNING} 50 % v1"]


@pytest.mark.parametrize("percents", [[0], [1001], [80.5], "80", None, [1] * 11])
async def test_what_is_no_list_of_shares_is_refused(home, percents):
    response = await home.http.patch("/budget-settings", json={"alert_percents": percents, "version": 0})

    assert response.status_code == 400
