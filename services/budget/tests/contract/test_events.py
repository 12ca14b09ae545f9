"""What the budget writes into its log is what its contracts say, and it can take everything it listens to."""

from pathlib import Path
from uuid import UUID

import orjson
import pytest

from pfms_budget.consumers import SUBSCRIPTIONS
from pfms_budget.domain.cells import Split, Transaction
from pfms_budget.operations.foretelling import foretell_book
from pfms_common.ids import new_id
from pfms_events.contracts import MODELS
from pfms_events.contracts.budget import EVENTS
from pfms_events.contracts.budget.month import month_figures_id
from pfms_events.contracts.ledger.pot import PotBalanceChanged, PotCreated, pot_balance_id
from pfms_events.deal import deal
from pfms_events.envelope import open_envelope

EXAMPLES = Path(__file__).parents[4] / "contracts" / "events" / "examples"


@pytest.fixture
async def log(book, anna):
    """A month that is planned, spent in, held from and corrected; another that was a mistake; and a choice."""
    account, groceries = new_id(), new_id()
    await book.tell(book.account(account, opening_balance_minor=500), book.category(groceries, "expense"))
    await book.tell(book.account(new_id(), currency="USD", opening_balance_minor=-5))
    await anna.post("/budgets", json={"month": "2024-01", "planned_income_minor": 700})
    body = {"category_id": str(groceries), "allocation_type": "percentage", "allocation_value": "10"}
    made = (await anna.post("/budgets/2024-01/allocations", json=body)).json()
    body = {"category_id": str(groceries), "allocation_type": "fixed", "allocation_value": 45}
    await anna.post("/budgets/2024-02/allocations", json=body)
    for minor in (-40, -150):
        moved = Transaction(book.now.date(), account, [Split(groceries, minor)])
        await book.tell(book.transaction(UUID(int=5), moved))
    await anna.post("/budgets/2024-01/hold", json={"hold_minor": 30})
    await anna.patch(f"/allocations/{made['id']}", json={"rollover": "both", "version": 1})
    await anna.delete(f"/allocations/{made['id']}", params={"version": 2})
    for _ in ("a mistake", "the same again"):
        wrong = (await anna.post("/budgets", json={"month": "2024-03"})).json()
        await anna.delete("/budgets/2024-03", params={"version": wrong["version"]})
    await anna.patch("/budget-settings", json={"strict": True, "version": 0})
    item = {"name": "New flat", "account_id": str(account), "amount_minor": -9, "start": "2024-03-01"}
    await foretell_book(book.running.resources.pool, book.id, book.now)
    branch = (await anna.post("/forecast/scenarios", json={"name": "We move", "items": [item]})).json()
    path = f"/forecast/scenarios/{branch['id']}"
    await anna.patch(path, json={"note": "in spring", "version": 1})
    await anna.delete(path, params={"version": 2})
    await _save(book, anna, account)
    later = (await anna.get("/periods")).json()["items"][-1]["first_day"]
    await anna.put("/periods", json={"from": later, "cycle": "monthly", "day": 25, "version": 0})
    return await book.sql(
        "SELECT *, data::text AS text FROM event WHERE stream_id = $1 ORDER BY sequence", book.id
    )


async def _save(book, anna, account):
    """A goal is reached, missed again, marked by hand, and given up."""
    pot = PotCreated(id=new_id(), account_id=account, name="Sea", currency="EUR")
    await book.tell(pot)
    body = {"name": "Sea", "target_minor": 5, "pot_id": str(pot.id)}
    goal = f"/savings/goals/{(await anna.post('/savings/goals', json=body)).json()['id']}"
    for minor in (5, 0):
        balance = PotBalanceChanged(
            pot_id=pot.id, account_id=account, currency="EUR", balance_minor=minor, account_paid_minor=0
        )
        await book.hear(book.event(balance, subject=pot_balance_id(pot.id)))
    assert (await anna.post(f"{goal}/contribute", json={"amount_minor": 1})).status_code == 202
    await anna.post(f"{goal}/achieve")
    assert (await anna.delete(goal, params={"version": 2})).status_code == 204


async def test_each_is_of_a_contract_and_each_contract_is_used(log):
    for row in log:
        model = MODELS[row["type"], row["schema_version"]]
        parsed = model.model_validate(orjson.loads(row["text"]))
        assert orjson.loads(parsed.to_json()) == orjson.loads(row["text"])
        assert row["aggregate_type"] == model.AGGREGATE
    assert {row["type"] for row in log} == {event.EVENT for event in EVENTS}


async def test_each_thing_has_versions_without_a_gap_and_the_stream_numbers(log, book):
    versions: dict[UUID, list[int]] = {}
    for row in log:
        versions.setdefault(row["aggregate_id"], []).append(row["aggregate_version"])
        if row["type"] == "budget.month_changed":
            assert row["aggregate_id"] == month_figures_id(book.id, orjson.loads(row["text"])["month"])

    assert [row["sequence"] for row in log] == list(range(1, len(log) + 1))
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))


async def test_the_newest_event_of_a_month_has_the_figures_that_are_read(log, anna):
    told = [orjson.loads(row["text"]) for row in log if row["type"] == "budget.month_changed"]
    newest = {figures["month"]: figures for figures in told}
    assert "2024-01" in newest

    for key, figures in newest.items():
        read = (await anna.get(f"/budgets/{key}")).json()
        assert {name: read[name] for name in figures} == figures


async def test_the_newest_event_of_a_plan_is_what_is_read(log, anna):
    header = next(row for row in reversed(log) if row["type"] == "budget.updated")
    settings = next(row for row in reversed(log) if row["type"] == "budget_settings.updated")

    for row, path in ((header, "/budgets/2024-01"), (settings, "/budget-settings")):
        read = (await anna.get(path)).json()
        state = {name: value for name, value in orjson.loads(row["text"]).items() if name != "id"}
        assert {name: read[name] for name in state} == state
        assert read["version"] == row["aggregate_version"]


async def test_the_actor_is_the_person_who_planned_or_nobody(log, book):
    assert {row["actor"] for row in log} == {None, book.person.user_id}


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS, ids=lambda each: each.name)
async def test_every_example_of_what_it_takes_goes_through(book, subscription):
    examples = [path for kind in subscription.types for path in sorted(EXAMPLES.glob(f"{kind}.v*.json"))]
    for sequence, path in enumerate(examples, start=1):
        item = {**orjson.loads(path.read_bytes()), "stream_id": str(book.id), "sequence": sequence}
        opened = open_envelope(item, subscription.models, subscription.producer)
        await deal(book.running.resources.pool, subscription, [opened])

    assert len(examples) == len(subscription.types)
    assert await book.sql("SELECT error FROM retry WHERE stream_id = $1", book.id) == []
