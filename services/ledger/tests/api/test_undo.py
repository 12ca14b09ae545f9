"""Undo over the API: the reverse is an event like any other, and what came later is never lost."""

from dataclasses import replace

import pytest

from pfms_common import telemetry
from pfms_common.ids import new_id
from pfms_ledger.db.journal import append
from pfms_ledger.domain.transaction import Split, from_data
from pfms_ledger.operations import undo_many
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.operations.recording import change_of
from pfms_ledger.queries.invariants import faults


async def last_event(anna) -> str:
    return (await anna.get("/ledger/events", limit=200)).json()["items"][-1]["event_id"]


async def undo(anna, event_id: str, **more):
    return await anna.post(f"/ledger/events/{event_id}/undo", **more)


class TestAnEvent:
    async def test_an_edit_goes_back_and_what_was_edited_later_stays(self, anna):
        account = await anna.account()
        made = await anna.spend(account, -500, note="old")
        path = f"/transactions/{made['id']}"
        await anna.patch(path, 1, amount_minor=-900)
        edit = await last_event(anna)
        await anna.patch(path, 2, note="new")

        answer = await undo(anna, edit)

        assert (answer.status_code, answer.headers["etag"]) == (200, '"4"')
        assert answer.json() == (await anna.get(path)).json()
        assert (answer.json()["amount_minor"], answer.json()["note"]) == (-500, "new")
        assert await anna.balance(account) == -500

    async def test_a_field_changed_since_is_refused_naming_the_later_event(self, anna):
        made = await anna.spend(await anna.account(), -500)
        await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=-900)
        edit = await last_event(anna)
        await anna.patch(f"/transactions/{made['id']}", 2, amount_minor=-700)
        later = await last_event(anna)

        answer = await undo(anna, edit)

        assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
        assert answer.json()["later_event_id"] == later

    async def test_what_was_made_is_deleted_and_comes_back_in_its_place_under_its_id(self, ledger, anna):
        account = await anna.account()
        first = await anna.spend(account, -500, payee="Kiosk", tags=["x"])
        second = await anna.spend(account, -700)
        await anna.delete(f"/transactions/{first['id']}", 1)
        deletion = await last_event(anna)

        restored = (await undo(anna, deletion)).json()

        assert restored == {**first, "version": 3}
        assert [item["id"] for item in await anna.transactions()] == [second["id"], first["id"]]
        gone = (await undo(anna, await last_event(anna))).json()
        assert (gone["deleted"], gone["version"]) == (True, 4)
        assert (await anna.get(f"/transactions/{first['id']}")).status_code == 404
        await undo(anna, await last_event(anna))
        assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
        assert await faults(ledger.resources.pool, anna.person.book_id) == []

    async def test_accounts_categories_and_payees_go_back_too(self, anna):
        account = await anna.account(opening_balance_minor=700)
        await anna.patch(f"/accounts/{account['id']}", 1, opening_balance_minor=900, note="mine")
        assert (await undo(anna, await last_event(anna))).json() == {
            **account,
            "version": 3,
            "balance_minor": 700,
        }
        for path in ("/categories", "/payees"):
            made = (
                await anna.post(path, name="Kites", **({"type": "expense"} if path == "/categories" else {}))
            ).json()
            await anna.delete(f"{path}/{made['id']}", 1)
            assert (await undo(anna, await last_event(anna))).status_code == 200
            assert (await anna.get(f"{path}/{made['id']}")).json() == {**made, "version": 3}

    async def test_what_goes_back_is_worth_what_the_rates_say_now(self, ledger, anna):
        await ledger.sql(
            "INSERT INTO book (book_id, base_currency, timezone, version) VALUES ($1, 'EUR', 'UTC', 1)",
            anna.person.book_id,
        )
        made = await anna.spend(await anna.account(currency="USD"), -1_000)
        await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=-2_000)
        edit = await last_event(anna)
        rate = await anna.post("/rates", base="USD", quote="EUR", date="2026-01-01", rate="0.5")
        assert rate.status_code == 201, rate.text

        assert [split["base_amount_minor"] for split in (await undo(anna, edit)).json()["splits"]] == [-500]

    async def test_the_same_key_undoes_once(self, anna):
        made = await anna.spend(await anna.account(), -500)
        key = f"key-{new_id()}"
        event = await last_event(anna)

        first, again = await undo(anna, event, key=key), await undo(anna, event, key=key)

        assert (first.status_code, again.content) == (200, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert (await anna.get(f"/transactions/{made['id']}/history")).json()["items"][-1]["version"] == 2

    async def test_a_transactions_last_change_is_undone_without_knowing_its_event(self, anna):
        made = await anna.spend(await anna.account(), -500)
        await anna.delete(f"/transactions/{made['id']}", 1)

        assert (await anna.post(f"/transactions/{made['id']}/undo")).json() == {**made, "version": 3}

    async def test_undo_takes_no_wishes(self, anna):
        made = await anna.spend(await anna.account(), -500)
        event = await last_event(anna)

        answers = [await undo(anna, event, x=1), await anna.post(f"/transactions/{made['id']}/undo", x=1)]

        assert [(a.status_code, list(a.json()["errors"])) for a in answers] == [(400, ["x"])] * 2
        assert (await anna.get(f"/transactions/{made['id']}")).json() == made
        assert (await anna.http.post(f"/ledger/events/{event}/undo")).status_code == 200

    async def test_a_strangers_event_is_not_there(self, anna, boris):
        await anna.spend(await anna.account(), -500)
        event = await last_event(anna)

        assert (await undo(boris, event)).status_code == 404
        assert (await boris.post("/ledger/undo", correlation_id="0" * 32)).status_code == 404


class TestRulesHold:
    async def test_what_is_reconciled_stays(self, anna):
        made = await anna.spend(await anna.account(), -500)
        event = await last_event(anna)
        await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=-900)
        edit = await last_event(anna)
        await anna.patch(f"/transactions/{made['id']}", 2, status="reconciled")

        assert (await undo(anna, edit)).json()["code"] == "reconciled"
        assert (await undo(anna, event)).json()["code"] == "changed_since"

    async def test_refunds_still_fit_and_closed_accounts_stay_at_zero(self, anna):
        account = await anna.account()
        original = await anna.spend(account, -500)
        refund = {"type": "refund", "related_transaction_id": original["id"], "account_id": account["id"]}
        back = (await anna.post("/transactions", date="2026-02-04", amount_minor=500, **refund)).json()
        await anna.delete(f"/transactions/{back['id']}", 1)
        deletion = await last_event(anna)
        await anna.post("/transactions", date="2026-02-05", amount_minor=500, **refund)
        assert (await undo(anna, deletion)).json()["code"] == "over_refunded"

        lone = await anna.spend(account, -100)
        await anna.delete(f"/transactions/{lone['id']}", 1)
        deletion = await last_event(anna)
        await anna.patch(f"/accounts/{account['id']}", 1, is_active=False)
        refused = await undo(anna, deletion)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert await anna.balance(account) == 0

    async def test_what_others_refer_to_is_not_unmade(self, anna):
        category = (await anna.post("/categories", name="Kites", type="expense")).json()
        event = await last_event(anna)
        await anna.spend(
            await anna.account(), -500, splits=[{"category_id": category["id"], "amount_minor": -500}]
        )

        refused = await undo(anna, event)

        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")


