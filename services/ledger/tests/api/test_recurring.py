"""/recurring: plans, what they predict, and posting each of their occurrences once."""

from datetime import date, timedelta

import pytest

TODAY = date.today()  # noqa: DTZ011  # the book has no zone yet, so that UTC's day is near enough
LONG_AGO = "2026-01-31"


def month_day(n: int) -> str:
    """The first of the month `n` months from this one."""
    year, month = divmod(TODAY.year * 12 + TODAY.month - 1 + n, 12)
    return date(year, month + 1, 1).isoformat()


@pytest.fixture
def make_plan(anna):
    """Makes a plan of 950.00 for rent, on the first of each month since two months ago, unless told otherwise."""

    async def made(account, **fields):
        template = {"account_id": account["id"], "payee": "Landlord", "amount_minor": -95_000}
        body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": month_day(-2)}
        response = await anna.post("/recurring", **{**body, **fields})
        assert response.status_code == 201, response.text
        return response.json()

    return made


async def occurrences(anna, plan, first, last):
    response = await anna.get(f"/recurring/{plan['id']}/occurrences", **{"from": first, "to": last})
    assert response.status_code == 200, response.text
    return response.json()["items"]


async def test_a_plan_reads_back_as_it_was_made_with_what_comes_next(anna, make_plan):
    account, groceries = await anna.account(), await anna.category("groceries")
    made = await make_plan(
        account,
        template={
            "account_id": account["id"],
            "payee": "Market",
            "amount_minor": -3_000,
            "splits": [
                {"category_id": groceries, "amount_minor": -2_000, "memo": "food"},
                {"amount_minor": -1_000},
            ],
            "tags": ["weekly"],
        },
        rrule="FREQ=WEEKLY;INTERVAL=2",
        start=(TODAY + timedelta(days=3)).isoformat(),
        weekend_rule="none",
        reminder_days=2,
        yearly_increase_percent="2.5",
        is_essential=True,
        count=3,
    )

    read = await anna.get(f"/recurring/{made['id']}")

    assert (read.json(), read.headers["ETag"]) == (made, '"1"')
    assert (made["kind"], made["currency"], made["status"]) == ("expense", "EUR", "upcoming")
    assert (made["next_date"], made["next_amount_minor"]) == (made["start"], -3_000)
    assert made["description"].endswith(", 3 times")
    assert made["template"]["payee_id"] == (await anna.get("/payees")).json()["items"][0]["id"]
    assert (await anna.get("/recurring")).json()["items"] == [made]


async def test_days_are_predicted_without_drift_and_nothing_is_changed(anna, make_plan):
    plan = await make_plan(await anna.account(), start=LONG_AGO)
    before = (await anna.get("/ledger/events", limit=200)).json()

    found = await occurrences(anna, plan, "2027-01-01", "2027-04-30")

    assert [item["nominal_date"] for item in found] == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
    ]
    assert {item["transaction_id"] for item in found} == {None}
    assert (await anna.get("/ledger/events", limit=200)).json() == before


async def test_a_weekend_or_a_holiday_moves_the_date_and_the_increase_the_amount(anna, make_plan):
    plan = await make_plan(
        await anna.account(),
        start="2026-01-01",
        weekend_rule="after",
        holidays="DE",
        yearly_increase_percent="10",
    )

    found = await occurrences(anna, plan, "2027-01-01", "2027-02-28")

    assert [(item["nominal_date"], item["date"], item["amount_minor"]) for item in found] == [
        ("2027-01-01", "2027-01-04", -104_500),
        ("2027-02-01", "2027-02-01", -104_500),
    ]


