"""/accounts/{id}/reconciliations: an account agrees with a statement, and what agreed stays."""

import asyncio

import pytest

from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults
from pfms_service.testing import Person


@pytest.fixture
async def account(anna):
    return await anna.account(opening_balance_minor=1_000)


async def start(client, account, balance, day="2026-02-28", **fields):
    return await client.post(
        f"/accounts/{account['id']}/reconciliations",
        statement_date=day,
        statement_balance_minor=balance,
        **fields,
    )


def path_of(reconciliation):
    return f"/accounts/{reconciliation['account_id']}/reconciliations/{reconciliation['id']}"


async def tick(client, reconciliation, *transactions, **more):
    ids = [transaction["id"] for transaction in transactions]
    return await client.post(f"{path_of(reconciliation)}/ticks", tick=ids, **more)


async def finish(client, reconciliation, version, key=None, **body):
    return await client.post(f"{path_of(reconciliation)}/finish", key=key, version=version, **body)


async def test_what_is_ticked_is_locked_once_nothing_is_left_over(ledger, anna, account):
    rent = await anna.spend(account, -700, "2026-02-01")
    food = await anna.spend(account, -50, "2026-02-20")
    open_ = (await start(anna, account, 300)).json()

    one = (await tick(anna, open_, rent, food)).json()
    other = (await anna.post(f"{path_of(open_)}/ticks", untick=[food["id"]])).json()
    done = (await finish(anna, open_, 3)).json()

    assert (open_["reconciled_minor"], open_["difference_minor"]) == (1_000, -700)
    assert (one["ticked_minor"], one["difference_minor"], one["ticked_count"]) == (-750, 50, 2)
    assert (other["difference_minor"], other["ticked"]) == (0, [rent["id"]])
    assert (done["status"], done["finished_by"]) == ("finished", str(anna.person.user_id))
    statuses = {t["id"]: t["status"] for t in await anna.transactions()}
    assert statuses == {rent["id"]: "reconciled", food["id"]: "cleared"}
    assert await faults(ledger.resources.pool, anna.person.book_id) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_what_is_left_over_refuses_the_end_unless_it_is_adjusted(anna, account):
    rent = await anna.spend(account, -700, "2026-02-01")
    open_ = (await start(anna, account, 290)).json()
    await tick(anna, open_, rent)

    refused = await finish(anna, open_, 2)
    done = (await finish(anna, open_, 2, accept_adjustment=True, key="finished-only-once")).json()
    again = await finish(anna, open_, 2, accept_adjustment=True, key="finished-only-once")

    assert (refused.status_code, refused.json()["code"]) == (409, "not_balanced")
    assert refused.json()["difference_minor"] == -10
    (posted,) = await anna.transactions(type="adjustment")
    assert (posted["amount_minor"], posted["date"], posted["status"]) == (-10, "2026-02-28", "reconciled")
    assert (done["adjustment_transaction_id"], done["difference_minor"]) == (posted["id"], 0)
    assert again.json() == done
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await anna.balance(account) == 290


async def test_reconciled_transactions_stay_until_somebody_unlocks_them_and_history_says_who(
    ledger, anna, account
):
    rent = await anna.spend(account, -700, "2026-02-01")
    open_ = (await start(anna, account, 300)).json()
    await tick(anna, open_, rent)
    await finish(anna, open_, 2)
    path = f"/transactions/{rent['id']}"
    other = await anna.account("Savings", type="savings")

    refused = [
        await anna.patch(path, 2, amount_minor=-600),
        await anna.patch(path, 2, date="2026-02-02"),
        await anna.patch(path, 2, account_id=other["id"]),
        await anna.delete(path, 2),
    ]
    noted = await anna.patch(path, 2, note="paid late")
    spouse = Person(book_id=anna.person.book_id, role="editor")
    async with ledger.client(spouse) as http:
        unlocked = await http.patch(path, json={"status": "cleared"}, headers={"If-Match": '"3"'})
    edited = await anna.patch(path, 4, amount_minor=-600)

    assert [(r.status_code, r.json()["code"]) for r in refused] == [(409, "reconciled")] * 4
    assert [r.status_code for r in (noted, unlocked, edited)] == [200] * 3
    history = (await anna.get(f"{path}/history")).json()["items"]
    assert [(item["data"]["status"], item["actor"]) for item in history[1:4]] == [
        ("reconciled", str(anna.person.user_id)),
        ("reconciled", str(anna.person.user_id)),
        ("cleared", str(spouse.user_id)),
    ]
    assert (await anna.get(path_of(open_))).json()["difference_minor"] == -700


