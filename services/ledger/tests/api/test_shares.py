"""Shares of splits: what others owe stands apart, so that a category holds only your own part."""

import pytest

from pfms_common.ids import new_id
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults

BORIS, CLARA = str(new_id()), str(new_id())


async def legs(client, transaction):
    body = (await client.get(f"/transactions/{transaction['id']}", include="postings")).json()
    return sorted((leg["category_id"], leg["amount_minor"]) for leg in body["postings"] if leg["category_id"])


async def dinner(client, account, amount=-3_000, **shares):
    split = {"amount_minor": amount, "category_id": await client.category("dining"), **shares}
    return await client.spend(account, amount, splits=[split])


async def test_a_share_is_a_leg_of_its_own_against_what_is_owed_to_me(ledger, anna):
    account = await anna.account()
    made = await dinner(anna, account, shares=[{"person_id": BORIS, "amount_minor": 1_000}])
    dining, owed = await anna.category("dining"), await anna.category("owed_to_me")

    assert made["is_shared"] is True
    assert made["splits"][0]["shares"] == [
        {"person_id": BORIS, "amount_minor": 1_000, "category_id": owed, "counts_apart": True}
    ]
    assert await legs(anna, made) == sorted([(dining, 2_000), (owed, 1_000)])
    assert await anna.balance(account) == -3_000
    assert await faults(ledger.resources.pool, anna.person.book_id) == []


@pytest.mark.parametrize(
    ("shares", "owed"),
    [
        ({"shares_equal": [BORIS, CLARA, "me"]}, [1_000, 1_000]),
        ({"shares_equal": [BORIS]}, [3_000]),
        ({"shares": [{"person_id": BORIS, "percentage": "33.33"}]}, [1_000]),
        ({"shares": [{"person_id": BORIS, "weight": 2}, {"person_id": "me", "weight": 1}]}, [2_000]),
    ],
    ids=["equal with me", "all of it", "a percentage", "weights"],
)
async def test_shares_come_back_as_minor_units(anna, shares, owed):
    made = await dinner(anna, await anna.account(), **shares)

    assert [share["amount_minor"] for share in made["splits"][0]["shares"]] == owed


async def test_a_repayment_and_a_refund_bring_what_is_owed_down(anna):
    account = await anna.account()
    made = await dinner(anna, account, shares=[{"person_id": BORIS, "amount_minor": 1_000}])
    dining, owed = await anna.category("dining"), await anna.category("owed_to_me")

    repaid = await anna.spend(account, 400, splits=[{"amount_minor": 400, "category_id": owed}])
    refund = await anna.post(
        "/transactions",
        type="refund",
        related_transaction_id=made["id"],
        account_id=account["id"],
        date="2026-02-10",
        amount_minor=1_500,
    )

    assert await legs(anna, repaid) == [(owed, -400)]
    assert await legs(anna, refund.json()) == sorted([(dining, -1_000), (owed, -500)])


async def test_shared_transactions_are_found_and_shares_change_with_the_splits(ledger, anna):
    account = await anna.account()
    alone = await anna.spend(account, -500)
    made = await dinner(anna, account, shares_equal=[BORIS, "me"])

    assert [t["id"] for t in await anna.transactions(shared=True)] == [made["id"]]
    assert [t["id"] for t in await anna.transactions(shared=False)] == [alone["id"]]
    note = await anna.patch(f"/transactions/{made['id']}", 1, note="with Boris")
    anew = await anna.patch(
        f"/transactions/{made['id']}", 2, splits=[{"amount_minor": -3_000, "shares_equal": [BORIS, CLARA]}]
    )
    none = await anna.patch(f"/transactions/{made['id']}", 3, splits=[{"amount_minor": -3_000}])

    assert note.json()["splits"] == made["splits"]
    assert [s["amount_minor"] for s in anew.json()["splits"][0]["shares"]] == [1_500, 1_500]
    assert none.json()["is_shared"] is False
    assert await anna.transactions(shared=True) == []
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_a_shared_transaction_does_not_shrink_below_its_shares(anna):
    made = await dinner(anna, await anna.account(), shares=[{"person_id": BORIS, "amount_minor": 1_000}])

    refused = await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=-900)
    fits = await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=-1_000)

    assert (refused.status_code, refused.json()["code"]) == (400, "shares_exceed_split")
    assert refused.json()["errors"] == {"splits.0.shares": ["are 100 more than the split"]}
    assert fits.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": [{"person_id": BORIS, "amount_minor": 3_001}]},
        {"shares": [{"person_id": BORIS, "percentage": "60"}, {"person_id": CLARA, "percentage": "40.01"}]},
        {"shares": [{"person_id": BORIS, "amount_minor": 5}, {"person_id": BORIS, "amount_minor": 5}]},
        {"shares": [{"person_id": BORIS, "amount_minor": 5}, {"person_id": CLARA, "weight": 5}]},
        {"shares": [{"person_id": BORIS, "amount_minor": 5, "weight": 5}]},
        {"shares": [{"person_id": BORIS}]},
        {"shares": [{"person_id": "me", "amount_minor": 5}]},
        {"shares": [{"person_id": BORIS, "amount_minor": -5}]},
        {"shares": [{"person_id": BORIS, "percentage": "0"}]},
        {"shares": [{"person_id": BORIS, "percentage": 50}]},
        {"shares": [{"person_id": "Boris", "amount_minor": 5}]},
        {"shares": [{"person_id": BORIS, "amount_minor": 5}], "shares_equal": [CLARA]},
        {"shares_equal": [BORIS, BORIS]},
    ],
)
async def test_shares_that_make_no_sense_are_refused_and_change_nothing(anna, wrong):
    account = await anna.account()
    response = await anna.post(
        "/transactions",
        account_id=account["id"],
        date="2026-02-03",
        amount_minor=-3_000,
        splits=[{"amount_minor": -3_000, **wrong}],
    )

    assert response.status_code == 400, response.text
    assert await anna.transactions() == []