async def test_realizing_posts_each_open_occurrence_once_with_plan_and_version(anna, make_plan):
    account = await anna.account()
    plan = await make_plan(account)
    path, up_to = f"/recurring/{plan['id']}/realize", month_day(0)

    first = await anna.post(path, key="realize-0123456789", up_to=up_to)
    again = await anna.post(path, key="realize-0123456789", up_to=up_to)
    later = await anna.post(path, up_to=up_to)

    assert first.status_code == 200, first.text
    assert first.json()["last_realized_date"] == up_to
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert later.json()["created"] == []
    items = await anna.transactions()
    assert [item["id"] for item in reversed(items)] == first.json()["created"]
    assert [item["date"] for item in items] == [month_day(0), month_day(-1), month_day(-2)]
    assert {(item["plan_id"], item["plan_version"], item["source"]) for item in items} == {
        (plan["id"], 1, "recurring")
    }
    shown = await occurrences(anna, plan, month_day(-2), month_day(1))
    assert [item["status"] for item in shown[:3]] == ["paid"] * 3
    assert shown[2]["transaction_id"] == first.json()["created"][2]
    assert await anna.balance(account) == -285_000


async def test_an_occurrence_is_confirmed_with_what_it_came_to_and_never_twice(anna, make_plan):
    account, utilities = await anna.account(), await anna.category("utilities")
    plan = await make_plan(
        account,
        name="Power",
        template={
            "account_id": account["id"],
            "payee": "Stadtwerke",
            "amount_minor": -9_000,
            "splits": [{"category_id": utilities, "amount_minor": -6_000}, {"amount_minor": -3_000}],
        },
        is_essential=True,
    )
    path = f"/recurring/{plan['id']}/confirm"

    made = await anna.post(path, amount_minor=-10_001, date=month_day(-1))
    twice = await anna.post(path, nominal_date=month_day(-2))
    wrong = [
        (await anna.post(path, nominal_date="2019-05-05")).status_code,
        (await anna.post(path, amount_minor=500)).status_code,
        (await anna.post(path, amount_minor=0)).status_code,
    ]

    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["nominal_date"], body["date"], body["status"]) == (month_day(-2), month_day(-1), "paid")
    assert [split["amount_minor"] for split in body["transaction"]["splits"]] == [-6_667, -3_334]
    assert body["transaction"]["is_essential"] is True
    assert (await anna.get(f"/transactions/{body['transaction_id']}")).json()["plan_date"] == month_day(-2)
    assert (twice.status_code, twice.json()["code"]) == (409, "conflict")
    assert wrong == [400, 400, 400]


async def test_run_now_posts_the_next_one_today_and_skipping_leaves_one_out(anna, make_plan):
    account = await anna.account()
    plan = await make_plan(account, start=month_day(1), count=2)
    path = f"/recurring/{plan['id']}"

    unkeyed = await anna.http.post(f"{path}/run-now", json={})
    ran = await anna.post(f"{path}/run-now")
    skipped = await anna.post(f"{path}/skip")
    none_left = [
        (await anna.post(f"{path}/{action}")).status_code for action in ("run-now", "skip", "confirm")
    ]

    assert (unkeyed.status_code, unkeyed.json()["code"]) == (400, "idempotency_key_required")
    assert (ran.status_code, ran.json()["nominal_date"]) == (201, month_day(1))
    assert ran.json()["transaction"]["date"] in {TODAY.isoformat(), (TODAY + timedelta(days=1)).isoformat()}
    assert (skipped.status_code, skipped.json()["nominal_date"], skipped.json()["status"]) == (
        200,
        month_day(2),
        "skipped",
    )
    assert none_left == [409, 409, 409]
    assert (await anna.get(path)).json()["status"] == "completed"


async def test_undo_says_that_what_became_of_an_occurrence_stays(anna, make_plan):
    plan = await make_plan(await anna.account(), start=month_day(1), count=2)
    outcomes = []
    for action in ("run-now", "skip"):
        await anna.post(f"/recurring/{plan['id']}/{action}")
        events = (await anna.get("/ledger/events", limit=200)).json()["items"]
        undone = await anna.post("/ledger/undo", correlation_id=events[-1]["correlation_id"])
        outcomes.append(undone.json())

    assert [outcome["undone"] for outcome in outcomes] == [1, 0]
    assert [
        [(kept["type"], kept["reason"], "for good" in kept["detail"]) for kept in outcome["kept"]]
        for outcome in outcomes
    ] == [[("recurring", "refused", True)]] * 2
    assert await anna.transactions() == []


