"""Free text, totals, and how both stand with the other filters."""

from uuid import UUID

import asyncpg
import pytest

from pfms_common.sql import scope
from pfms_service.testing import admin_url


async def found(client, q, **more):
    return [item["amount_minor"] for item in await client.transactions(q=q, **more)]


async def test_every_word_is_looked_for_in_payee_description_note_memo_and_tags(anna):
    account = await anna.account()
    groceries = await anna.category("groceries")
    await anna.spend(account, -1, payee="Café Ålesund", description="Breakfast for two", note="with Jørgen")
    memo = {"category_id": groceries, "amount_minor": -2, "memo": "Ersatzteile", "tags": ["Werkstatt"]}
    await anna.spend(account, -2, payee="Baumarkt", splits=[memo], tags=["haus-2026"])
    await anna.spend(account, -3, payee="cafe central")

    for q, amounts in {
        "CAFE": [-3, -1],
        "café breakfast": [-1],
        "jorgen": [-1],
        "satzteil": [-2],
        "werkstatt baumarkt": [-2],
        "haus 2026": [-2],
        "ce": [-3],  # a short word is looked for where words begin
        "coffee": [],
        "cafe ersatzteile": [],
    }.items():
        assert await found(anna, q) == amounts, q


async def test_free_text_goes_together_with_filters_cursors_and_an_account(anna):
    one, other = await anna.account(), await anna.account("Other")
    for day in range(1, 8):
        await anna.spend(one if day % 2 else other, -day, f"2026-02-0{day}", payee="Corner Shop")
    await anna.spend(one, -9, "2026-02-09", payee="Elsewhere")

    walked, cursor = [], None
    while True:
        page = (
            await anna.get("/transactions", q="shop", limit=2, **({"cursor": cursor} if cursor else {}))
        ).json()
        walked += [item["amount_minor"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    register = (await anna.get("/transactions", q="corner", account_id=one["id"], limit=2)).json()

    assert walked == [-7, -6, -5, -4, -3, -2, -1]
    assert [item["running_balance_minor"] for item in register["items"]] == [-16, -9]
    assert await found(anna, "shop", **{"from": "2026-02-03", "to": "2026-02-04"}) == [-4, -3]
    assert await found(anna, "shop", amount_from=-2) == [-2, -1]


async def test_a_change_a_renamed_payee_and_a_deletion_change_what_is_found(anna):
    account = await anna.account()
    made = await anna.spend(account, -1, payee="SQ BLBTL", note="espresso")
    await anna.patch(f"/payees/{made['payee_id']}", 1, name="Blue Bottle")
    await anna.patch(f"/transactions/{made['id']}", 1, note="filter")

    assert [await found(anna, q) for q in ("blue", "sq", "filter", "espresso")] == [[-1], [], [-1], []]
    await anna.delete(f"/transactions/{made['id']}", 2)
    assert await found(anna, "blue") == []


@pytest.mark.parametrize("q", ["!", "", "x" * 201])
async def test_a_query_without_a_word_or_beyond_measure_is_refused(anna, q):
    assert (await anna.get("/transactions", q=q)).status_code == 400


async def test_nobody_finds_what_another_book_holds(ledger, anna, boris):
    await anna.spend(await anna.account(), -1, payee="Café Ålesund", note="secret")
    search = "SELECT search_transactions($1, '{%secret%}', NULL, NULL, NULL, NULL, NULL)"

    assert await found(boris, "secret") == []
    with scope(books=[boris.person.book_id]):
        async with ledger.resources.pool.acquire() as connection, connection.transaction():
            assert await connection.fetch(search, anna.person.book_id) == []
    async with ledger.resources.pool.acquire() as connection, connection.transaction():
        assert await connection.fetch(search, anna.person.book_id) == []


MANY = """
    INSERT INTO transaction (book_id, id, type, status, date, amount_minor, source, number, last_event, version,
                             searched)
    SELECT book_id, gen_random_uuid(), 'standard', 'cleared', date - n / 10, -1, 'manual', n, last_event, 1,
           ' ' || md5(n::text) || ' shop'
    FROM transaction, generate_series(1, 20000) n WHERE id = $1"""


async def test_the_app_role_finds_a_rare_word_by_its_index_and_the_newest_of_a_common_one_by_date(
    ledger, anna
):
    made = await anna.spend(await anna.account(), -1, note="Zwölfkampf")
    await ledger.sql(MANY, UUID(made["id"]))
    await ledger.sql("VACUUM ANALYZE transaction")

    plans = await plans_of(ledger, anna, "{%zwolfkampf%}", "{%shop%,%zwolfkampf%}", "{%shop%}")

    sample, rare, _, both, _, common = plans
    assert "Index Scan using transaction_date_idx" in sample
    for plan in (rare, both):
        assert "Bitmap Index Scan on transaction_searched_idx" in plan
    assert "%shop%" not in both[both.index("Index Cond: ((book_id =") :]
    assert "Index Scan using transaction_date_idx" in common


async def plans_of(ledger, client, *patterns):
    """The plans of the statements inside of the search, which EXPLAIN does not show: auto_explain tells them."""
    told = []
    connection = await asyncpg.connect(admin_url(ledger.urls.database))
    try:
        await connection.execute("LOAD 'auto_explain'")
        for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_level = notice"):
            await connection.execute(f"SET auto_explain.{setting}")
        await connection.execute("SET SESSION AUTHORIZATION ledger_app")
        connection.add_log_listener(lambda _, message: told.append(str(message)))
        async with connection.transaction():
            await connection.execute(f"SET LOCAL app.book_ids = '{{{client.person.book_id}}}'")
            for pattern in patterns:
                await connection.fetch(
                    f"SELECT search_transactions($1, '{pattern}', NULL, NULL, NULL, NULL, 51)",
                    client.person.book_id,
                )
    finally:
        await connection.close()
    return [plan for plan in told if "FROM transaction t" in plan]


async def test_totals_say_what_came_in_and_went_out_by_currency(anna):
    euros, dollars = await anna.account(), await anna.account("Dollars", currency="USD")
    savings = await anna.account("Savings", type="savings")
    groceries, salary = await anna.category("groceries"), await anna.category("salary")
    parts = [{"category_id": groceries, "amount_minor": -300}, {"amount_minor": -700}]
    await anna.spend(euros, -1_000, splits=parts)
    await anna.spend(euros, 5_000, splits=[{"category_id": salary, "amount_minor": 5_000}])
    await anna.spend(dollars, -250)
    ends = {"from": {"account_id": euros["id"]}, "to": {"account_id": savings["id"]}}
    await anna.post("/transactions", type="transfer", date="2026-02-03", amount_minor=400, **ends)

    async def totals(**wanted):
        body = (await anna.get("/transactions", include="totals", limit=1, **wanted)).json()
        return body["total"], [
            (each["currency"], each["count"], each["sum_in_minor"], each["sum_out_minor"])
            for each in body["totals"]
        ]

    assert await totals() == (4, [("EUR", 3, 5_000, 1_000), ("USD", 1, 0, 250)])
    assert await totals(category_id=groceries) == (1, [("EUR", 1, 0, 300)])
    assert await totals(uncategorised="true") == (2, [("EUR", 1, 0, 700), ("USD", 1, 0, 250)])
    assert await totals(account_id=savings["id"]) == (1, [("EUR", 1, 400, 0)])
    assert await totals(q="nothing") == (0, [])