async def test_a_transfer_has_no_shares(anna):
    checking, loan = await anna.account(), await anna.account("Loan", type="loan")
    response = await anna.post(
        "/transactions",
        type="transfer",
        date="2026-02-03",
        amount_minor=400,
        splits=[{"amount_minor": 400, "shares_equal": [BORIS]}],
        **{"from": {"account_id": checking["id"]}, "to": {"account_id": loan["id"]}},
    )

    assert response.status_code == 400


async def test_the_category_of_what_is_owed_is_the_books_own(anna):
    owed = await anna.category("owed_to_me")
    path = f"/categories/{owed}"

    answers = [
        await anna.patch(path, 1, is_archived=True),
        await anna.patch(path, 1, parent_id=await anna.category("dining")),
        await anna.delete(path, 1),
        await anna.post("/categories", name="Friends", type="expense", parent_id=owed),
        await anna.post(f"{path}/merge", into=await anna.category("dining")),
    ]
    renamed = await anna.patch(path, 1, name="Owed by friends")

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "system_category")] * 5
    assert (renamed.status_code, renamed.json()["kind"]) == (200, "receivable")


async def test_a_book_that_began_without_that_category_gets_it_with_its_first_share(boris):
    account = await boris.account()
    await boris.post("/categories", name="owed to ME", type="expense")
    made = [await dinner_of(boris, account) for _ in range(2)]

    items = (await boris.get("/categories")).json()["items"]
    (owed,) = [item for item in items if item["key"] == "owed_to_me"]
    assert (owed["name"], owed["kind"]) == ("Owed to me (owed_to_me)", "receivable")
    assert {m["splits"][0]["shares"][0]["category_id"] for m in made} == {owed["id"]}


async def dinner_of(client, account):
    return await client.spend(account, -300, splits=[{"amount_minor": -300, "shares_equal": [BORIS, "me"]}])


async def test_a_book_may_count_shared_splits_whole_from_then_on(ledger, anna):
    account = await anna.account()
    share = {"person_id": BORIS, "amount_minor": 1_000}
    before = await dinner(anna, account, shares=[share])
    response = await anna.http.put(
        "/ledger/settings", json={"default_account_id": None, "shares": "whole", "version": 0}
    )
    after = await dinner(anna, account, shares=[share])
    dining, owed = await anna.category("dining"), await anna.category("owed_to_me")

    assert (response.status_code, response.json()["shares"]) == (200, "whole")
    assert (await anna.get("/ledger/settings")).json()["shares"] == "whole"
    assert await legs(anna, before) == sorted([(dining, 2_000), (owed, 1_000)])
    assert await legs(anna, after) == [(dining, 3_000)]
    assert after["splits"][0]["shares"][0]["counts_apart"] is False
    assert len(await anna.transactions(shared=True)) == 2
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_people_belong_to_debts_so_an_id_is_kept_as_it_is_whoever_it_names(anna):
    account = await anna.account()
    unknown = str(new_id())
    made = await dinner(anna, account, shares=[{"person_id": unknown, "amount_minor": 1_000}])
    await anna.patch(f"/transactions/{made['id']}", 1, note="later")
    kept = (await anna.get(f"/transactions/{made['id']}")).json()

    body = {"account_id": account["id"], "amount_minor": -3_000, "date": "2026-02-03"}
    splits = (
        {"shares_equal": [unknown, unknown]},
        {"shares": [{"person_id": str(new_id()), "weight": 1} for _ in range(51)]},
        {"shares": [{"person_id": "Boris", "amount_minor": 1}]},
        {"shares": [{"person_id": None, "amount_minor": 1}]},
    )
    refused = [
        await anna.post("/transactions", **body, splits=[{"amount_minor": -3_000, **split}])
        for split in splits
    ]

    assert [share["person_id"] for share in kept["splits"][0]["shares"]] == [unknown]
    assert [answer.status_code for answer in refused] == [400] * 4
    assert await anna.balance(account) == -3_000


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (
            {"shares": [{"person_id": BORIS}]},
            ["shares.0.amount_minor", "shares.0.percentage", "shares.0.weight"],
        ),
        (
            {"shares": [{"person_id": BORIS, "amount_minor": 5, "weight": 5}]},
            ["shares.0.amount_minor", "shares.0.weight"],
        ),
        ({"shares": [{"person_id": "me", "amount_minor": 5}]}, ["shares.0.weight"]),
        (
            {"shares": [{"person_id": BORIS, "amount_minor": 5}, {"person_id": CLARA, "weight": 5}]},
            ["shares"],
        ),
        ({"shares": [{"person_id": BORIS, "amount_minor": 5}], "shares_equal": [CLARA]}, ["shares_equal"]),
    ],
    ids=["no form", "two forms", "mine exactly", "of unlike forms", "in two ways"],
)
async def test_what_is_wrong_with_shares_is_named_where_it_stands(anna, said, named):
    account = await anna.account()

    refused = await anna.post(
        "/transactions",
        account_id=account["id"],
        date="2026-02-03",
        amount_minor=-3_000,
        splits=[{"amount_minor": -3_000, **said}],
    )

    assert refused.status_code == 400, refused.text
    assert sorted(refused.json()["errors"]) == [f"splits.0.{name}" for name in named]