async def test_nothing_is_realized_beyond_ten_years_ahead(anna, make_plan):
    plan = await make_plan(await anna.account(), rrule="FREQ=YEARLY")
    path = f"/recurring/{plan['id']}/realize"

    beyond = await anna.post(path, up_to=TODAY.replace(year=TODAY.year + 11, day=1).isoformat())
    nothing = await anna.transactions()
    within = await anna.post(path, up_to=TODAY.replace(year=TODAY.year + 9, day=1).isoformat())

    assert (beyond.status_code, list(beyond.json()["errors"])) == (400, ["up_to"])
    assert nothing == []
    assert (within.status_code, len(within.json()["created"]) >= 9) == (200, True)


async def test_a_transfer_comes_again_too(anna, make_plan):
    giro, savings = await anna.account(), await anna.account("Savings", type="savings")
    ends = {"from": {"account_id": giro["id"]}, "to": {"account_id": savings["id"]}, "amount_minor": 20_000}
    plan = await make_plan(giro, name="Saving", template=ends)

    await anna.post(f"/recurring/{plan['id']}/realize", up_to=month_day(-1))

    assert plan["kind"] == "transfer"
    assert [await anna.balance(account) for account in (giro, savings)] == [-40_000, 40_000]


async def test_what_is_due_is_listed_over_all_plans_the_overdue_first(anna, make_plan):
    account = await anna.account()
    await make_plan(account)
    later = (TODAY + timedelta(days=20)).isoformat()
    await make_plan(account, name="Phone", rrule="FREQ=MONTHLY;COUNT=1", start=later)

    month = (await anna.get("/recurring/due", days=21)).json()
    week = (await anna.get("/recurring/due", within="1-week")).json()
    wrong = [
        (await anna.get("/recurring/due", **query)).status_code
        for query in ({"days": 400}, {"within": "never"}, {"days": 3, "within": "5"})
    ]

    assert [item["status"] for item in month["items"][:2]] == ["overdue", "overdue"]
    assert ("Phone", later, "scheduled") in [
        (item["name"], item["date"], item["status"]) for item in month["items"]
    ]
    assert "Phone" not in [item["name"] for item in week["items"]]
    assert wrong == [400, 400, 400]


async def test_a_changed_schedule_looks_ahead_and_a_paused_plan_is_still(anna, make_plan):
    account = await anna.account()
    plan = await make_plan(account, auto_post=True)
    path = f"/recurring/{plan['id']}"

    unversioned = await anna.http.patch(path, json={"name": "Flat"})
    changed = (await anna.patch(path, 1, rrule="FREQ=MONTHLY;BYMONTHDAY=3")).json()
    stale = await anna.patch(path, 1, name="Flat")
    paused = (await anna.patch(path, 2, is_active=False)).json()
    still = await anna.post(f"{path}/realize", up_to=month_day(5))
    refused = await anna.post(f"{path}/run-now")
    again = (await anna.patch(path, 3, is_active=True)).json()

    assert (unversioned.status_code, stale.status_code) == (428, 412)
    assert changed["next_date"] >= TODAY.isoformat() <= changed["catch_up_from"]
    assert (paused["status"], paused["next_date"]) == ("paused", None)
    assert (still.status_code, still.json()["created"]) == (200, [])
    assert refused.status_code == 409
    assert again["next_date"] == changed["next_date"]
    versions = (await anna.get(f"{path}/versions")).json()["items"]
    assert [item["version"] for item in versions] == [1, 2, 3, 4]


async def test_a_new_amount_is_of_today_and_rises_from_there(anna, make_plan):
    plan = await make_plan(await anna.account(), start="2020-01-15", yearly_increase_percent="10")
    template = {**plan["template"], "amount_minor": -200_000}
    template = {name: template[name] for name in ("account_id", "amount_minor", "payee")}

    changed = (await anna.patch(f"/recurring/{plan['id']}", 1, template=template)).json()

    assert changed["amount_since"] >= (TODAY - timedelta(days=1)).isoformat()
    soon = (TODAY + timedelta(days=300)).isoformat()
    found = await occurrences(anna, plan, TODAY.isoformat(), soon)
    assert {item["amount_minor"] for item in found} == {-200_000}