CSV = "Date,Payee,Memo,Amount\n2026-03-01,Landlord,Rent,-800.00\n2026-03-02,Corner Shop,,-12.50\n"


class TestAllOfARequest:
    async def test_an_import_goes_by_its_id_but_for_what_was_edited(self, anna):
        account = await anna.account()
        done = await anna.bring(account, CSV)
        events = (await anna.get("/ledger/events", limit=200)).json()["items"]
        assert {event["correlation_id"] for event in events[-4:]} == {done["id"]}
        rent = next(item for item in await anna.transactions() if item["payee"] == "Landlord")
        await anna.patch(f"/transactions/{rent['id']}", 1, note="too much")

        undone = (await anna.post("/ledger/undo", correlation_id=done["id"])).json()

        assert (undone["status"], undone["undone"], undone["kept_count"]) == ("undone", 1, 1)
        assert [(kept["id"], kept["reason"]) for kept in undone["kept"]] == [(rent["id"], "edited")]
        assert await anna.balance(account) == -80_000
        assert undone["correlation_id"] == done["id"]
        before = (await anna.get("/ledger/events", limit=200)).json()["items"]
        again = (await anna.post("/ledger/undo", correlation_id=undone["correlation_id"])).json()
        assert again == {**undone, "undone": 0}
        assert (await anna.get("/ledger/events", limit=200)).json()["items"] == before
        refused = await undo(anna, events[-1]["event_id"])
        assert (refused.status_code, refused.json()["code"]) == (409, "not_undoable")

    async def test_a_transaction_goes_with_the_payee_it_named_first_unless_another_names_it_too(self, anna):
        account = await anna.account()
        first = await anna.spend(account, -500, payee="Kiosk")
        events = (await anna.get("/ledger/events", limit=200)).json()["items"]
        correlation = events[-1]["correlation_id"]
        assert [event["correlation_id"] for event in events[-2:]] == [correlation] * 2
        second = await anna.spend(account, -700, payee="Kiosk")

        undone = (await anna.post("/ledger/undo", correlation_id=correlation)).json()

        assert undone["undone"] == 1
        assert [(kept["type"], kept["reason"]) for kept in undone["kept"]] == [("payee", "in_use")]
        assert [item["id"] for item in await anna.transactions()] == [second["id"]]
        again = (await anna.post("/ledger/undo", correlation_id=undone["correlation_id"])).json()
        assert (again["undone"], again["kept"]) == (1, [])
        assert {item["id"] for item in await anna.transactions()} == {first["id"], second["id"]}


