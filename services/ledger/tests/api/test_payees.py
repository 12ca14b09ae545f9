"""Payees: other names lead to them, they merge, and they are found while they are typed."""

import asyncio

import asyncpg

from pfms_common.ids import new_id
from pfms_ledger.operations import merging
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults
from pfms_service.testing import admin_url

CSV = "Date,Payee,Memo,Amount\n2026-03-01,SQ *BLUE BOTTLE 123,,-4.50\n2026-03-02,BLUE BOTTLE COFFEE,,-5.00\n"


async def payee(anna, name, **fields):
    response = await anna.post("/payees", name=name, **fields)
    assert response.status_code == 201, response.text
    return response.json()


class TestAliases:
    async def test_a_banks_text_and_a_name_are_one_payee_where_an_alias_says_so(self, anna):
        made = await payee(anna, "Blue Bottle Coffee", aliases=["SQ *BLUE BOTTLE 123"])
        account = await anna.account()

        done = await anna.bring(account, CSV)
        later = await anna.bring(account, "Date,Payee,Memo,Amount\n2026-04-01,SQ *BLUE BOTTLE #987,,-4.00\n")

        assert made["aliases"] == ["SQ *BLUE BOTTLE 123", "Blue Bottle"]
        assert {item["payee_id"] for item in await anna.transactions()} == {made["id"]}
        assert {item["payee"] for item in await anna.transactions()} == {"Blue Bottle Coffee"}
        rows = await anna.rows(done)
        assert [(row["payee"], row["merchant"], row["processor"]) for row in rows] == [
            ("SQ *BLUE BOTTLE 123", "Blue Bottle", "Square"),
            ("BLUE BOTTLE COFFEE", "Blue Bottle Coffee", None),
        ]
        assert later["rows_imported"] == 1
        assert (await anna.spend(account, -1, payee="blue  BOTTLE"))["payee"] == "Blue Bottle Coffee"

    async def test_without_one_each_cleaned_name_is_a_payee_and_a_file_comes_once(self, anna):
        account = await anna.account()
        await anna.bring(account, CSV)

        again = await anna.bring(account, CSV)

        assert {item["payee"] for item in await anna.transactions()} == {"Blue Bottle", "Blue Bottle Coffee"}
        assert (again["rows_imported"], again["rows_duplicate"]) == (0, 2)

    async def test_an_alias_leads_to_one_payee_and_is_free_again_when_it_is_taken_away(self, anna):
        one, other = await payee(anna, "Kiosk", aliases=["Corner"]), await payee(anna, "Shop")

        for field, name in (("aliases", ["CORNER"]), ("aliases", ["kiosk"]), ("name", "corner")):
            refused = await anna.patch(f"/payees/{other['id']}", 1, **{field: name})
            assert (refused.status_code, list(refused.json()["errors"])) == (409, [field])
        assert (await anna.post("/payees", name="corner")).status_code == 409
        await anna.patch(f"/payees/{one['id']}", 1, aliases=[])
        moved = await anna.patch(f"/payees/{other['id']}", 1, aliases=["Corner"])

        assert moved.json()["aliases"] == ["Corner"]
        versions = (await anna.get(f"/payees/{one['id']}/versions")).json()["items"]
        assert [version["data"]["aliases"] for version in versions] == [["Corner"], []]


class TestMerging:
    async def test_transactions_move_and_the_name_leads_to_the_other_one(self, ledger, anna, monkeypatch):
        monkeypatch.setattr(merging, "MOST_CHANGES", 3)
        account = await anna.account()
        made = [await anna.spend(account, -n, payee="Blue Bottle Oakland") for n in range(1, 6)]
        into = await payee(anna, "Blue Bottle", aliases=["BB"])
        path = f"/payees/{made[0]['payee_id']}"

        merged = (await anna.post(f"{path}/merge", into=into["id"])).json()

        assert (merged["status"], merged["moved"]) == ("merged", 5)
        assert (await anna.get(path)).status_code == 404
        assert (await anna.get(f"/payees/{into['id']}")).json()["aliases"] == ["BB", "Blue Bottle Oakland"]
        new = await anna.spend(account, -9, payee="blue bottle oakland")
        assert {item["payee_id"] for item in await anna.transactions()} == {into["id"]}
        assert await rebuild(ledger.own.journal, anna.person.book_id) == 0

        undone = (await anna.post("/ledger/undo", correlation_id=merged["correlation_id"])).json()

        assert (undone["undone"], undone["kept"]) == (7, [])
        assert {item["payee_id"] for item in await anna.transactions(payee_id=made[0]["payee_id"])} == {
            made[0]["payee_id"]
        }
        assert [item["id"] for item in await anna.transactions(payee_id=into["id"])] == [new["id"]]
        assert (await anna.get(f"/payees/{into['id']}")).json()["aliases"] == ["BB"]
        assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
        assert await faults(ledger.resources.pool, anna.person.book_id) == []

    async def test_a_plan_goes_on_with_the_other_one(self, anna):
        account, into = await anna.account(), await payee(anna, "Landlord")
        template = {"account_id": account["id"], "payee": "Landlord Ltd", "amount_minor": -95_000}
        plan = {"name": "Rent", "template": template, "rrule": "FREQ=MONTHLY;COUNT=2", "start": "2026-01-01"}
        made = (await anna.post("/recurring", **plan)).json()

        await anna.post(f"/payees/{made['template']['payee_id']}/merge", into=into["id"])

        template = (await anna.get(f"/recurring/{made['id']}")).json()["template"]
        assert (template["payee_id"], template["payee"]) == (into["id"], "Landlord")

    async def test_who_names_the_payee_meanwhile_ends_at_the_other_one(self, ledger, anna):
        account = await anna.account()
        first = await anna.spend(account, -1, payee="Kiosk")
        into = await payee(anna, "Shop")

        answers = await asyncio.gather(
            anna.post(f"/payees/{first['payee_id']}/merge", into=into["id"]),
            *(
                anna.post(
                    "/transactions",
                    account_id=account["id"],
                    date="2026-02-03",
                    amount_minor=-n,
                    payee="Kiosk",
                )
                for n in range(1, 9)
            ),
        )

        assert {answer.status_code for answer in answers} == {200, 201}
        assert {item["payee_id"] for item in await anna.transactions()} == {into["id"]}
        refused = await anna.post(f"/payees/{into['id']}/merge", into=into["id"])
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["into"])


