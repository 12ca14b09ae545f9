"""A list without a filter is read by one SQL function, one with a filter by a statement put together: they agree."""

import pytest


async def walk(anna, limit: int, **filters: object) -> list[dict]:
    """Every item of a list, page by page."""
    items, cursor = [], {}
    while True:
        page = (await anna.get("/transactions", limit=limit, **filters, **cursor)).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
@pytest.mark.parametrize("which", ["list", "register"])
async def test_pages_without_a_filter_hold_what_a_filter_that_all_pass_gives(anna, which, limit):
    checking = await anna.account(opening_balance_minor=1_000, opened_on="2026-02-10")
    savings = await anna.account("Savings")
    for day, amount in ((5, -100), (10, -7), (10, -8), (20, 50), (28, -30)):
        await anna.spend(checking, amount, date=f"2026-02-{day:02}")
    bought = await anna.spend(checking, -900, date="2026-01-30")
    back = {"type": "refund", "related_transaction_id": bought["id"], "account_id": checking["id"]}
    await anna.post("/transactions", date="2026-03-01", amount_minor=900, **back)
    await anna.delete(f"/transactions/{bought['id']}", 1)
    ends = {"from": {"account_id": checking["id"]}, "to": {"account_id": savings["id"]}}
    await anna.post("/transactions", type="transfer", date="2026-02-28", amount_minor=40, **ends)

    asked = {"account_id": checking["id"]} if which == "register" else {}
    items = await walk(anna, limit, **asked)

    assert len(items) == 7
    assert items == await walk(anna, limit, **asked, **{"from": "1900-01-01"})
    for day in ("2026-01-29", "2026-02-10", "2026-02-11", "2026-03-31"):
        up_to = [item for item in items if item["date"] <= day]
        assert up_to == await walk(anna, limit, **asked, to=day)
        assert up_to == await walk(anna, limit, **asked, **{"from": "1900-01-01"}, to=day)


async def test_an_amount_no_household_can_mean_is_refused(anna):
    response = await anna.get("/transactions", amount_from=10**19)

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["amount_from"]


async def test_a_book_without_transactions_has_an_empty_page(anna):
    response = await anna.get("/transactions")

    assert response.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_categories_come_page_by_page_in_one_order(anna, limit):
    for name in ("Food", "Rent", "Travel"):
        await anna.post("/categories", name=name, type="expense")
    whole = (await anna.get("/categories")).json()["items"]
    items, cursor = [], {}
    while cursor is not None:
        page = (await anna.get("/categories", limit=limit, **cursor)).json()
        items += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None

    assert len(items) >= 3
    assert items == whole


async def test_events_after_a_number_that_none_can_have_are_refused(anna):
    response = await anna.get("/ledger/events", after=2**63)

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["after"]


@pytest.mark.parametrize("path", ["/transactions", "/expenses", "/income/transactions"])
@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"month": "2026-11", "from": "2026-10-01"}, "month"),
        ({"month": "2026-11", "to": "2026-11-30"}, "month"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "to"),
    ],
)
async def test_days_that_contradict_each_other_are_refused_and_none_is_passed_over(anna, path, days, field):
    refused = await anna.get(path, **days)

    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
