"""Contributing: noted, or asked of the ledger and settled by its answer, whatever gets lost, doubled or late."""

from datetime import timedelta
from typing import Any

import pytest

from pfms_budget.domain.cells import Transfer
from pfms_budget.operations.contributions import ASKING
from pfms_common.ids import new_id
from pfms_events.contracts.ledger.pot import PotCreated
from pfms_events.contracts.ledger.transaction import TransactionRefused, refusal_id
from pfms_events.saga import DEADLINES, ask_again


class Giver:
    """Somebody with a goal, for which a pot is filled, or none."""

    def __init__(self, home: Any) -> None:
        self.home, self.book, self.http = home, home.book, home.http
        self.pot, self.goal = new_id(), ""

    async def begin(self, **fields: Any) -> None:
        await self.book.tell(
            PotCreated(id=self.pot, account_id=self.home.checking, name="Sea", currency="EUR")
        )
        body = {"name": "Sea", "target_minor": 100_000, **fields}
        response = await self.http.post("/savings/goals", json=body)
        assert response.status_code == 201, response.text
        self.goal = response.json()["id"]

    async def give(self, minor: int = 30_000, key: str = "", **fields: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"amount_minor": minor, **fields}
        return await self.http.post(f"/savings/goals/{self.goal}/contribute", json=body, headers=headers)

    async def get(self, path: str = "") -> Any:
        response = await self.http.get(f"/savings/goals/{self.goal}{path}")
        assert response.status_code == 200, response.text
        return response.json()

    async def state(self, contribution: dict[str, Any]) -> str:
        return (await self.get(f"/contributions/{contribution['id']}"))["state"]

    def posted(self, contribution: Any) -> Any:
        """The transaction by which the ledger answers."""
        day = self.book.now.date()
        sides = (self.home.checking, self.home.checking)
        moved = self.book.transaction(contribution, Transfer(day, *sides, 30_000, 30_000, []))
        return self.book.event(moved.model_copy(update={"source": "goal"}))

    def refused(self, contribution: Any) -> Any:
        told = TransactionRefused(
            id=contribution,
            source="goal",
            subject_id=new_id(),
            detail="The pot is closed.",
            errors={"to": ["closed"]},
        )
        return self.book.event(told, subject=refusal_id(contribution))

    async def asked(self) -> list[Any]:
        return await self.book.sql(
            """SELECT aggregate_id, aggregate_version FROM event
               WHERE stream_id = $1 AND type = 'goal.contribution_requested' ORDER BY sequence""",
            self.book.id,
        )


@pytest.fixture
async def giver(home):
    made = Giver(home)
    await made.begin(pot_id=str(made.pot))
    return made


async def test_a_goal_without_a_pot_has_what_was_contributed(home):
    giver = Giver(home)
    await giver.begin()

    first = (await giver.give(60_000)).json()
    await giver.give(40_000)

    assert first["state"] == "settled"
    assert (await giver.get())["status"] == "completed"
    assert (await giver.get("/progress"))["current_minor"] == 100_000
    assert await giver.asked() == []


async def test_into_a_pot_the_ledger_is_asked_once_however_often_the_request_comes(giver):
    key = str(new_id())

    made, again = await giver.give(key=key), await giver.give(key=key)

    assert (made.status_code, made.json()["state"]) == (202, "open")
    assert again.json() == made.json()
    assert (await giver.http.get(made.headers["Location"].removeprefix("/api/v1"))).json() == made.json()
    assert [str(row["aggregate_id"]) for row in await giver.asked()] == [made.json()["id"]]


async def test_the_transaction_settles_it_and_a_late_refusal_changes_nothing(giver):
    contribution = new_id()
    made = (await giver.give(id=str(contribution))).json()
    posted = giver.posted(contribution)

    await giver.book.hear(posted)
    await giver.book.hear(posted, giver.refused(contribution))

    assert await giver.state(made) == "settled"


async def test_a_refusal_says_why(giver):
    contribution = new_id()
    made = (await giver.give(id=str(contribution))).json()

    await giver.book.hear(giver.refused(contribution))

    told = await giver.get(f"/contributions/{made['id']}")
    assert (told["state"], told["refusal"]["detail"]) == ("refused", "The pot is closed.")
    assert told["ended_at"] is not None


async def test_what_is_not_answered_in_time_is_asked_again_and_shown_until_it_is(giver):
    contribution = new_id()
    made = (await giver.give(id=str(contribution))).json()
    resources = giver.book.running.resources
    late = resources.clock() + DEADLINES[0] + timedelta(seconds=1)

    await ask_again(resources.pool, resources.relay_pool, ASKING, resources.clock())
    assert len(await giver.asked()) == 1
    await ask_again(resources.pool, resources.relay_pool, ASKING, late)
    await ask_again(resources.pool, resources.relay_pool, ASKING, late)
    assert [row["aggregate_version"] for row in await giver.asked()] == [1, 2]
    assert (await giver.get(f"/contributions/{made['id']}"))["is_delayed"] is True

    await giver.book.hear(giver.posted(contribution))
    await ask_again(resources.pool, resources.relay_pool, ASKING, late + timedelta(days=3))
    assert len(await giver.asked()) == 2
    assert await giver.state(made) == "settled"


async def test_a_rebuild_takes_an_answer_that_was_never_heard(giver):
    contribution = new_id()
    made = (await giver.give(id=str(contribution))).json()
    giver.posted(contribution)

    await giver.book.rebuild()

    assert await giver.state(made) == "settled"


async def test_an_id_is_given_to_one_contribution(giver):
    body = {"id": str(new_id())}
    await giver.give(**body)

    assert (await giver.give(**body)).status_code == 409
    assert len(await giver.asked()) == 1


async def test_contributions_are_listed_by_pages_newest_first(giver):
    for day in ("2026-01-01", "2026-01-03", "2026-01-02"):
        await giver.give(date=day)

    first = await giver.get("/contributions?limit=2")
    rest = await giver.get(f"/contributions?limit=2&cursor={first['next_cursor']}")

    days = [each["date"] for each in first["items"] + rest["items"]]
    assert (days, rest["next_cursor"]) == (["2026-01-03", "2026-01-02", "2026-01-01"], None)


async def test_what_cannot_be_contributed_is_refused_and_asks_nobody(giver, home):
    unknown = await giver.give(from_account_id=str(new_id()))
    assert (unknown.status_code, list(unknown.json()["errors"])) == (404, ["from_account_id"])
    await giver.http.patch(f"/savings/goals/{giver.goal}", json={"status": "paused", "version": 1})
    paused = await giver.give()
    assert (paused.status_code, paused.json()["code"]) == (409, "not_contributed")
    await giver.begin(category_id=str(home.rent))
    allocated = await giver.give()
    assert (allocated.status_code, allocated.json()["code"]) == (409, "not_contributed")
    await giver.begin()
    nothing_moves = await giver.give(from_account_id=str(home.checking))
    assert nothing_moves.status_code == 400
    assert await giver.asked() == []
