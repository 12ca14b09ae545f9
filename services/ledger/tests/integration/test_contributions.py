"""A contribution that the budget asks for is posted at most once, or refused once with the reason."""

from datetime import date
from uuid import UUID

import orjson

from pfms_common.ids import new_id
from pfms_events.contracts.budget.goal import GoalContributionRequested
from pfms_events.deal import deal
from pfms_events.envelope import open_envelope
from pfms_ledger.consumers import SUBSCRIPTIONS

ASKED = next(each for each in SUBSCRIPTIONS if each.name == "ledger.contributions")


async def hear(ledger, anna, *requests, version=1):
    """One list from the budget; each request is an event of its own, as when it is asked again."""
    opened = [
        open_envelope(
            {
                "id": str(new_id()),
                "type": request.EVENT,
                "schema_version": 1,
                "source": "budget",
                "stream_id": str(anna.person.book_id),
                "sequence": n,
                "aggregate": {"type": request.AGGREGATE, "id": str(request.id), "version": version},
                "occurred_at": "2026-11-21T12:00:00Z",
                "actor": str(anna.person.user_id),
                "data": orjson.loads(request.to_json()),
            },
            ASKED.models,
            "budget",
        )
        for n, request in enumerate(requests, start=1)
    ]
    await deal(ledger.resources.pool, ASKED, opened)
    return opened


async def asking(anna, account, **fields):
    pot = (await anna.post("/pots", account_id=account["id"], name=f"Sea {new_id()}")).json()
    state = {"goal_id": new_id(), "goal_name": "Sea", "pot_id": UUID(pot["id"]), "currency": "EUR"}
    state |= {"id": new_id(), "from_account_id": UUID(account["id"]), "amount_minor": 500}
    return pot, GoalContributionRequested(**{**state, "date": date(2026, 2, 3), **fields})


async def answers(ledger, anna):
    return await ledger.sql(
        """SELECT type, data ->> 'source' AS source, data -> 'errors' AS errors FROM event
           WHERE stream_id = $1 AND type IN ('transaction.created', 'transaction.refused') ORDER BY sequence""",
        anna.person.book_id,
    )


async def test_it_is_a_transfer_with_the_contributions_id_however_often_it_is_asked(ledger, anna):
    account = await anna.account(opening_balance_minor=1_000)
    pot, request = await asking(anna, account)

    opened = await hear(ledger, anna, request)
    await deal(ledger.resources.pool, ASKED, opened)
    await hear(ledger, anna, request, request, version=2)

    posted = (await anna.get(f"/transactions/{request.id}")).json()
    assert (posted["source"], posted["description"], posted["to"]["pot_id"]) == ("goal", "Sea", pot["id"])
    assert posted["created_by"] == str(anna.person.user_id)
    assert (await anna.get(f"/pots/{pot['id']}")).json()["balance_minor"] == 500
    assert [row["type"] for row in await answers(ledger, anna)] == ["transaction.created"]


async def test_one_that_was_posted_and_deleted_is_not_posted_again(ledger, anna):
    account = await anna.account()
    pot, request = await asking(anna, account)
    await hear(ledger, anna, request)
    await anna.delete(f"/transactions/{request.id}", 1)

    await hear(ledger, anna, request, version=2)

    assert (await anna.get(f"/pots/{pot['id']}")).json()["balance_minor"] == 0
    assert [row["type"] for row in await answers(ledger, anna)] == ["transaction.created"]


async def test_one_that_cannot_be_posted_is_refused_once_beside_those_that_can(ledger, anna):
    account = await anna.account()
    dollars = await anna.account("Dollars", currency="USD")
    closed, shut = await asking(anna, account)
    await anna.patch(f"/pots/{closed['id']}", 1, is_active=False)
    _, good = await asking(anna, account)
    _, gone = await asking(anna, account, pot_id=new_id())
    _, foreign = await asking(anna, account, from_account_id=UUID(dollars["id"]))
    _, nowhere = await asking(anna, account, from_account_id=new_id())

    await hear(ledger, anna, shut, good, gone, foreign, nowhere)
    await hear(ledger, anna, shut, version=2)

    told = await answers(ledger, anna)
    assert [row["type"].removeprefix("transaction.") for row in told] == [
        *("refused", "created", "refused", "refused", "refused")
    ]
    named = [list(orjson.loads(row["errors"])) for row in told if row["type"] == "transaction.refused"]
    assert named == [["to.pot_id"], ["pot_id"], ["from_account_id"], ["from_account_id"]]


async def test_an_id_that_another_transaction_has_is_refused(ledger, anna):
    account = await anna.account()
    spent = await anna.spend(account, -5)
    _, request = await asking(anna, account, id=UUID(spent["id"]))

    await hear(ledger, anna, request)

    assert [row["type"] for row in await answers(ledger, anna)] == [
        "transaction.created",
        "transaction.refused",
    ]