async def test_what_a_plan_refers_to_must_be_there_and_stays_while_it_does(anna, boris, make_plan):
    account, mine = await anna.account(), await boris.account()
    dining = await anna.category("dining")
    splits = [{"category_id": dining, "amount_minor": -500}]
    template = {"account_id": account["id"], "amount_minor": -500, "splits": splits}
    plan = await make_plan(account, template=template)
    body = {"name": "Rent", "rrule": "FREQ=MONTHLY", "start": "2026-01-01"}

    foreign = await anna.post("/recurring", template={"account_id": mine["id"], "amount_minor": -1}, **body)
    uneven = await anna.post(
        "/recurring", template={**template, "amount_minor": -501, "account_id": account["id"]}, **body
    )
    held = [await anna.delete(f"/accounts/{account['id']}", 1), await anna.delete(f"/categories/{dining}", 1)]

    assert foreign.status_code == 404
    assert list(foreign.json()["errors"]) == ["template.account_id"]
    assert uneven.status_code == 400
    assert [(each.status_code, each.json()["referred_to_by"]) for each in held] == [(409, ["plans"])] * 2
    assert (await boris.get(f"/recurring/{plan['id']}")).status_code == 404
    assert (await boris.post(f"/recurring/{plan['id']}/run-now")).status_code == 404
    assert (await anna.delete(f"/recurring/{plan['id']}", 1)).status_code == 204
    assert (await anna.delete(f"/accounts/{account['id']}", 1)).status_code == 204


async def test_a_plan_that_made_transactions_is_kept(anna, make_plan):
    plan = await make_plan(await anna.account())
    made = (await anna.post(f"/recurring/{plan['id']}/run-now")).json()

    refused = await anna.delete(f"/recurring/{plan['id']}", 1)
    await anna.delete(f"/transactions/{made['transaction_id']}", 1)
    gone = await anna.delete(f"/recurring/{plan['id']}", 1)

    assert (refused.status_code, refused.json()["referred_to_by"]) == (409, ["transactions"])
    assert gone.status_code == 204


async def test_an_occurrence_stays_settled_when_its_transaction_is_deleted_or_undone(anna, make_plan):
    plan = await make_plan(await anna.account(), count=1)
    made = (await anna.post(f"/recurring/{plan['id']}/run-now")).json()
    events = (await anna.get("/ledger/events", limit=200)).json()["items"]
    mark = next(event for event in events if event["type"] == "recurring.posted")

    undone = await anna.post(f"/ledger/events/{mark['event_id']}/undo")
    await anna.delete(f"/transactions/{made['transaction_id']}", 1)
    again = await anna.post(f"/recurring/{plan['id']}/realize", up_to=month_day(1))

    assert (undone.status_code, undone.json()["code"]) == (409, "not_undoable")
    assert again.json()["created"] == []


