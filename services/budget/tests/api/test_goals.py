"""Goals over HTTP: what they are measured by, when they are achieved, and what is told of it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from pfms_common.ids import new_id
from pfms_events.contracts.ledger.category import CategoryDeleted
from pfms_events.contracts.ledger.pot import PotBalanceChanged, PotCreated, PotDeleted, pot_balance_id


class Saver:
    """Somebody with a pot, and goals."""

    def __init__(self, home: Any) -> None:
        self.home, self.book, self.http = home, home.book, home.http
        self.pot = new_id()
        self.balances = 0

    async def begin(self, currency: str = "EUR") -> None:
        made = PotCreated(id=self.pot, account_id=self.home.checking, name="Sea", currency=currency)
        await self.book.tell(made)

    def balance(self, minor: int) -> Any:
        """The ledger's event of what is in the pot now."""
        self.balances += 1
        told = PotBalanceChanged(
            pot_id=self.pot,
            account_id=self.home.checking,
            currency="EUR",
            balance_minor=minor,
            account_paid_minor=0,
        )
        return self.book.event(told, self.balances, subject=pot_balance_id(self.pot))

    async def saves(self, minor: int) -> None:
        await self.book.hear(self.balance(minor))

    async def goal(self, **fields: Any) -> dict[str, Any]:
        body = {"name": "Sea", "target_minor": 100_000, "pot_id": str(self.pot), **fields}
        response = await self.http.post(
            "/savings/goals", json={k: v for k, v in body.items() if v is not None}
        )
        assert response.status_code == 201, response.text
        return response.json()

    async def get(self, path: str) -> Any:
        response = await self.http.get(f"/savings/goals{path}")
        assert response.status_code == 200, response.text
        return response.json()

    async def told(self) -> list[str]:
        rows = await self.book.sql(
            """SELECT type, data->>'milestone' AS step FROM event
               WHERE stream_id = $1 AND type LIKE 'goal.%' ORDER BY sequence""",
            self.book.id,
        )
        return [
            row["type"].removeprefix("goal.") + (f" {row['step']}" if row["step"] else "") for row in rows
        ]


@pytest.fixture
async def saver(home):
    made = Saver(home)
    await made.begin()
    return made


async def test_a_pots_balance_moves_its_goal_and_each_flip_and_milestone_is_told_once(saver):
    goal = await saver.goal()
    half, full, spent = saver.balance(50_000), saver.balance(100_000), saver.balance(30_000)

    await saver.book.hear(half)
    await saver.book.hear(half)
    assert (await saver.get(f"/{goal['id']}/progress"))["percent"] == 50
    await saver.book.hear(full)
    await saver.book.hear(half, full)

    seen = await saver.get(f"/{goal['id']}")
    assert (seen["status"], seen["version"], seen["progress"]["achieved_by"]) == ("completed", 1, "balance")
    await saver.book.hear(spent)
    assert (await saver.get(f"/{goal['id']}"))["status"] == "active"
    assert await saver.told() == [
        *("created", "milestone_reached 25", "milestone_reached 50"),
        *("milestone_reached 75", "milestone_reached 100", "completed", "reopened"),
    ]


async def test_a_mark_by_hand_stays_whatever_the_balance_does_until_it_is_taken_away(saver):
    goal = await saver.goal()

    marked = await saver.http.post(f"/savings/goals/{goal['id']}/achieve")
    again = await saver.http.post(f"/savings/goals/{goal['id']}/achieve")
    await saver.saves(100_000)
    await saver.saves(0)
    seen = await saver.get(f"/{goal['id']}")
    assert (marked.json()["version"], again.json()["version"]) == (2, 2)
    assert (seen["status"], seen["progress"]["achieved_by"]) == ("completed", "hand")

    await saver.http.delete(f"/savings/goals/{goal['id']}/achieve")
    assert (await saver.get(f"/{goal['id']}"))["status"] == "active"
    assert [each for each in await saver.told() if "milestone" not in each] == [
        *("created", "updated", "completed", "updated", "reopened")
    ]


async def test_a_categorys_goal_has_what_is_available_in_the_running_month(home):
    saver = Saver(home)
    goal = await saver.goal(pot_id=None, category_id=str(home.rent), target_minor=500)
    running = f"{datetime.now(UTC):%Y-%m}"

    await home.plan(running)
    await home.allocate(home.rent, 500, month=running)

    assert (await saver.get(f"/{goal['id']}"))["progress"]["current_minor"] == 500
    assert (await saver.get(f"/{goal['id']}"))["status"] == "completed"


