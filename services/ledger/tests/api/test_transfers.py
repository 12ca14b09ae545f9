"""Transfers that are changed: they obey what new ones obey."""

import pytest

from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


@pytest.fixture
async def moved(anna):
    """An account, a loan off the budget, and a transfer with a split across the budget's edge."""
    checking, loan = await anna.account(), await anna.account("Loan", type="loan")
    response = await anna.post(
        "/transactions",
        type="transfer",
        date="2026-02-03",
        amount_minor=400,
        splits=[{"amount_minor": 400}],
        **{"from": {"account_id": checking["id"]}, "to": {"account_id": loan["id"]}},
    )
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_transfer_with_splits_stays_across_the_edge_of_the_budget(anna, moved):
    savings = await anna.account("Savings", type="savings")
    path = f"/transactions/{moved['id']}"

    inside = await anna.patch(path, 1, to={"account_id": savings["id"]})
    without = await anna.patch(path, 1, to={"account_id": savings["id"]}, splits=[])

    assert (inside.status_code, inside.json()["code"]) == (400, "bad_transfer")
    assert (without.status_code, without.json()["splits"]) == (200, [])


async def test_a_transfer_with_splits_to_a_deleted_account_is_refused_by_its_name(anna):
    checking, savings = await anna.account(), await anna.account("Savings", type="savings")
    ends = {"from": {"account_id": checking["id"]}, "to": {"account_id": savings["id"]}}
    body = {"type": "transfer", "date": "2026-02-03", "amount_minor": 400, **ends}
    # The account's currency is known from here on.
    made = (await anna.post("/transactions", **body)).json()
    await anna.delete(f"/transactions/{made['id']}", 1)
    await anna.delete(f"/accounts/{savings['id']}", 1)

    response = await anna.post("/transactions", **body, splits=[{"amount_minor": 400}])

    assert response.status_code == 404
    assert list(response.json()["errors"]) == ["to.account_id"]


async def test_both_sides_of_a_reconciled_transfer_stay(anna):
    euros, dollars = await anna.account(), await anna.account("Dollars", currency="USD")
    ends = {
        "from": {"account_id": euros["id"]},
        "to": {"account_id": dollars["id"], "amount_minor": 1_080},
    }
    body = {"type": "transfer", "date": "2026-02-03", "amount_minor": 1_000, "status": "reconciled", **ends}
    made = (await anna.post("/transactions", **body)).json()
    target = {"account_id": dollars["id"], "amount_minor": 1_090}

    response = await anna.patch(f"/transactions/{made['id']}", 1, to=target)

    assert (response.status_code, response.json()["code"]) == (409, "reconciled")
    assert list(response.json()["errors"]) == ["to.amount_minor"]
    assert await anna.balance(dollars) == 1_080


async def test_a_transfer_between_currencies_keeps_its_rate_and_its_fee_is_spent_from_the_source(
    ledger, anna
):
    euros, yen = await anna.account(), await anna.account("Yen", currency="JPY")
    fees = await anna.category("fees")
    ends = {"from": {"account_id": euros["id"]}, "to": {"account_id": yen["id"], "amount_minor": 16_250}}
    body = {"type": "transfer", "date": "2026-02-03", "amount_minor": 10_250, **ends}

    made = (await anna.post("/transactions", **body, fee={"amount_minor": 250, "category_id": fees})).json()
    found = (await anna.get(f"/transactions/{made['id']}", include="postings")).json()
    spent = await anna.transactions(category_key="fees")

    assert (made["rate"], made["fee"]) == ("162.5", {"amount_minor": 250, "category_id": fees})
    assert (await anna.balance(euros), await anna.balance(yen)) == (-10_250, 16_250)
    for currency in ("EUR", "JPY"):
        assert sum(leg["amount_minor"] for leg in found["postings"] if leg["currency"] == currency) == 0
    assert [item["id"] for item in spent] == [made["id"]]

    free = (await anna.patch(f"/transactions/{made['id']}", 1, fee=None)).json()

    assert (free["rate"], "fee" in free) == ("158.5365854", False)
    assert await faults(ledger.resources.pool, anna.person.book_id) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_a_fee_within_one_currency_arrives_nowhere_and_is_less_than_the_amount(anna):
    checking, savings = await anna.account(), await anna.account("Savings", type="savings")
    ends = {"from": {"account_id": checking["id"]}, "to": {"account_id": savings["id"]}}
    body = {"type": "transfer", "date": "2026-02-03", "amount_minor": 400, "status": "reconciled", **ends}

    too_much = await anna.post("/transactions", **body, fee={"amount_minor": 400})
    made = (await anna.post("/transactions", **body, fee={"amount_minor": 150})).json()
    changed = await anna.patch(f"/transactions/{made['id']}", 1, fee=None)

    assert (too_much.status_code, list(too_much.json()["errors"])) == (400, ["fee.amount_minor"])
    assert (await anna.balance(checking), await anna.balance(savings)) == (-400, 250)
    assert (changed.status_code, changed.json()["code"]) == (409, "reconciled")
    assert "rate" not in made
