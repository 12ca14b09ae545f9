"""Payments that come again: some are posted by the scheduler, some by their owner, some are left out."""

from datetime import date, timedelta

from tests.chaos.client import Op
from tests.chaos.household import FIRST_DAY, SPENDING, Household, Plan

WEEK = timedelta(days=7)


async def plan(house: Household) -> None:
    """A new plan, with occurrences behind us and before us; none beyond what this house wants to have."""
    if len(house.plans) < house.most_plans:
        await make_plan(house, auto_post=house.chance.random() < 0.6)


async def make_plan(house: Household, *, auto_post: bool) -> None:
    """Its amount is below those of bank files, or one of their rows could stand for an occurrence."""
    weeks, count = house.chance.randint(1, 3), house.chance.randint(8, 15)
    start = FIRST_DAY + timedelta(days=house.chance.randrange(60))
    amount = -house.chance.randint(1, 50_000)
    part = {"amount_minor": amount, "category_id": house.keys[house.chance.choice(SPENDING)]}
    body = {
        "name": "It comes again",
        "template": {"account_id": house.account()["id"], "amount_minor": amount, "splits": [part]},
        "rrule": f"FREQ=WEEKLY;INTERVAL={weeks}",
        "start": str(start),
        "count": count,
        "auto_post": auto_post,
    }
    outcome = await house.person.send(Op("make plan", "POST", "/recurring", body))
    if outcome.state == "ok":
        days = [start + n * weeks * WEEK for n in range(count)]
        house.plans[outcome.document["id"]] = Plan(outcome.document, days)


async def post_one(house: Household) -> None:
    """Posts an occurrence on its own day or on another one; the scheduler may be quicker where it posts as well."""
    if (found := _unasked(house)) is None:
        return
    plan, day = found
    body = {"nominal_date": str(day)}
    action = house.chance.choice(["confirm", "run-now"])
    if action == "run-now":
        body["date"] = house.day()
    outcome = await house.person.send(Op(action, "POST", f"/recurring/{plan.row['id']}/{action}", body))
    if outcome.state == "ok":
        plan.settled[day] = "posted"
        house.told(house.transactions, outcome.document["transaction"])
    elif outcome.state == "fail" and not plan.row["auto_post"]:
        house.faults.append(f"{outcome.op} was refused: {outcome.body!r}")


async def leave_out(house: Household) -> None:
    if (found := _unasked(house)) is None:
        return
    plan, day = found
    body = {"nominal_date": str(day)}
    outcome = await house.person.send(Op("skip", "POST", f"/recurring/{plan.row['id']}/skip", body))
    if outcome.state == "ok":
        plan.settled[day] = "skipped"


def _unasked(house: Household) -> tuple[Plan, date] | None:
    """A day that no worker has asked about, which is one then."""
    found = [(plan, day) for plan in house.plans.values() for day in plan.days if day not in plan.asked]
    if not found:
        return None
    plan, day = house.chance.choice(found)
    plan.asked.add(day)
    return plan, day
