"""A book restored from its own export is the same book."""

import json
from copy import deepcopy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfms_common.ids import new_id
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


async def exported(client):
    response = await client.get("/exports/json")
    assert response.status_code == 200, response.text
    return json.loads(response.content)


async def restore(client, document, key=None):
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return await client.http.post(
        "/restores",
        files={"file": ("book.json", raw)},
        headers={"Idempotency-Key": key or f"restore-{new_id()}"},
    )


def same(document):
    """What is equal in a restored book: all but the moment."""
    return {**document, "exported_at": None}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["spend", "earn", "transfer", "abroad", "refund", "delete", "rename", "archive", "edge"]
        ),
        st.integers(1, 99_999),
        st.integers(0, 30),
    ),
    max_size=14,
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
async def test_an_export_restored_into_a_fresh_book_exports_the_same(ledger, new_client, steps):
    async with new_client() as client, new_client() as fresh:
        accounts = [
            await client.account(opening_balance_minor=777),
            await client.account("Savings", type="savings"),
            await client.account("Yen", currency="JPY", type="cash"),
            await client.account("Depot", type="investment"),
        ]
        food = (await client.post("/categories", name="Food", type="expense")).json()
        bread = (await client.post("/categories", name="Bread", type="expense", parent_id=food["id"])).json()
        old = (await client.post("/categories", name="Old", type="expense")).json()
        made = []
        for what, amount, pick in steps:
            day = f"2025-{1 + pick % 12:02}-{1 + pick % 28:02}"
            one, other = accounts[pick % 2], accounts[1 - pick % 2]
            split = [{"category_id": bread["id"], "amount_minor": -amount, "memo": "a, b", "tags": ["x"]}]
            if what == "spend":
                made.append(
                    (await client.spend(one, -amount, day, payee=f"Shop {pick % 4}", splits=split))["id"]
                )
            elif what == "earn":
                made.append((await client.spend(accounts[2], amount, day, tags=["t"], note="é"))["id"])
            elif what in {"transfer", "abroad", "edge"}:
                to = {"transfer": other, "abroad": accounts[2], "edge": accounts[3]}[what]
                end = {"account_id": to["id"]} | ({"amount_minor": pick + 1} if what == "abroad" else {})
                more = (
                    {"splits": [{"category_id": food["id"], "amount_minor": amount}]}
                    if what == "edge"
                    else {}
                )
                response = await client.post(
                    "/transactions", type="transfer", date=day, amount_minor=amount, to=end,
                    **{"from": {"account_id": one["id"]}}, **more,
                )  # fmt: skip
                assert response.status_code == 201, response.text
            elif what == "refund" and made:
                await client.post(
                    "/transactions", type="refund", account_id=one["id"], date=day, amount_minor=1,
                    related_transaction_id=made[pick % len(made)], allow_excess=True,
                )  # fmt: skip
            elif what == "delete" and made:
                await client.delete(f"/transactions/{made.pop(pick % len(made))}", 1)
            elif what in {"rename", "archive"}:
                one = food if what == "rename" else old  # what is archived takes no new transactions
                present = (await client.get(f"/categories/{one['id']}")).json()
                change = {"name": f"Food {amount}"} if what == "rename" else {"is_archived": pick % 2 == 0}
                await client.patch(f"/categories/{one['id']}", present["version"], **change)
        document = await exported(client)
        restored = await restore(fresh, document)

        assert restored.status_code == 201, restored.text
        assert sum(restored.json()["counts"].values()) == len(document["things"])
        assert same(await exported(fresh)) == same(document)
        book = fresh.person.book_id
        assert await faults(ledger.resources.pool, book) == []
        assert await rebuild(ledger.own.journal, book) == 0
        for account in accounts:
            assert await fresh.balance(account) == await client.balance(account)
        ids = [[item["id"] for item in await each.transactions()] for each in (client, fresh)]
        assert ids[0] == ids[1]


