"""Quick entry: an amount, a category, a day; the account is the book's own choice, never a guess."""

from pfms_common.ids import new_id
from pfms_ledger.operations.rebuild import rebuild


async def set_default(anna, account, version=0):
    body = {"default_account_id": account["id"], "version": version}
    return await anna.http.put("/ledger/settings", json=body)


async def test_an_expense_and_an_income_land_on_the_default_account_with_their_signs(ledger, anna):
    await anna.account("Cash", type="cash")
    checking = await anna.account()
    coffee = await anna.category("dining")
    await set_default(anna, checking)

    spent = await anna.post(
        "/expenses", amount_minor=450, category_id=coffee, date="2026-02-03", payee="Blue"
    )
    earned = await anna.post("/income/transactions", amount_minor=9_000, date="2026-02-04")

    assert (spent.status_code, spent.json()["amount_minor"], spent.json()["kind"]) == (201, -450, "expense")
    assert spent.json()["splits"][0]["category_id"] == coffee
    assert (earned.json()["amount_minor"], earned.json()["kind"]) == (9_000, "income")
    assert await anna.balance(checking) == 8_550
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_without_a_default_the_only_account_on_the_budget_is_taken_and_of_two_none(anna):
    checking = await anna.account()
    await anna.account("House", type="asset")
    alone = await anna.post("/expenses", amount_minor=100)
    savings = await anna.account("Savings", type="savings")

    asked = await anna.post("/expenses", amount_minor=100)
    named = await anna.post("/expenses", amount_minor=100, account_id=savings["id"])

    assert (alone.status_code, alone.json()["account_id"]) == (201, checking["id"])
    assert (asked.status_code, list(asked.json()["errors"])) == (409, ["account_id"])
    assert named.status_code == 201


async def test_a_default_account_that_was_closed_is_refused_and_one_in_use_is_not_deleted(anna):
    checking = await anna.account()
    first = await set_default(anna, checking)
    stale = await set_default(anna, checking)
    unsaid = await anna.http.put("/ledger/settings", json={"default_account_id": checking["id"]})
    kept = await anna.delete(f"/accounts/{checking['id']}", 1)
    await anna.patch(f"/accounts/{checking['id']}", 1, is_active=False)

    refused = await anna.post("/expenses", amount_minor=100)

    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert (stale.status_code, unsaid.status_code) == (409, 428)
    assert (kept.status_code, kept.json()["referred_to_by"]) == (409, ["settings"])
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["account_id"])


async def test_a_repeated_quick_entry_counts_once_and_no_amount_is_negative(anna):
    checking = await anna.account()
    key = f"key-{new_id()}"

    twice = [await anna.post("/expenses", key=key, amount_minor=100) for _ in range(2)]
    negative = await anna.post("/expenses", amount_minor=-100)

    assert [answer.headers.get("Idempotency-Replayed") for answer in twice] == [None, "true"]
    assert (negative.status_code, list(negative.json()["errors"])) == (400, ["amount_minor"])
    assert await anna.balance(checking) == -100


async def test_the_lists_are_views_of_one_kind_page_by_page(anna):
    checking = await anna.account()
    spent = [await anna.spend(checking, -100 * n) for n in range(1, 4)]
    await anna.spend(checking, 500)

    first = (await anna.get("/expenses", limit=2)).json()
    second = (await anna.get("/expenses", limit=2, cursor=first["next_cursor"])).json()
    income = (await anna.get("/income/transactions", include="total")).json()
    elsewhere = await anna.get("/income/transactions", limit=2, cursor=first["next_cursor"])

    listed = [item["id"] for item in first["items"] + second["items"]]
    assert listed == [item["id"] for item in reversed(spent)]
    assert [item["amount_minor"] for item in income["items"]] == [500]
    assert income["total"] == 1
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "invalid_cursor")