async def test_a_repeated_request_has_its_first_answer_whatever_has_changed_since(anna, make_plan):
    account = await anna.account()
    template = {"account_id": account["id"], "amount_minor": -500}
    body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": month_day(1)}

    made = await anna.post("/recurring", key="a-plan-of-16-chars", **body)
    await anna.patch(f"/accounts/{account['id']}", 1, is_active=False)
    again = await anna.post("/recurring", key="a-plan-of-16-chars", **body)
    other = await anna.post("/recurring", key="a-plan-of-16-chars", **{**body, "name": "Flat"})

    assert (made.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (made.content, "true")
    assert len((await anna.get("/recurring")).json()["items"]) == 1


async def test_what_others_owe_is_shared_out_anew_each_time(anna, make_plan):
    account, flatmate = await anna.account(), "01890a5d-ac96-774b-bcce-b302099a8057"
    splits = [{"amount_minor": -95_000, "shares": [{"person_id": flatmate, "percentage": "40"}]}]
    template = {"account_id": account["id"], "amount_minor": -95_000, "splits": splits}
    plan = await make_plan(account, template=template)

    made = (await anna.post(f"/recurring/{plan['id']}/confirm", amount_minor=-100_000)).json()

    share = made["transaction"]["splits"][0]["shares"][0]
    assert (share["person_id"], share["amount_minor"]) == (flatmate, 40_000)
    assert plan["template"]["sharing"][0]["members"] == [{"person_id": flatmate, "figure": "40"}]


async def test_a_plan_follows_when_its_category_is_merged_into_another(anna, make_plan):
    account, dining, groceries = (
        await anna.account(),
        await anna.category("dining"),
        await anna.category("groceries"),
    )
    splits = [{"category_id": dining, "amount_minor": -500}]
    template = {"account_id": account["id"], "amount_minor": -500, "splits": splits}
    plan = await make_plan(account, template=template)

    merged = await anna.post(f"/categories/{dining}/merge", into=groceries)
    made = (await anna.post(f"/recurring/{plan['id']}/run-now")).json()

    assert merged.status_code == 200, merged.text
    assert (await anna.get(f"/categories/{dining}")).status_code == 404
    assert made["transaction"]["splits"][0]["category_id"] == groceries
    assert made["transaction"]["plan_version"] == 2


async def test_a_plan_pays_the_payee_by_its_present_name_and_the_one_it_was_merged_into(anna, make_plan):
    plan = await make_plan(await anna.account())
    payee_id = plan["template"]["payee_id"]
    other = (await anna.post("/payees", name="Housing Ltd")).json()

    await anna.patch(f"/payees/{payee_id}", 1, name="Mr Miller")
    renamed = (await anna.post(f"/recurring/{plan['id']}/confirm")).json()["transaction"]
    merged = await anna.post(f"/payees/{payee_id}/merge", into=other["id"])
    after = (await anna.post(f"/recurring/{plan['id']}/confirm")).json()["transaction"]

    assert (renamed["payee"], renamed["payee_id"]) == ("Mr Miller", payee_id)
    assert merged.status_code == 200, merged.text
    assert (after["payee"], after["payee_id"]) == ("Housing Ltd", other["id"])


@pytest.mark.parametrize(
    "fields",
    [
        {"rrule": "FREQ=SECONDLY"},
        {"rrule": "FREQ=DAILY;COUNT=1000000000"},
        {"rrule": "x" * 501},
        {"end": "2020-01-01"},
        {"holidays": "XX"},
        {"holidays": "Germany"},
        {"weekend_rule": "sometimes"},
        {"count": 0},
        {"reminder_days": 61},
        {"yearly_increase_percent": 2.5},
        {"yearly_increase_percent": "101"},
        {"start": "2090-01-01"},
        {"template": {"amount_minor": -1}},
        {"nonsense": True},
    ],
    ids=str,
)
async def test_a_plan_that_cannot_be_meant_is_refused_and_nothing_is_kept(anna, fields):
    account = await anna.account()
    template = {"account_id": account["id"], "amount_minor": -1}
    body = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY", "start": LONG_AGO}

    response = await anna.post("/recurring", **{**body, **fields})

    assert response.status_code == 400
    assert set(response.json()["errors"]) <= {*fields, "template.account_id", "template", "rrule"}
    assert (await anna.get("/recurring")).json()["items"] == []


async def test_repeating_payments_without_a_plan_are_found_and_those_of_a_plan_are_not(anna, make_plan):
    account = await anna.account()
    for n, amount in enumerate([-8_100, -9_900, -7_000, -8_800, -12_000]):
        await anna.spend(account, amount, month_day(n - 5), payee="Stadtwerke")
        await anna.spend(account, -95_000, month_day(n - 5), payee="Landlord")
    await anna.spend(account, -500, month_day(-1), payee="Kiosk")
    await make_plan(account)

    found = (await anna.get("/recurring/detect")).json()["items"]

    assert [(item["payee"], item["period"], item["amount_minor"]) for item in found] == [
        ("Stadtwerke", "monthly", -8_800)
    ]
    assert (found[0]["next_date"], found[0]["is_variable"]) == (month_day(0), True)
    plan = await make_plan(account, rrule=found[0]["rrule"], start=found[0]["next_date"])
    assert plan["next_date"] == month_day(0)