async def test_the_starting_tree_gives_way_to_the_files_categories(anna, new_client):
    account = await anna.account()
    groceries = await anna.category("groceries")
    await anna.spend(account, -100, splits=[{"category_id": groceries, "amount_minor": -100}])
    document = await exported(anna)
    async with new_client() as fresh:
        await fresh.post("/categories", name="Groceries", type="expense")
        assert (await restore(fresh, document)).status_code == 201

        assert await fresh.category("groceries") == groceries
        assert same(await exported(fresh)) == same(document)


async def test_pots_rates_plans_what_they_posted_and_settings_come_back(ledger, anna, new_client):
    account = await anna.account(opening_balance_minor=10_000)
    pot = (await anna.post("/pots", account_id=account["id"], name="Holidays")).json()
    into = {"from": {"account_id": account["id"]}, "to": {"account_id": account["id"], "pot_id": pot["id"]}}
    moved = await anna.post("/transactions", type="transfer", date="2026-02-03", amount_minor=500, **into)
    rate = await anna.post("/rates", base="EUR", quote="USD", date="2026-02-03", rate="1.0842")
    plan = await anna.post(
        "/recurring", name="Rent", rrule="FREQ=MONTHLY", start="2026-03-01",
        template={"account_id": account["id"], "amount_minor": -400, "payee": "Landlord"},
    )  # fmt: skip
    ran = await anna.post(f"/recurring/{plan.json()['id']}/run-now")
    told = await anna.http.put(
        "/ledger/settings", json={"default_account_id": account["id"]}, headers={"If-Match": '"0"'}
    )
    assert [made.status_code // 100 for made in (moved, rate, plan, ran, told)] == [2] * 5, told.text
    document = await exported(anna)
    async with new_client() as fresh:
        restored = await restore(fresh, document)
        again = await fresh.get("/pots")

        assert restored.status_code == 201, restored.text
        assert restored.json()["counts"].items() >= {"pot": 1, "rate": 1, "plan": 1, "recurring": 1}.items()
        assert [item["balance_minor"] for item in again.json()["items"]] == [500]
        assert same(await exported(fresh)) == same(document)
        assert (await fresh.get("/ledger/settings")).json()["default_account_id"] == account["id"]
        assert await faults(ledger.resources.pool, fresh.person.book_id) == []
        assert await rebuild(ledger.own.journal, fresh.person.book_id) == 0


async def test_a_repeat_with_the_same_key_has_one_effect_and_another_file_is_refused(anna, new_client):
    await anna.account()
    document = await exported(anna)
    async with new_client() as fresh:
        key = f"restore-{new_id()}"
        first, again = await restore(fresh, document, key), await restore(fresh, document, key)
        other = await restore(fresh, {**document, "things": []}, key)

        assert (first.status_code, again.content, again.headers["Idempotency-Replayed"]) == (
            201,
            first.content,
            "true",
        )
        assert other.status_code == 422


async def test_only_a_book_in_which_nothing_happened_is_restored_into(anna):
    await anna.account()
    document = await exported(anna)

    response = await restore(anna, document)

    assert (response.status_code, response.json()["code"]) == (409, "book_not_fresh")
    assert await exported(anna) | {"exported_at": 0} == document | {"exported_at": 0}


async def test_an_empty_export_leaves_a_book_that_can_be_restored_into(ledger, anna, new_client):
    await anna.account()
    document = await exported(anna)
    async with new_client() as fresh:
        await fresh.post("/categories", name="Groceries", type="expense")

        nothing = await restore(fresh, {**document, "things": []})
        empty = await exported(fresh)
        restored = await restore(fresh, document)

        assert (nothing.status_code, empty["things"]) == (201, [])
        assert (restored.status_code, same(await exported(fresh))) == (201, same(document))
        assert await rebuild(ledger.own.journal, fresh.person.book_id) == 0


async def test_sources_that_shared_a_name_before_it_was_refused_come_back(anna, new_client):
    body = {"type": "salary", "currency": "EUR"}
    first = (await anna.post("/income/sources", name="Acme", **body)).json()
    await anna.post("/income/sources", name="Other", **body)
    document = await exported(anna)
    for thing in document["things"]:
        if thing["data"].get("name") == "Other":
            thing["data"]["name"] = "acme"

    async with new_client() as fresh:
        restored = await restore(fresh, document)
        noted = await fresh.patch(f"/income/sources/{first['id']}", 1, note="the old one")

        assert (restored.status_code, noted.status_code) == (201, 200)
        assert [item["name"] for item in (await fresh.get("/income/sources")).json()["items"]] == [
            "Acme",
            "acme",
        ]


OWN_ID, ID_OF_ANOTHER = "own id", "id of another"


WRONG = [
    ("transaction", ("amount_minor",), -999),
    ("transaction", ("amount_minor",), "-100"),
    ("transaction", ("amount_minor",), 10**16),
    ("transaction", ("date",), "1600-01-01"),
    ("transaction", ("account_id",), "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("transaction", ("splits", 0, "category_id"), "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("transaction", ("currency",), "USD"),
    ("transaction", ("note",), "a\u0000b"),
    ("transaction", ("note",), "x" * 20_000),
    ("transaction", ("is_admin",), True),
    ("transaction", ("splits",), []),
    ("transaction", ("tags",), {"a": 1}),
    ("account", ("currency",), "EUX"),
    ("account", ("type",), "treasure"),
    ("account", ("name",), ""),
    ("account", ("opening_balance_minor",), 2**70),
    ("category", ("parent_id",), OWN_ID),
    ("payee", ("name",), None),
    ("payee", ("id",), ID_OF_ANOTHER),
]


async def test_a_file_with_anything_wrong_in_it_changes_nothing(anna, new_client):
    account = await anna.account()
    await anna.spend(account, -100, payee="Kiosk")
    whole = await exported(anna)
    taken = []
    async with new_client() as fresh:
        for kind, path, value in WRONG:
            document = deepcopy(whole)
            data = next(thing["data"] for thing in document["things"] if thing["event"] == f"{kind}.created")
            at = data
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = {OWN_ID: data["id"], ID_OF_ANOTHER: account["id"]}.get(str(value), value)
            response = await restore(fresh, document)
            if response.status_code not in {400, 404, 409} or response.json()["code"] == "not_an_export":
                taken.append((kind, path, value, response.text))

        assert taken == []
        assert (await exported(fresh))["things"] == []
        assert (await restore(fresh, whole)).status_code == 201


NO_EXPORTS = [
    b"",
    b"[]",
    b"{",
    b'{"format": "other"}',
    b'{"format": "pfms-json", "version": 99, "things": []}',
    b'{"format": "pfms-json", "version": 1, "base_currency": null, "things": [1, {"event": "x", "data": {}}]}',
    b'{"format": "pfms-json", "version": 1, "things": []}',
    b'{"format": "pfms-json", "version": 1, "base_currency": "EUX", "things": []}',
    b'{"format": "pfms-json", "version": 1, "base_currency": ["EUR"], "things": []}',
    b"\xff" * 10,
]


async def test_what_is_no_export_is_refused(boris):
    told = [await restore(boris, content) for content in NO_EXPORTS]

    assert {response.status_code for response in told} == {400}
    assert {response.json()["code"] for response in told} == {"not_an_export", "validation_error"}


async def test_a_book_in_another_currency_is_not_restored_into(ledger, anna, new_client):
    await ledger.sql("INSERT INTO book VALUES ($1, 'EUR', 'Europe/Berlin', 1)", anna.person.book_id)
    await anna.spend(await anna.account(), -1_000)
    document = await exported(anna)
    async with new_client() as fresh:
        book_id = fresh.person.book_id
        unknown = await restore(fresh, document)
        await ledger.sql("INSERT INTO book VALUES ($1, 'USD', 'America/New_York', 1)", book_id)
        other, untold = [await restore(fresh, document | more) for more in ({}, {"base_currency": None})]
        assert (await exported(fresh))["things"] == []
        await ledger.sql("UPDATE book SET base_currency = 'EUR' WHERE book_id = $1", book_id)
        taken = await restore(fresh, document)

        assert unknown.status_code == 503
        for refused in (other, untold):
            assert (refused.status_code, refused.json()["code"]) == (409, "other_base_currency")
        assert (taken.status_code, same(await exported(fresh))) == (201, same(document))


async def test_attachments_that_an_earlier_export_tells_of_are_left_out_and_counted(anna, new_client):
    await anna.account()
    document = await exported(anna)
    told = {"event": "attachment.created", "data": {"id": str(new_id()), "name": "receipt.pdf"}}
    async with new_client() as fresh:
        restored = await restore(fresh, {**document, "things": [*document["things"], told]})

        assert (restored.status_code, restored.json()["left_out"]) == (201, {"attachment": 1})
        assert same(await exported(fresh)) == same(document)


async def test_what_is_wrong_in_a_file_is_named_by_its_place(anna, new_client):
    account = await anna.account()
    await anna.spend(account, -100, payee="Kiosk", splits=[{"amount_minor": -100, "memo": "x"}])
    whole = await exported(anna)
    places = {}
    async with new_client() as fresh:
        for kind, path in (
            ("account", ["name"]),
            ("account", ["type"]),
            ("transaction", ["splits", 0, "memo"]),
        ):
            document = deepcopy(whole)
            n = next(n for n, thing in enumerate(document["things"]) if thing["event"] == f"{kind}.created")
            at = document["things"][n]["data"]
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = "a\u0000b"
            named = ".".join(map(str, ["things", n, "data", *path]))
            places[named] = list((await restore(fresh, document)).json()["errors"])

    assert places == {named: [named] for named in places}
    assert len(places) == 3


async def test_a_viewer_may_not_restore(ledger, boris):
    from pfms_service.testing import Person  # noqa: PLC0415  # of this one test

    async with ledger.client(Person(role="viewer")) as http:
        response = await http.post(
            "/restores", files={"file": ("a.json", b"{}")}, headers={"Idempotency-Key": "k" * 20}
        )
    assert response.status_code == 403


async def test_rates_settings_income_sources_and_habits_come_along(ledger, new_client):
    async with new_client() as client, new_client() as fresh:
        account = await client.account()
        await client.http.put("/ledger/settings", json={"default_account_id": account["id"], "version": 0})
        await client.post("/rates", base="EUR", quote="USD", date="2026-02-01", rate="1.25")
        source = (
            await client.post(
                "/income/sources", name="Acme", type="salary", currency="EUR", frequency="monthly"
            )
        ).json()
        habit = (await client.post("/habits", name="Coffee", unit_cost_minor=450, currency="EUR")).json()
        await client.post(f"/habits/{habit['id']}/log", date="2026-02-03", expense={})
        await client.post(
            "/income/transactions", amount_minor=100, income_source_id=source["id"], tax_minor=20
        )

        restored = await restore(fresh, await exported(client))
        settings_ = await fresh.http.put("/ledger/settings", json={"default_account_id": None, "version": 1})

        assert restored.status_code == 201, restored.text
        assert (await fresh.get(f"/habits/{habit['id']}")).json()["total_cost_minor"] == 450
        for path in ("/rates", "/income/sources", "/transactions"):
            assert (await fresh.get(path)).json() == (await client.get(path)).json()
        assert (settings_.status_code, settings_.json()["version"]) == (200, 2)
        assert await rebuild(ledger.own.journal, fresh.person.book_id) == 0


async def test_an_export_that_is_brought_as_a_bank_file_is_told_where_it_belongs(anna):
    account = await anna.account()
    document = (await anna.get("/exports/json")).content

    response = await anna.upload(account, document, "book.json")

    assert (response.status_code, response.json()["code"]) == (400, "import_unreadable")
    assert "POST /restores" in response.json()["detail"]