@pytest.fixture
def bulk(ledger, anna):
    """Changes these transactions in one request; answers its correlation id."""

    async def changed(items, **fields):
        trace = telemetry.enter(None, None)
        changes = [
            change_of(replace(from_data(item), **fields), "transaction.updated", item["version"] + 1)
            for item in items
        ]
        async with ledger.own.journal.begin_write(anna.person.book_id) as connection:
            await append(connection, anna.person.book_id, changes, actor=anna.person.user_id)
        return trace.request_id

    return changed


async def test_many_are_taken_back_in_batches_and_what_was_worked_on_since_is_kept(
    ledger, anna, bulk, monkeypatch
):
    monkeypatch.setattr(undo_many, "MOST_CHANGES", 3)
    account = await anna.account()
    made = [await anna.spend(account, -n, note=f"my {n}") for n in range(1, 10)]
    correlation = await bulk(made, note="changed", amount_minor=-5, splits=(Split(-5),))
    edited, reconciled, deleted, undone, *others = made
    await anna.patch(f"/transactions/{edited['id']}", 2, description="mine")
    await anna.patch(f"/transactions/{reconciled['id']}", 2, status="reconciled")
    await anna.delete(f"/transactions/{deleted['id']}", 2)
    await anna.post(f"/transactions/{undone['id']}/undo")

    outcome = (await anna.post("/ledger/undo", correlation_id=correlation)).json()
    again = (await anna.post("/ledger/undo", correlation_id=correlation)).json()

    assert (outcome["status"], outcome["undone"], again["undone"]) == ("undone", len(others), 0)
    reasons = {edited["id"]: "edited", reconciled["id"]: "reconciled", deleted["id"]: "deleted"}
    assert {kept["id"]: kept["reason"] for kept in outcome["kept"]} == reasons
    left = {item["id"]: item for item in await anna.transactions()}
    assert [left[item["id"]] for item in others] == [{**item, "version": 3} for item in others]
    assert await anna.balance(account) == sum(item["amount_minor"] for item in [*others, undone]) - 10
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
