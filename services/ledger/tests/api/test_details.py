"""What a transaction says besides its money: kept, changed, taken away, and never in the way of it."""

import pytest

from pfms_ledger.operations.rebuild import rebuild

DETAILS = {
    "time": "08:15",
    "location": {"name": "Blue Bottle, Mitte", "latitude": "52.5200", "longitude": "13.4050"},
    "payment_method": "debit_card",
    "original": {"amount_minor": -1_350, "currency": "USD", "rate": "0.9224"},
    "is_essential": False,
    "metadata": {"receipt": "A-1042"},
}


async def test_details_are_kept_changed_one_by_one_and_survive_a_rebuild(ledger, anna):
    account = await anna.account()
    splits = [{"amount_minor": -1_245, "item": "Olive oil, 1 l"}]
    made = await anna.spend(account, -1_245, splits=splits, **DETAILS)

    changed = await anna.patch(f"/transactions/{made['id']}", 1, time=None, payment_method="cash")
    read = (await anna.get(f"/transactions/{made['id']}")).json()

    assert {name: made[name] for name in DETAILS} == DETAILS
    assert made["splits"][0]["item"] == "Olive oil, 1 l"
    assert changed.status_code == 200, changed.text
    assert {name: read.get(name) for name in DETAILS} == {**DETAILS, "time": None, "payment_method": "cash"}
    assert read == changed.json()
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_what_was_not_said_is_left_out(anna):
    made = await anna.spend(await anna.account(), -100)

    assert not DETAILS.keys() & made.keys()
    assert "item" not in made["splits"][0]


async def test_a_list_is_narrowed_by_how_it_was_paid(anna):
    account = await anna.account()
    cash = await anna.spend(account, -100, payment_method="cash")
    await anna.spend(account, -200, payment_method="credit_card")
    await anna.spend(account, -300)

    listed = await anna.transactions(payment_method="cash")

    assert [item["id"] for item in listed] == [cash["id"]]


@pytest.mark.parametrize(
    ("detail", "field"),
    [
        ({"time": "24:00"}, "time"),
        ({"location": {"latitude": "52.5"}}, "location"),
        ({"location": {"latitude": "90.1", "longitude": "0"}}, "location.latitude"),
        ({"location": {}}, "location"),
        ({"payment_method": "barter"}, "payment_method"),
        ({"original": {"amount_minor": -1, "currency": "EUR"}}, "original.currency"),
        ({"original": {"amount_minor": 1, "currency": "USD"}}, "original.amount_minor"),
        ({"original": {"amount_minor": -1, "currency": "USD", "rate": "0"}}, "original.rate"),
        ({"original": {"amount_minor": -1, "currency": "USD", "rate": 1.5}}, "original.rate"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"metadata": {f"k{n}": "" for n in range(51)}}, "metadata"),
    ],
)
async def test_a_detail_that_cannot_be_is_refused_by_its_name(anna, detail, field):
    account = await anna.account()

    response = await anna.post(
        "/transactions", account_id=account["id"], amount_minor=-100, date="2026-02-03", **detail
    )

    assert response.status_code == 400, response.text
    assert list(response.json()["errors"]) == [field]
    assert await anna.balance(account) == 0


async def test_an_amount_that_turns_round_takes_its_original_with_it(anna):
    made = await anna.spend(await anna.account(), -1_245, original=DETAILS["original"])

    alone = await anna.patch(f"/transactions/{made['id']}", 1, amount_minor=1_245)
    both = await anna.patch(
        f"/transactions/{made['id']}",
        1,
        amount_minor=1_245,
        original={"amount_minor": 1_350, "currency": "USD"},
    )

    assert (alone.status_code, list(alone.json()["errors"])) == (400, ["original.amount_minor"])
    assert both.status_code == 200


async def test_a_client_says_how_it_came_by_a_transaction_and_never_takes_a_source_of_the_services_own(anna):
    account = await anna.account()
    spoken = await anna.spend(account, -100, source="voice")
    guessed = await anna.post("/expenses", amount_minor=200, account_id=account["id"], source="ai")

    refused = [
        await anna.post(path, date="2026-02-03", account_id=account["id"], amount_minor=5, source=source)
        for path in ("/transactions", "/expenses")
        for source in ("import", "recurring", "rule", "valuation", "", None)
    ]

    assert (spoken["source"], guessed.json()["source"]) == ("voice", "ai")
    assert [item["id"] for item in await anna.transactions(source="voice")] == [spoken["id"]]
    assert (await anna.spend(account, -300))["source"] == "manual"
    assert {(answer.status_code, *answer.json()["errors"]) for answer in refused} == {(400, "source")}
