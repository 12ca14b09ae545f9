"""/recurring/{plan_id}: what a plan predicts, and posting each of its occurrences once."""

from datetime import timedelta

from services.ledger.tests.api.plan_days import LONG_AGO, TODAY, month_day, occurrences


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


async def test_what_others_owe_is_shared_out_anew_each_time(anna, make_plan):
    account, flatmate = await anna.account(), "01890a5d-ac96-774b-bcce-b302099a8057"
    splits = [{"amount_minor": -95_000, "shares": [{"person_id": flatmate, "percentage": "40"}]}]
    template = {"account_id": account["id"], "amount_minor": -95_000, "splits": splits}
    plan = await make_plan(account, template=template)

    made = (await anna.post(f"/recurring/{plan['id']}/confirm", amount_minor=-100_000)).json()

    share = made["transaction"]["splits"][0]["shares"][0]
    assert (share["person_id"], share["amount_minor"]) == (flatmate, 40_000)
    assert plan["template"]["sharing"][0]["members"] == [{"person_id": flatmate, "figure": "40"}]
