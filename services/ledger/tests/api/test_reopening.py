"""What settled an occurrence of a plan is taken back: the occurrence is open again, and waits for a person."""

import pytest
import pytest_asyncio
from services.ledger.tests.api.plan_days import month_day, occurrences


@pytest_asyncio.fixture
async def plan(anna, make_plan):
    """One payment of rent, next month."""
    return await make_plan(await anna.account(), start=month_day(1), count=1)


@pytest.mark.parametrize("way", ["delete", "bulk", "undo", "undo of the request"])
async def test_an_occurrence_is_open_again_when_its_transaction_goes(anna, plan, way):
    made = await confirmed(anna, plan)

    await take_back(anna, made, way)

    events = await events_of(anna)
    assert [event["type"] for event in events[-2:]] == ["transaction.deleted", "recurring.due"]
    assert events[-1]["correlation_id"] == events[-2]["correlation_id"]
    assert await shown(anna, plan) == ("scheduled", None)
    again = await confirmed(anna, plan)
    assert await shown(anna, plan) == ("paid", again["transaction_id"])


async def test_restoring_the_transaction_settles_its_occurrence_again(anna, plan):
    made = await confirmed(anna, plan)
    await anna.delete(f"/transactions/{made['transaction_id']}", 1)

    restored = await anna.post(f"/transactions/{made['transaction_id']}/undo")

    assert restored.status_code == 200, restored.text
    assert await shown(anna, plan) == ("paid", made["transaction_id"])


@pytest.mark.parametrize("action", ["confirm", "skip"])
async def test_what_was_settled_otherwise_meanwhile_stands_against_restoring(anna, plan, action):
    made = await confirmed(anna, plan)
    await anna.delete(f"/transactions/{made['transaction_id']}", 1)
    await anna.post(f"/recurring/{plan['id']}/{action}")
    before = await events_of(anna)

    restored = await anna.post(f"/transactions/{made['transaction_id']}/undo")

    assert (restored.status_code, restored.json()["code"]) == (409, "conflict")
    assert "settled otherwise" in restored.json()["detail"]
    assert await events_of(anna) == before


@pytest.mark.parametrize("way", ["event", "request"])
async def test_a_skip_can_be_taken_back(anna, plan, way):
    await anna.post(f"/recurring/{plan['id']}/skip")
    skipped = (await events_of(anna))[-1]
    path, body = f"/ledger/events/{skipped['event_id']}/undo", {}
    if way == "request":
        path, body = "/ledger/undo", {"correlation_id": skipped["correlation_id"]}

    undone = await anna.post(path, **body)
    again = await anna.post(path, **body)

    assert (undone.status_code, again.status_code) == (200, 200), undone.text
    assert [event["type"] for event in await events_of(anna)][-2:] == ["recurring.skipped", "recurring.due"]
    assert await shown(anna, plan) == ("scheduled", None)
    await confirmed(anna, plan)


async def test_a_skip_is_not_taken_back_once_the_occurrence_was_posted(anna, plan):
    await anna.post(f"/recurring/{plan['id']}/skip")
    undo = f"/ledger/events/{(await events_of(anna))[-1]['event_id']}/undo"
    await anna.post(undo)
    await confirmed(anna, plan)

    refused = await anna.post(undo)

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_a_mark_alone_is_not_undone_but_with_its_transaction(anna, plan):
    await confirmed(anna, plan)
    posted = next(event for event in await events_of(anna) if event["type"] == "recurring.posted")

    refused = await anna.post(f"/ledger/events/{posted['event_id']}/undo")

    assert (refused.status_code, refused.json()["code"]) == (409, "not_undoable")


async def confirmed(anna, plan):
    made = await anna.post(f"/recurring/{plan['id']}/confirm")
    assert made.status_code == 201, made.text
    return made.json()


async def take_back(anna, made, way):
    transaction_id = made["transaction_id"]
    if way == "delete":
        await anna.delete(f"/transactions/{transaction_id}", 1)
    elif way == "bulk":
        done = await anna.post(
            "/transactions/bulk", delete=True, items=[{"id": transaction_id, "version": 1}]
        )
        assert done.status_code == 200, done.text
    elif way == "undo":
        assert (await anna.post(f"/transactions/{transaction_id}/undo")).status_code == 200
    else:
        correlation_id = (await events_of(anna))[-1]["correlation_id"]
        undone = (await anna.post("/ledger/undo", correlation_id=correlation_id)).json()
        assert undone["kept"] == []


async def events_of(anna):
    return (await anna.get("/ledger/events", limit=200)).json()["items"]


async def shown(anna, plan):
    (item,) = await occurrences(anna, plan, month_day(1), month_day(2))
    return item["status"], item["transaction_id"]
