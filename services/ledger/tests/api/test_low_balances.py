"""A balance that falls below its account's limit is told once, whatever made it fall."""

from uuid import UUID

import pytest

from pfms_events.contracts.ledger.balance import balance_low_id
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


@pytest.fixture
async def account(anna):
    return await anna.account(opening_balance_minor=1_000, low_balance_minor=200)


async def told(anna):
    """The balances that were told of, the first first."""
    items = (await anna.get("/ledger/events", limit=200)).json()["items"]
    low = [item for item in items if item["type"] == "balance.low"]
    assert [item["version"] for item in low] == list(range(1, len(low) + 1))
    return [item["data"]["balance_minor"] for item in low]


async def test_falling_below_the_limit_is_told_once_until_the_balance_is_back_at_it(anna, account):
    await anna.spend(account, -800)
    assert await told(anna) == []  # at the limit

    await anna.spend(account, -1)
    await anna.spend(account, -50)
    assert await told(anna) == [199]

    await anna.spend(account, 51)
    await anna.spend(account, -20)
    assert await told(anna) == [199, 180]


async def test_it_says_of_which_account_who_made_it_fall_and_below_what(anna, account):
    await anna.spend(account, -900)

    low = (await anna.get("/ledger/events", limit=200)).json()["items"][-1]

    assert (low["type"], low["aggregate_id"]) == ("balance.low", str(balance_low_id(UUID(account["id"]))))
    assert low["actor"] == str(anna.person.user_id)
    assert low["data"] == {
        "account_id": account["id"],
        "currency": "EUR",
        "balance_minor": 100,
        "low_balance_minor": 200,
    }


async def test_an_edit_is_judged_by_what_it_leaves_and_not_by_what_it_takes_back_on_the_way(anna, account):
    rent = await anna.spend(account, -900)
    await anna.patch(f"/transactions/{rent['id']}", 1, amount_minor=-950)
    assert await told(anna) == [100]

    await anna.patch(f"/transactions/{rent['id']}", 2, amount_minor=-10)
    await anna.patch(f"/transactions/{rent['id']}", 3, amount_minor=-850)
    assert await told(anna) == [100, 150]


async def test_a_deletion_an_undo_and_a_transfer_may_make_it_fall(anna, account):
    other = await anna.account("Savings", opening_balance_minor=5_000)
    salary = await anna.spend(account, 700)
    await anna.spend(account, -1_400)
    await anna.delete(f"/transactions/{salary['id']}", 1)
    assert await told(anna) == [-400]

    back = await anna.post(
        "/transactions",
        type="transfer",
        date="2026-02-04",
        amount_minor=600,
        **{"from": {"account_id": other["id"]}, "to": {"account_id": account["id"]}},
    )
    assert back.status_code == 201, back.text
    event = (await anna.get(f"/transactions/{back.json()['id']}/history")).json()["items"][0]["event_id"]
    assert (await anna.post(f"/ledger/events/{event}/undo")).status_code == 200
    assert await told(anna) == [-400, -400]


async def test_an_import_tells_of_where_it_ends(anna, account, ofx):
    rows = [
        (f"row {day}", f"202603{day:02}", f"{-1 if day % 2 else 1}.{day:02}", "Shop") for day in range(1, 25)
    ]
    await anna.bring(account, ofx(*rows, ("last", "20260330", "-9.50", "Rent")))

    assert await told(anna) == [1_000 - 950 + 12]


async def test_a_limit_that_is_set_above_the_balance_is_told_and_no_limit_never_is(anna):
    account = await anna.account(opening_balance_minor=100)
    await anna.spend(account, -500)
    assert await told(anna) == []

    assert (await anna.patch(f"/accounts/{account['id']}", 1, low_balance_minor=-300)).status_code == 200
    await anna.patch(f"/accounts/{account['id']}", 2, low_balance_minor=0)
    assert await told(anna) == [-400]

    await anna.patch(f"/accounts/{account['id']}", 3, low_balance_minor=None)
    await anna.patch(f"/accounts/{account['id']}", 4, low_balance_minor=0)
    assert await told(anna) == [-400, -400]


async def test_an_account_opened_below_its_limit_is_told_of_and_a_closed_one_is_not_low(anna, ledger):
    account = await anna.account(opening_balance_minor=0, low_balance_minor=50)
    assert await told(anna) == [0]

    assert (await anna.patch(f"/accounts/{account['id']}", 1, is_active=False)).status_code == 200
    assert await faults(ledger.resources.pool, anna.person.book_id) == []
    await anna.patch(f"/accounts/{account['id']}", 2, is_active=True)
    assert await told(anna) == [0, 0]


async def test_rows_made_again_know_what_was_told(anna, account, ledger):
    await anna.spend(account, -900)

    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
    await anna.spend(account, -1)
    assert await told(anna) == [100]


async def test_the_check_names_an_account_that_does_not_know_that_it_is_low(anna, account, ledger):
    await ledger.sql("UPDATE account SET is_low = true WHERE id = $1", account["id"])

    assert await faults(ledger.resources.pool, anna.person.book_id) == [
        f"an account is below its limit and does not know it, or the other way round: {account['id']}"
    ]
