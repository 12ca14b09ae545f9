"""Merging a category: every split moves, whoever writes meanwhile, and all of it can be undone."""

import asyncio

import pytest

from pfms_ledger.operations import merging
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


@pytest.fixture
async def two(anna, monkeypatch):
    """An account and two categories; batches of three."""
    monkeypatch.setattr(merging, "MOST_CHANGES", 3)
    made = [(await anna.post("/categories", name=name, type="expense")).json() for name in ("Snacks", "Food")]
    return await anna.account(), *made


async def spend_on(anna, account, category, amount):
    splits = [{"category_id": category["id"], "amount_minor": amount}, {"amount_minor": -1}]
    return await anna.spend(account, amount - 1, splits=splits)


async def test_every_split_and_child_moves_and_the_category_is_gone(ledger, anna, two):
    account, snacks, food = two
    child = (await anna.post("/categories", name="Ice", type="expense", parent_id=snacks["id"])).json()
    made = [await spend_on(anna, account, snacks, -n) for n in range(1, 9)]
    reconciled = await anna.spend(account, -5, splits=[{"category_id": snacks["id"], "amount_minor": -5}])
    await anna.patch(f"/transactions/{reconciled['id']}", 1, status="reconciled")

    answer = await anna.post(f"/categories/{snacks['id']}/merge", key="a-merge-of-16-chars", into=food["id"])
    again = await anna.post(f"/categories/{snacks['id']}/merge", key="a-merge-of-16-chars", into=food["id"])

    merged = answer.json()
    assert (answer.status_code, merged["status"], merged["moved"]) == (200, "merged", 9)
    assert again.content == answer.content
    assert (await anna.get(f"/categories/{snacks['id']}")).status_code == 404
    told = (await anna.get(f"/categories/{snacks['id']}/versions")).json()["items"][-1]
    assert (told["type"], told["data"]["merged_into"]) == ("category.deleted", food["id"])
    assert (await anna.get(f"/categories/{child['id']}")).json()["parent_id"] == food["id"]
    moved = await anna.transactions(category_id=food["id"])
    assert {item["id"]: item["version"] for item in moved} == {item["id"]: 2 for item in made} | {
        reconciled["id"]: 3
    }
    assert await anna.transactions(status="reconciled") == [
        item for item in moved if item["id"] == reconciled["id"]
    ]
    assert await faults(ledger.resources.pool, anna.person.book_id) == []

    undone = (await anna.post("/ledger/undo", correlation_id=merged["correlation_id"])).json()

    assert (undone["undone"], undone["kept"]) == (11, [])
    assert (await anna.get(f"/categories/{snacks['id']}")).json() == {**snacks, "version": 3}
    assert {item["id"] for item in await anna.transactions(category_id=snacks["id"])} == {
        item["id"] for item in moved
    }
    assert await anna.transactions(category_id=food["id"]) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_nothing_is_lost_that_is_written_meanwhile(ledger, anna, two):
    account, snacks, food = two
    made = [await spend_on(anna, account, snacks, -n) for n in range(1, 11)]

    async def post(n):
        splits = [{"category_id": snacks["id"], "amount_minor": -n}]
        body = {"account_id": account["id"], "date": "2026-02-03", "amount_minor": -n, "splits": splits}
        return await anna.post("/transactions", **body)

    async def note(item):
        return await anna.patch(f"/transactions/{item['id']}", 1, note="mine")

    merged, *others = await asyncio.gather(
        anna.post(f"/categories/{snacks['id']}/merge", into=food["id"]),
        *(post(n) for n in range(1, 6)),
        *(note(item) for item in made),
    )

    assert merged.status_code == 200
    assert {answer.status_code for answer in others} <= {200, 201, 404, 409, 412}
    added = sum(answer.status_code == 201 for answer in others)
    noted = sum(answer.status_code == 200 for answer in others)
    items = await anna.transactions()
    assert len(items) == len(made) + added
    assert sum(item["note"] == "mine" for item in items) == noted
    assert {split["category_id"] for item in items for split in item["splits"]} == {food["id"], None}
    assert await faults(ledger.resources.pool, anna.person.book_id) == []


async def test_what_does_not_fit_is_refused_and_nothing_moves(anna, two):
    account, snacks, food = two
    below = (await anna.post("/categories", name="Below", type="expense", parent_id=snacks["id"])).json()
    archived = (await anna.post("/categories", name="Old", type="expense")).json()
    await anna.patch(f"/categories/{archived['id']}", 1, is_archived=True)
    await anna.post("/categories", name="below", type="expense", parent_id=food["id"])
    made = await spend_on(anna, account, snacks, -5)
    for into, status, why in (
        (snacks["id"], 400, "must be another one"),
        (await anna.category("salary"), 400, "must be of type expense"),
        (archived["id"], 400, "is archived or inactive; reactivate it first"),
        (below["id"], 400, "must not be below this category"),
        ("01890a5d-ac96-774b-bcce-b302099a8057", 404, "there is no such category in this book"),
        (food["id"], 409, "has a 'Below' below it too"),
    ):
        answer = await anna.post(f"/categories/{snacks['id']}/merge", into=into)
        assert (answer.status_code, answer.json()["errors"]) == (status, {"into": [why]})

    assert [item["version"] for item in await anna.transactions()] == [made["version"]]


async def test_the_fee_of_a_transfer_moves_as_well(anna, two):
    account, snacks, food = two
    savings = await anna.account("Savings", type="savings")
    ends = {"from": {"account_id": account["id"]}, "to": {"account_id": savings["id"]}}
    body = {"type": "transfer", "date": "2026-02-03", "amount_minor": 400, **ends}
    fee = {"amount_minor": 150, "category_id": snacks["id"]}
    made = (await anna.post("/transactions", **body, fee=fee)).json()

    merged = await anna.post(f"/categories/{snacks['id']}/merge", into=food["id"])

    assert merged.status_code == 200, merged.text
    assert (await anna.get(f"/transactions/{made['id']}")).json()["fee"]["category_id"] == food["id"]
