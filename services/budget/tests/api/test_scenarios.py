"""What-if branches of the forecast: each has its own projection and changes nothing that is real."""

from datetime import UTC, datetime, timedelta

import pytest

from pfms_common.ids import new_id
from pfms_events.contracts.ledger.plan import PlanCreated, PlanTemplate

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def rent(home):
    """800.00 leave the account in five days."""
    template = PlanTemplate(account_id=home.checking, amount_minor=-80_000)
    start = TODAY + timedelta(days=5)
    fields = {
        "name": "Rent",
        "kind": "expense",
        "currency": "EUR",
        "template": template,
        "rrule": "FREQ=MONTHLY",
    }
    plan = PlanCreated(id=new_id(), start=start, amount_since=start, catch_up_from=start, **fields)
    await home.book.tell(plan)
    return plan


def flat(home, minor=-95_000, in_days=7, **more):
    start = str(TODAY + timedelta(days=in_days))
    return {
        "name": "New flat",
        "account_id": str(home.checking),
        "amount_minor": minor,
        "start": start,
        **more,
    }


async def made(home, **fields):
    response = await home.post("/forecast/scenarios", **{"name": "We move", **fields})
    assert response.status_code == 201, response.text
    return response.json()


async def end(home, path="/forecast/projection"):
    response = await home.http.get(path, params={"days": 20})
    assert response.status_code == 200, response.text
    return response.json()["end_minor"]


async def test_a_branch_has_something_more_and_leaves_a_plan_out(home, rent):
    branch = await made(home, items=[flat(home)], without_plan_ids=[str(rent.id)])

    assert await end(home, f"/forecast/scenarios/{branch['id']}/projection") == 100_000 - 95_000
    assert await end(home) == 100_000 - 80_000


async def test_two_branches_beside_each_other_and_beside_what_is(home, rent):
    one, other = (
        await made(home, items=[flat(home)]),
        await made(home, items=[flat(home, rrule="FREQ=WEEKLY")]),
    )
    path = f"/forecast/scenarios/{one['id']}/comparison"

    to_what_is = (await home.http.get(path, params={"days": 15})).json()
    to_other = (await home.http.get(path, params={"days": 15, "other_id": other["id"]})).json()

    assert (to_what_is["difference_minor"], to_what_is["other_id"]) == (-95_000, None)
    assert (to_other["difference_minor"], to_other["other_id"]) == (95_000, other["id"])
    for each in [*to_what_is["days"], *to_other["days"]]:
        assert each["difference_minor"] == each["balance_minor"] - each["other_balance_minor"]


async def test_a_branch_is_changed_by_who_saw_it_and_deleted(home):
    branch = await made(home, items=[flat(home)], note="in spring")
    path = f"/forecast/scenarios/{branch['id']}"

    stale = await home.http.patch(path, json={"name": "Later", "version": 2})
    changed = await home.http.patch(path, json={"items": [], "note": None, "version": 1})

    assert stale.status_code == 409
    assert (changed.json()["items"], changed.json()["note"], changed.json()["version"]) == ([], None, 2)
    assert (await home.http.get("/forecast/scenarios")).json()["items"] == [changed.json()]
    assert (await home.http.delete(path, params={"version": 2})).status_code == 204
    assert (await home.http.get(path)).status_code == 404
    assert (await home.http.get(f"{path}/projection")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"minor": 0},
        {"rrule": "FREQ=HOURLY"},
        {"rrule": "FREQ=MONTHLY", "end": "2001-01-01"},
        {"account_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"currency": "EUR"},
    ],
)
async def test_an_item_that_cannot_be_meant_is_refused_and_changes_nothing(home, wrong):
    minor = wrong.pop("minor", -1)

    response = await home.post("/forecast/scenarios", name="We move", items=[flat(home, minor, **wrong)])

    assert response.status_code == 400, response.text
    assert (await home.http.get("/forecast/scenarios")).json()["items"] == []


async def test_the_same_key_makes_one_branch(home):
    headers = {"Idempotency-Key": f"move-{new_id()}"}
    answers = [await home.post("/forecast/scenarios", headers, name="We move") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len((await home.http.get("/forecast/scenarios")).json()["items"]) == 1


async def test_nobody_else_sees_it(home, stranger, viewer):
    path = f"/forecast/scenarios/{(await made(home))['id']}"

    assert (await viewer.get(path)).status_code == 200
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.get("/forecast/scenarios")).json()["items"] == []
