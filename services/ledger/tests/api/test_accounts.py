"""Opening, closing and emptying accounts."""

import pytest


async def test_closing_looks_at_the_balance_after_the_change(anna):
    account = await anna.account(opening_balance_minor=500)
    path = f"/accounts/{account['id']}"
    await anna.spend(account, -500)

    filled = await anna.patch(path, 1, is_active=False, opening_balance_minor=900)
    closed = await anna.patch(path, 1, is_active=False)

    assert (filled.status_code, filled.json()["code"]) == (409, "account_not_empty")
    assert closed.status_code == 200


async def test_an_account_that_the_change_empties_is_closed(anna):
    account = await anna.account(opening_balance_minor=500)

    closed = await anna.patch(f"/accounts/{account['id']}", 1, is_active=False, opening_balance_minor=0)

    assert (closed.status_code, closed.json()["balance_minor"]) == (200, 0)


async def test_the_opening_balance_of_a_closed_account_changes_only_to_what_leaves_it_empty(anna):
    account = await anna.account(opening_balance_minor=500)
    path = f"/accounts/{account['id']}"
    spent = await anna.spend(account, -500)
    await anna.patch(path, 1, is_active=False)

    refused = await anna.patch(path, 2, opening_balance_minor=900)
    edited = await anna.patch(f"/transactions/{spent['id']}", 1, amount_minor=-900)
    emptied = await anna.patch(path, 2, opening_balance_minor=900)

    assert refused.status_code == 409
    assert list(refused.json()["errors"]) == ["opening_balance_minor"]
    assert (edited.status_code, emptied.status_code) == (200, 200)
    assert emptied.json()["balance_minor"] == 0


async def test_money_that_arrives_while_an_account_is_closed_is_never_locked_in(at_once, anna):
    for n in range(5):
        account = await anna.account(f"Account {n}")

        closed, spent = await at_once(
            anna.patch(f"/accounts/{account['id']}", 1, is_active=False),
            anna.post("/transactions", account_id=account["id"], amount_minor=-1, date="2026-02-03"),
        )

        assert sorted([closed.status_code, spent.status_code]) in ([200, 400], [201, 409])


@pytest.mark.parametrize("kind", ["accounts", "categories", "payees", "transactions"])
async def test_what_is_deleted_names_its_version_in_if_match_or_in_the_query(anna, kind):
    account = await anna.account()
    body = {
        "accounts": {"name": "Cash", "type": "cash", "currency": "EUR", "opened_on": "2026-01-01"},
        "categories": {"name": "Kites", "type": "expense"},
        "payees": {"name": "Kite Shop"},
        "transactions": {"account_id": account["id"], "amount_minor": -1, "date": "2026-02-03"},
    }[kind]
    one = f"/{kind}/{(await anna.post(f'/{kind}', **body)).json()['id']}"

    without = await anna.http.delete(one)
    stale = await anna.http.delete(one, params={"version": 7})
    stale_header = await anna.delete(one, 7)
    gone = await anna.http.delete(one, params={"version": 1})

    assert [without.status_code, stale.status_code, stale_header.status_code] == [428, 409, 412]
    assert "?version=" in without.json()["detail"]
    assert gone.status_code == 204


async def test_no_deletion_offers_an_idempotency_key(ledger):
    paths = ledger.app.openapi()["paths"]

    offered = {
        path
        for path, item in paths.items()
        for parameter in item.get("delete", {}).get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }

    assert offered == set()


class TestCards:
    async def test_a_card_keeps_what_was_agreed_for_it(self, anna):
        terms = {
            "credit_limit_minor": 300_000,
            "statement_day": 15,
            "due_day": 5,
            "minimum_payment_minor": 5_000,
        }

        card = await anna.account("Card", type="credit", **terms)
        changed = await anna.patch(
            f"/accounts/{card['id']}", 1, credit_overspend="reduce_next_month", due_day=None
        )

        assert card["credit_overspend"] == "liability"
        assert {name: card[name] for name in terms} == terms
        assert (changed.json()["credit_overspend"], changed.json()["due_day"]) == ("reduce_next_month", None)

    async def test_what_is_no_card_has_no_terms_of_one(self, anna):
        account = await anna.account()
        card = await anna.account("Card", type="credit", credit_limit_minor=300_000)

        refused = await anna.patch(f"/accounts/{account['id']}", 1, credit_limit_minor=5)
        turned = await anna.patch(f"/accounts/{card['id']}", 1, type="checking")
        back = await anna.patch(f"/accounts/{card['id']}", 2, type="credit")

        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["credit_limit_minor"])
        assert (turned.json()["credit_limit_minor"], turned.json()["credit_overspend"]) == (None, None)
        assert back.json()["credit_overspend"] == "liability"

    @pytest.mark.parametrize("terms", [{"due_day": 0}, {"statement_day": 32}, {"credit_limit_minor": -1}])
    async def test_terms_that_cannot_be_are_refused(self, anna, terms):
        made = await anna.post(
            "/accounts", name="Card", type="credit", currency="EUR", opened_on="2026-01-01", **terms
        )

        assert (made.status_code, list(made.json()["errors"])) == (400, list(terms))