class TestFinding:
    async def test_what_begins_so_comes_first_then_what_is_like_it_page_by_page(self, anna, boris):
        for name in ("Rewe", "Blue Bottle", "The Blue Door", "Bluebell", "Glue Battle", "Netto"):
            await payee(anna, name)
        await payee(anna, "Aldi", aliases=["Blue Market"])
        await payee(boris, "Blue Monday")

        found = (await anna.get("/payees", q="BLUE")).json()
        names = [item["name"] for item in found["items"]]
        page = (await anna.get("/payees", q="BLUE", limit=3)).json()
        rest = (await anna.get("/payees", q="BLUE", limit=200, cursor=page["next_cursor"])).json()

        assert names[:4] == ["Blue Bottle", "Bluebell", "Aldi", "The Blue Door"]
        assert [item["name"] for item in [*page["items"], *rest["items"]]] == names
        mistyped = (await anna.get("/payees", q="blu botle")).json()["items"]
        assert mistyped[0]["name"] == "Blue Bottle"
        assert (await anna.get("/payees", q="%_")).json()["items"] == []
        of_boris = (await boris.get("/payees", q="blue")).json()["items"]
        assert [item["name"] for item in of_boris] == ["Blue Monday"]

    async def test_in_a_large_book_it_is_found_by_the_index(self, ledger, anna):
        await payee(anna, "Blue Bottle")
        await ledger.sql(MANY, anna.person.book_id)
        await ledger.sql("VACUUM ANALYZE payee")

        plans = await plans_of(ledger, anna, " blu botle")

        assert "Bitmap Index Scan on payee_searched_idx" in plans

    async def test_payees_that_are_probably_one_merchant_are_offered(self, anna):
        made = await payee(anna, "Tesco Stores")
        for name in ("Tesco Express", "Tess Bakery", "Rewe"):
            await payee(anna, name)

        similar = (await anna.get(f"/payees/{made['id']}/similar")).json()["items"]

        assert [item["name"] for item in similar] == ["Tesco Express"]
        assert (await anna.get(f"/payees/{new_id()}/similar")).status_code == 404


MANY = """INSERT INTO payee (book_id, id, name, name_folded, is_active, version, searched)
    SELECT $1, gen_random_uuid(), n, n, true, 1, ' ' || n FROM (SELECT 'shop ' || md5(i::text) AS n
    FROM generate_series(1, 20000) AS i) AS made"""


async def plans_of(ledger, client, typed):
    """The plan of the statement inside of the search, which EXPLAIN does not show: auto_explain tells it."""
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
            await connection.fetch("SELECT search_payees($1, $2, 50)", client.person.book_id, typed)
    finally:
        await connection.close()
    return next(plan for plan in told if "FROM payee p" in plan)


async def test_an_inactive_payee_is_left_out_of_lists_but_where_it_is_asked_for(anna):
    kites = (await anna.post("/payees", name="Kites")).json()
    await anna.post("/payees", name="Kiosk")
    await anna.patch(f"/payees/{kites['id']}", 1, is_active=False)

    seen = [
        [item["name"] for item in (await anna.get("/payees", **params)).json()["items"]]
        for params in ({}, {"q": "ki"}, {"include_inactive": True}, {"q": "kites", "include_inactive": True})
    ]

    assert seen == [["Kiosk"], ["Kiosk"], ["Kiosk", "Kites"], ["Kites"]]