async def test_the_next_statement_begins_where_the_last_one_ended(anna, account):
    rent = await anna.spend(account, -700, "2026-02-01")
    first = (await start(anna, account, 300)).json()
    await tick(anna, first, rent)
    await finish(anna, first, 2)
    pay = await anna.spend(account, 2_000, "2026-03-05")

    second = (await start(anna, account, 2_300, "2026-03-31")).json()
    ticked = (await tick(anna, second, pay)).json()

    assert (second["reconciled_minor"], second["difference_minor"]) == (300, 2_000)
    assert ticked["difference_minor"] == 0
    listed = (await anna.get(f"/accounts/{account['id']}/reconciliations")).json()["items"]
    assert [(item["statement_date"], item["status"]) for item in listed] == [
        ("2026-03-31", "open"),
        ("2026-02-28", "finished"),
    ]


async def test_two_who_start_at_once_share_one_and_their_ticks_add_up(anna, account, at_once):
    rent, food = await anna.spend(account, -700), await anna.spend(account, -50)

    answers = await at_once(start(anna, account, 250), start(anna, account, 250))
    (open_,) = [answer.json() for answer in answers if answer.status_code == 201]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert refused["reconciliation_id"] == open_["id"]

    await at_once(tick(anna, open_, rent), tick(anna, open_, food))
    stale = await finish(anna, open_, 2)
    ends = await at_once(finish(anna, open_, 3), finish(anna, open_, 3))

    assert stale.status_code == 409
    assert sorted(answer.status_code for answer in ends) == [200, 409]
    assert {t["status"] for t in await anna.transactions()} == {"reconciled"}


async def test_what_happens_meanwhile_is_seen_and_nothing_unticked_is_touched(anna, account, ofx):
    rent, doubled = await anna.spend(account, -700), await anna.spend(account, -700)
    open_ = (await start(anna, account, 300)).json()
    await tick(anna, open_, rent, doubled)

    await anna.delete(f"/transactions/{doubled['id']}", 1)
    await anna.bring(account, ofx(("f1", "20260110", "-33.00", "Late shop")), name="a.ofx")
    await anna.patch(f"/transactions/{rent['id']}", 1, amount_minor=-690)
    seen = (await anna.get(path_of(open_))).json()
    done = (await finish(anna, open_, seen["version"], accept_adjustment=True)).json()

    assert (seen["ticked_minor"], seen["difference_minor"]) == (-690, -10)
    assert sorted(done["ticked"]) == sorted([rent["id"], done["adjustment_transaction_id"]])
    (imported,) = await anna.transactions(source="import")
    assert (imported["status"], imported["date"]) == ("cleared", "2026-01-10")


async def test_a_plan_that_posts_meanwhile_is_not_ticked(anna, account):
    plan = await anna.post(
        "/recurring",
        name="Rent",
        template={"account_id": account["id"], "amount_minor": -700},
        rrule="FREQ=MONTHLY;COUNT=1",
        start="2026-02-10",
    )
    open_ = (await start(anna, account, 1_000)).json()

    posted = await anna.post(f"/recurring/{plan.json()['id']}/realize", up_to="2026-02-28")
    seen = (await anna.get(path_of(open_))).json()
    done = await finish(anna, open_, 1)

    assert posted.is_success, posted.text
    assert (seen["difference_minor"], done.status_code) == (0, 200)
    (rent,) = await anna.transactions()
    assert (rent["amount_minor"], rent["status"] == "reconciled") == (-700, False)


async def test_a_transfer_is_reconciled_on_each_of_its_accounts(anna, account):
    savings = await anna.account("Savings", type="savings")
    ends = {"from": {"account_id": account["id"]}, "to": {"account_id": savings["id"]}}
    moved = (
        await anna.post("/transactions", type="transfer", date="2026-02-27", amount_minor=400, **ends)
    ).json()
    first = (await start(anna, account, 600)).json()
    await tick(anna, first, moved)
    await finish(anna, first, 2)

    second = (await start(anna, savings, 400)).json()
    ticked = (await tick(anna, second, moved)).json()
    done = await finish(anna, second, 2)

    assert (second["reconciled_minor"], ticked["difference_minor"]) == (0, 0)
    assert (done.status_code, done.json()["status"]) == (200, "finished")


