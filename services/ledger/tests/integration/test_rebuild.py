"""Properties of the ledger on a real database: double entry, replay, numbers without a gap."""

import asyncio

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pfms_common.ids import new_id
from pfms_common.sql import scope
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults


@st.composite
def histories(draw):
    """A list of things done to two accounts: record, move, change, delete, transfer, refund, rename, undo."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(
                    [
                        "spend",
                        "earn",
                        "transfer",
                        "refund",
                        "amount",
                        "date",
                        "account",
                        "delete",
                        "rename",
                        "undo",
                    ]
                ),
                st.integers(1, 99_999),
                st.integers(0, 30),
                st.integers(1, 12),
            ),
            min_size=1,
            max_size=25,
        )
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories())
async def test_rows_equal_a_replay_of_the_events_after_any_history(ledger, anna, history):
    accounts = [
        await anna.account(),
        await anna.account("Savings", type="savings", opening_balance_minor=777),
    ]
    made: list[tuple[str, int]] = []
    for what, amount, pick, month in history:
        day = f"2025-{month:02}-{1 + pick % 28:02}"
        one, other = accounts[pick % 2], accounts[1 - pick % 2]
        if what in {"spend", "earn"}:
            sign = -1 if what == "spend" else 1
            body = await anna.spend(one, sign * amount, day, payee=f"Shop {pick % 4}", tags=[f"t{pick % 3}"])
            made.append((body["id"], 1))
        elif what == "transfer":
            ends = {"from": {"account_id": one["id"]}, "to": {"account_id": other["id"]}}
            response = await anna.post(
                "/transactions", type="transfer", date=day, amount_minor=amount, **ends
            )
            made.append((response.json()["id"], 1))
        elif made and what == "refund":
            original = made[pick % len(made)][0]
            response = await anna.post(
                "/transactions",
                type="refund",
                related_transaction_id=original,
                account_id=one["id"],
                date=day,
                amount_minor=amount,
            )
            if response.status_code == 201:
                made.append((response.json()["id"], 1))
            else:
                assert response.status_code in {400, 404, 409}
        elif made and what == "delete":
            transaction_id, version = made.pop(pick % len(made))
            assert (await anna.delete(f"/transactions/{transaction_id}", version)).status_code == 204
        elif what == "undo":
            events = (await anna.get("/ledger/events", limit=200)).json()["items"]
            events = [event for event in events if event["type"] != "account.created"]
            event = events[-1 - pick % len(events)]
            response = await anna.post(f"/ledger/events/{event['event_id']}/undo")
            assert response.status_code in {200, 409}, response.text
            made = [(item["id"], item["version"]) for item in await anna.transactions()]
        elif what == "rename":
            current = (await anna.get(f"/accounts/{one['id']}")).json()
            await anna.patch(f"/accounts/{one['id']}", current["version"], name=f"Account {amount}")
        elif made:
            index = pick % len(made)
            transaction_id, version = made[index]
            change = {
                "amount": {"amount_minor": amount},
                "date": {"date": day},
                "account": {"account_id": one["id"]},
            }
            response = await anna.patch(f"/transactions/{transaction_id}", version, **change[what])
            if response.status_code == 200:
                made[index] = (transaction_id, version + 1)

    assert await faults(ledger.resources.pool, anna.person.book_id) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0
    assert await faults(ledger.resources.pool, anna.person.book_id) == []


async def test_a_rebuild_mends_a_row_that_was_changed_behind_the_ledgers_back(ledger, anna):
    account = await anna.account()
    await anna.spend(account, -500)
    await ledger.sql("UPDATE account SET balance_minor = 1 WHERE book_id = $1", anna.person.book_id)

    broken = await faults(ledger.resources.pool, anna.person.book_id)
    differing = await rebuild(ledger.own.journal, anna.person.book_id)

    assert broken == [f"a stored balance is not the sum of its postings: {account['id']}"]
    assert differing == 2
    assert await anna.balance(account) == -500


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO posting SELECT book_id, transaction_id, 9::smallint, 'equity', NULL, NULL, 5, currency, date,
           number, cleared FROM posting WHERE book_id = $1 LIMIT 1""",
        "UPDATE posting SET amount_minor = amount_minor + 1 WHERE book_id = $1 AND n = 0",
        "DELETE FROM posting WHERE book_id = $1 AND n = 0",
    ],
    ids=["a leg more", "another amount", "a leg less"],
)
async def test_the_database_refuses_postings_that_do_not_sum_to_zero(ledger, anna, statement):
    await anna.spend(await anna.account(), -500)

    with pytest.raises(asyncpg.PostgresError) as refused, scope(books=[anna.person.book_id]):
        async with ledger.resources.pool.acquire() as connection, connection.transaction():
            await connection.execute(statement, anna.person.book_id)

    assert refused.value.sqlstate == "PF001"


async def test_history_cannot_be_changed_by_the_app(ledger, anna):
    await anna.account()

    for statement in ("UPDATE event SET type = 'x'", "DELETE FROM event", "TRUNCATE event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError), scope(books=[anna.person.book_id]):
            async with ledger.resources.pool.acquire() as connection, connection.transaction():
                await connection.execute(statement)


async def test_ten_clients_with_one_key_have_one_effect_and_one_answer(ledger, anna):
    account = await anna.account()
    for _ in range(20):
        key = f"key-{new_id()}"
        body = {"account_id": account["id"], "amount_minor": -100, "date": "2026-02-03", "payee": "Kiosk"}

        answers = await asyncio.gather(*(anna.post("/transactions", key=key, **body) for _ in range(10)))

        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await anna.balance(account) == -2_000
