"""/recurring: plans, what they refer to, and how they change."""

from datetime import timedelta

import pytest
from services.ledger.tests.api.plan_days import LONG_AGO, TODAY, month_day, occurrences


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


async def test_what_is_wrong_with_a_template_is_named_where_it_stands(anna):
    account, savings = await anna.account(), await anna.account("Savings")
    one, other = {"account_id": account["id"]}, {"account_id": savings["id"]}

    async def named(**template):
        body = {"name": "Rent", "rrule": "FREQ=MONTHLY", "start": "2026-01-01"}
        refused = await anna.post("/recurring", **body, template={"amount_minor": 5, **template})
        assert refused.status_code == 400, refused.text
        return sorted(refused.json()["errors"])

    assert await named() == ["template.account_id"]
    assert await named(to=other) == ["template.from"]
    assert await named(**{"from": one}) == ["template.to"]
    assert await named(**one, **{"from": one, "to": other}) == ["template.from", "template.to"]
    assert await named(**{"from": one, "to": other}, pot_id=account["id"]) == ["template.pot_id"]


@pytest.mark.parametrize(
    ("field", "schedule"),
    [
        ("catch_up_from", {"rrule": "FREQ=DAILY", "start": "1900-01-01"}),
        ("rrule", {"rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "start": "2026-01-01"}),
    ],
)
async def test_a_plan_that_floods_or_never_falls_is_refused(anna, field, schedule):
    template = {"account_id": (await anna.account())["id"], "amount_minor": -100}

    refused = await anna.post("/recurring", name="Coffee", template=template, **schedule)

    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert (await anna.get("/recurring")).json()["items"] == []


async def test_a_plan_of_long_ago_may_catch_up_from_lately(anna, make_plan):
    plan = await make_plan(
        await anna.account(), rrule="FREQ=DAILY", start="1900-01-01", catch_up_from=month_day(-1)
    )

    refused = await anna.patch(f"/recurring/{plan['id']}", 1, catch_up_from="1950-01-01")

    assert (plan["next_date"], refused.status_code) == (month_day(-1), 400)