async def test_what_is_pending_or_elsewhere_is_not_ticked(anna, boris, account):
    pending = await anna.spend(account, -5, status="pending")
    elsewhere = await anna.spend(await anna.account("Savings"), -5)
    foreign = await boris.spend(await boris.account(), -5)
    good = await anna.spend(account, -5)
    open_ = (await start(anna, account, 0)).json()

    answers = [await tick(anna, open_, good, wrong) for wrong in (pending, elsewhere, foreign)]

    assert [(a.status_code, list(a.json()["errors"])) for a in answers] == [
        (409, ["tick.1"]),
        (404, ["tick.1"]),
        (404, ["tick.1"]),
    ]
    assert (await anna.get(path_of(open_))).json()["ticked"] == []
    await tick(anna, open_, good)
    await anna.patch(f"/transactions/{good['id']}", 1, status="pending")
    assert (await finish(anna, open_, 2, accept_adjustment=True)).json()["code"] == "not_cleared"


async def test_what_is_dated_after_the_statement_is_not_on_it(anna, account):
    on_the_day = await anna.spend(account, -5, "2026-02-28")
    later = await anna.spend(account, -5, "2026-03-01")
    open_ = (await start(anna, account, 995)).json()

    refused = await tick(anna, open_, on_the_day, later)
    ticked = await tick(anna, open_, on_the_day)
    await anna.patch(f"/transactions/{on_the_day['id']}", 1, date="2026-03-02")
    moved = await finish(anna, open_, 2)

    assert (refused.status_code, refused.json()["errors"]) == (409, {"tick.1": ["is dated 2026-03-01"]})
    assert "2026-02-28" in refused.json()["detail"]
    assert ticked.json()["ticked"] == [on_the_day["id"]]
    assert (moved.status_code, moved.json()["errors"]) == (409, {on_the_day["id"]: ["is dated 2026-03-02"]})


async def test_an_open_one_is_corrected_or_cancelled_and_a_finished_one_is_not(anna, boris, account):
    open_ = (await start(anna, account, 900)).json()
    path = path_of(open_)

    foreign = await asyncio.gather(
        boris.get(path), boris.patch(path, 1, statement_balance_minor=5), boris.delete(path, 1)
    )
    corrected = await anna.patch(path, 1, statement_balance_minor=1_000)
    cancelled = await anna.delete(path, 2)
    again = (await start(anna, account, 1_000)).json()
    await finish(anna, again, 1)
    late = [
        await tick(anna, again),
        await anna.patch(path_of(again), 2, statement_balance_minor=5),
        await anna.delete(path_of(again), 2),
        await finish(anna, again, 2),
    ]

    assert [answer.status_code for answer in foreign] == [404] * 3
    assert corrected.json()["difference_minor"] == 0
    assert (cancelled.status_code, (await anna.get(path)).status_code) == (204, 404)
    assert [(a.status_code, a.json()["code"]) for a in late] == [(409, "reconciliation_finished")] * 4
    assert (await anna.http.delete(path_of(again))).status_code == 428
    assert (await anna.delete(f"/accounts/{account['id']}", 1)).json()["referred_to_by"] == [
        "reconciliations"
    ]


async def test_more_than_a_thousand_are_locked_in_one_go(ledger, anna, account):
    rows = "".join(f"2026-02-{1 + n % 28:02},Shop {n},-1.00\n" for n in range(1_001))
    await anna.bring(account, f"Date,Payee,Amount\n{rows}")
    ids = [row[0] for row in await ledger.sql("SELECT id FROM transaction WHERE source = 'import'")]
    open_ = (await start(anna, account, 1_000 - 100_100)).json()

    for some in (ids[:1_000], ids[1_000:]):
        response = await anna.post(f"{path_of(open_)}/ticks", tick=[str(each) for each in some])
        assert response.status_code == 200, response.text
    done = await finish(anna, open_, 3)

    assert (done.status_code, done.json()["ticked_count"]) == (200, 1_001)
    (row,) = await ledger.sql("SELECT count(*) FROM transaction WHERE status = 'reconciled'")
    assert row[0] == 1_001


async def correlation_of_the_last(client):
    return (await client.get("/ledger/events", limit=200)).json()["items"][-1]["correlation_id"]


