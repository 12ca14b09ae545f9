"""What a list sums to: by days alone it is added up in an index, else row by row, and both say the same."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfms_common.input import MAX_MINOR
from pfms_ledger.queries.totals import totals
from pfms_ledger.queries.transactions import Filter

FIRST = date(2026, 1, 28)
DAYS = st.integers(0, 8).map(lambda n: FIRST + timedelta(days=n))
PLACES = st.integers(0, 3)
MOVES = st.tuples(PLACES, PLACES, st.integers(1, 9_999), DAYS)


async def places(client) -> list[dict]:
    """An account and its pot, one more of the same currency, one of another; all with opening balances."""
    opened = {"opening_balance_minor": 1_000, "opened_on": str(FIRST + timedelta(days=2))}
    checking = await client.account(**opened)
    savings = await client.account("Savings", type="savings", **opened)
    dollars = await client.account("Dollars", currency="USD", **opened)
    pot = (await client.post("/pots", account_id=checking["id"], name="Holidays")).json()
    whole = [{"account_id": account["id"]} for account in (checking, savings, dollars)]
    return [*whole, {"account_id": checking["id"], "pot_id": pot["id"]}]


async def record(client, source: dict, target: dict, amount: int, day: date) -> None:
    """Money moved, or spent or earned where it stays in one place."""
    if source is target:
        body = {**source, "amount_minor": amount if amount % 2 else -amount}
    else:
        body = {"type": "transfer", "amount_minor": amount, "from": source, "to": target}
    response = await client.post("/transactions", date=str(day), **body)
    if list(response.json().get("errors", {})) == ["to.amount_minor"]:  # another currency
        body["to"] = {**target, "amount_minor": 2 * amount}
        response = await client.post("/transactions", date=str(day), **body)
    assert response.status_code == 201, response.text


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=st.lists(MOVES, max_size=8), days=st.tuples(DAYS, DAYS).map(sorted), bounded=st.booleans())
async def test_totals_of_days_equal_those_added_up_row_by_row(ledger, anna, moves, days, bounded):
    where = await places(anna)
    for source, target, amount, day in moves:
        await record(anna, where[source], where[target], amount, day)
    first, last = days if bounded else (None, None)

    for account_id in (None, *(place["account_id"] for place in where)):
        wanted = {"account_id": account_id, "first": first, "last": last}
        quick = await totals(ledger.resources.pool, anna.person.book_id, Filter(**wanted))
        rows = await totals(
            ledger.resources.pool, anna.person.book_id, Filter(**wanted, amount_from=-MAX_MINOR)
        )
        assert quick == rows


async def test_a_transfer_between_currencies_is_one_transaction_and_stands_in_both(anna):
    euros, _, dollars, _ = await places(anna)
    await record(anna, euros, dollars, 300, FIRST)
    await record(anna, euros, euros, 500, FIRST)

    found = (await anna.get("/transactions", include="totals", month="2026-01")).json()

    assert found["total"] == 2
    assert [(each["currency"], each["count"], each["sum_out_minor"]) for each in found["totals"]] == [
        ("EUR", 2, 500),
        ("USD", 1, 0),
    ]