async def test_a_deleted_pot_pauses_its_goal_which_says_why_and_goes_on_with_another(saver):
    goal = await saver.goal()
    await saver.saves(40_000)
    await saver.book.tell(PotDeleted(id=saver.pot))

    seen = await saver.get(f"/{goal['id']}")
    assert (seen["status"], seen["pause_reason"], seen["version"]) == ("paused", "pot_deleted", 2)
    assert seen["progress"]["current_minor"] == 40_000
    refused = await saver.http.patch(f"/savings/goals/{goal['id']}", json={"status": "active", "version": 2})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_goal")

    saver.pot, saver.balances = new_id(), 0
    await saver.begin()
    change = {"status": "active", "pot_id": str(saver.pot), "version": 2}
    resumed = await saver.http.patch(f"/savings/goals/{goal['id']}", json=change)
    assert (resumed.status_code, resumed.json()["status"]) == (200, "active")
    assert resumed.json()["pause_reason"] is None


async def test_a_deleted_category_pauses_its_goal(home):
    saver = Saver(home)
    goal = await saver.goal(pot_id=None, category_id=str(home.rent))

    await home.book.tell(CategoryDeleted(id=home.rent))

    assert (await saver.get(f"/{goal['id']}"))["pause_reason"] == "category_deleted"


async def test_goals_are_listed_by_target_date_and_status(saver):
    for name, day in (("late", "2027-05-01"), ("never", None), ("soon", "2027-01-01")):
        await saver.goal(name=name, target_date=day)
    listed = await saver.get("")
    assert [each["name"] for each in listed["items"]] == ["soon", "late", "never"]

    await saver.http.patch(
        f"/savings/goals/{listed['items'][0]['id']}", json={"status": "paused", "version": 1}
    )
    assert [each["name"] for each in (await saver.get("?status=paused"))["items"]] == ["soon"]
    assert [each["name"] for each in (await saver.get("?status=active"))["items"]] == ["late", "never"]


async def test_a_deleted_goals_id_is_not_given_again(saver):
    goal_id = str(new_id())
    await saver.goal(id=goal_id)
    taken = await saver.http.post("/savings/goals", json={"id": goal_id, "name": "Sea", "target_minor": 5})
    assert taken.status_code == 409

    gone = await saver.http.delete(f"/savings/goals/{goal_id}", params={"version": 1})
    assert gone.status_code == 204
    assert (await saver.http.get(f"/savings/goals/{goal_id}")).status_code == 404
    again = await saver.http.post("/savings/goals", json={"id": goal_id, "name": "Sea", "target_minor": 5})
    assert again.status_code == 409
    assert await saver.told() == ["created", "deleted"]


async def test_a_stale_version_changes_nothing(saver):
    goal = await saver.goal()
    path = f"/savings/goals/{goal['id']}"

    assert (await saver.http.patch(path, json={"name": "Lake", "version": 7})).status_code == 409
    assert (await saver.http.patch(path, json={"name": "Lake"})).status_code == 428
    assert (await saver.http.delete(path, params={"version": 7})).status_code == 409
    assert (await saver.get(f"/{goal['id']}"))["name"] == "Sea"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"target_minor": None}, "target_minor"),
        ({"months": 3}, "months"),
        ({"kind": "emergency_fund"}, "target_minor"),
        ({"kind": "emergency_fund", "target_minor": None}, "months"),
        ({"kind": "spending_reduction", "baseline_minor": 5}, "pot_id"),
        ({"kind": "spending_reduction", "pot_id": None}, "baseline_minor"),
        ({"category_id": "rent"}, "category_id"),
        ({"currency": "USD"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"pot_id": str(new_id())}, "pot_id"),
    ],
)
async def test_fields_that_do_not_go_together_are_named(saver, fields, field):
    if fields.get("category_id") == "rent":
        fields = {"category_id": str(saver.home.rent)}
    body = {"name": "Sea", "target_minor": 100, "pot_id": str(saver.pot), **fields}
    response = await saver.http.post("/savings/goals", json={k: v for k, v in body.items() if v is not None})

    assert response.status_code in {400, 404}, response.text
    assert field in response.json()["errors"]
    assert (await saver.get(""))["items"] == []


async def test_copies_of_pots_are_what_the_ledger_tells_and_survive_a_rebuild(saver):
    goal = await saver.goal()
    await saver.saves(60_000)
    assert await saver.book.faults() == []

    await saver.book.sql("UPDATE pot_balance SET balance_minor = 1 WHERE book_id = $1", saver.book.id)
    assert [fault.split()[0] for fault in await saver.book.faults()] == ["balance"]
    await saver.book.rebuild()

    assert await saver.book.faults() == []
    assert (await saver.get(f"/{goal['id']}"))["progress"]["current_minor"] == 60_000


async def test_events_of_goals_hold_what_is_read(saver):
    goal = await saver.goal(target_date="2027-05-01", note="by train")
    rows = await saver.book.sql("SELECT data::text AS d FROM event WHERE aggregate_id = $1", UUID(goal["id"]))
    told = orjson.loads(rows[0]["d"])
    assert {name: goal[name] for name in told} == told