async def test_undoing_the_end_takes_its_adjustment_back_too_and_undoing_that_brings_it_back(
    ledger, anna, account
):
    rent = await anna.spend(account, -700, "2026-02-01")
    open_ = (await start(anna, account, 290)).json()
    await tick(anna, open_, rent)
    done = (await finish(anna, open_, 2, accept_adjustment=True)).json()
    adjustment = f"/transactions/{done['adjustment_transaction_id']}"

    undone = (await anna.post("/ledger/undo", correlation_id=await correlation_of_the_last(anna))).json()
    reopened = (await anna.get(path_of(open_))).json()

    assert (undone["undone"], undone["kept"]) == (3, [])
    assert (reopened["status"], reopened["ticked"], reopened["difference_minor"]) == (
        "open",
        [rent["id"]],
        -10,
    )
    assert (await anna.get(adjustment)).status_code == 404
    assert await anna.balance(account) == 300
    again = (await anna.post("/ledger/undo", correlation_id=undone["correlation_id"])).json()
    assert (again["undone"], again["kept"]) == (3, [])
    assert (await anna.get(path_of(open_))).json() == {**done, "version": 5}
    assert (await anna.delete(adjustment, 3)).json()["code"] == "reconciled"
    assert await faults(ledger.resources.pool, anna.person.book_id) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_an_adjustment_that_another_statement_settled_stays_when_its_own_is_undone(anna, account):
    first = (await start(anna, account, 990)).json()
    done = (await finish(anna, first, 1, accept_adjustment=True)).json()
    correlation = await correlation_of_the_last(anna)
    adjustment = {"id": done["adjustment_transaction_id"]}
    second = (await start(anna, account, 990, "2026-03-31")).json()
    await tick(anna, second, adjustment)
    assert (await finish(anna, second, 2, accept_adjustment=True)).status_code == 200

    undone = (await anna.post("/ledger/undo", correlation_id=correlation)).json()

    assert [(kept["id"], kept["reason"]) for kept in undone["kept"]] == [(adjustment["id"], "refused")]
    assert (await anna.get(f"/transactions/{adjustment['id']}")).json()["status"] == "reconciled"


async def test_what_changes_no_tick_leaves_the_version_and_nothing_is_ticked_and_unticked(anna, account):
    rent = await anna.spend(account, -700)
    open_ = (await start(anna, account, 300)).json()
    path = f"{path_of(open_)}/ticks"
    unchanged = await anna.post(path, key="nothing-to-tick-here")
    ticked = (await tick(anna, open_, rent)).json()

    again = [await tick(anna, open_, rent), await tick(anna, open_), await anna.post(path, untick=[])]
    replayed = await anna.post(path, key="nothing-to-tick-here")
    both = await anna.post(path, tick=[rent["id"]], untick=[rent["id"]])

    assert (unchanged.status_code, unchanged.json()) == (200, open_)
    assert [(answer.status_code, answer.json()) for answer in again] == [(200, ticked)] * 3
    assert (replayed.json(), replayed.headers["Idempotency-Replayed"]) == (open_, "true")
    assert (both.status_code, list(both.json()["errors"])) == (400, ["untick.0"])
    assert (await finish(anna, open_, 2)).status_code == 200


async def test_an_account_keeps_its_opening_while_something_on_it_is_reconciled(anna, account):
    path = f"/accounts/{account['id']}"
    moved = await anna.patch(path, 1, opening_balance_minor=900)
    edit = (await anna.get("/ledger/events", limit=200)).json()["items"][-1]["event_id"]
    rent = await anna.spend(account, -700)
    open_ = (await start(anna, account, 200)).json()
    await tick(anna, open_, rent)
    await finish(anna, open_, 2)

    refused = [
        await anna.patch(path, 2, opening_balance_minor=1_000),
        await anna.patch(path, 2, opened_on="2025-12-31"),
        await anna.post(f"/ledger/events/{edit}/undo"),
    ]
    renamed = await anna.patch(path, 2, name="Giro", opening_balance_minor=900)
    await anna.patch(f"/transactions/{rent['id']}", 2, status="cleared")
    unlocked = await anna.patch(path, 3, opening_balance_minor=1_000)

    assert [(r.status_code, r.json()["code"]) for r in refused] == [(409, "reconciled")] * 3
    assert [r.status_code for r in (moved, renamed, unlocked)] == [200] * 3
    assert (await anna.get(path_of(open_))).json()["reconciled_minor"] == 1_000
