"""Refunds: money back for one transaction, and never more than went out."""

import pytest


@pytest.fixture
def refund(anna):
    """POSTs a refund of a transaction to the same account."""

    async def post(bought: dict, amount: int, **fields: object):
        body = {
            "type": "refund",
            "related_transaction_id": bought["id"],
            "account_id": bought["account_id"],
            "date": "2026-02-10",
            "amount_minor": amount,
        }
        return await anna.post("/transactions", **{**body, **fields})

    return post


async def test_a_full_refund_brings_each_category_to_zero(anna, refund):
    groceries, dining = await anna.category("groceries"), await anna.category("dining")
    bought = await anna.spend(
        await anna.account(),
        -100,
        splits=[
            {"category_id": groceries, "amount_minor": -200},
            {"category_id": dining, "amount_minor": 100},
        ],
    )

    back = (await refund(bought, 100)).json()

    shares = {split["category_id"]: split["amount_minor"] for split in back["splits"]}
    assert shares == {groceries: 200, dining: -100}


async def test_a_refund_in_another_currency_is_refused(anna, refund):
    bought = await anna.spend(await anna.account(), -100)
    dollars = await anna.account("Dollars", currency="USD")

    response = await refund(bought, 100, account_id=dollars["id"])

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["account_id"]


async def test_what_was_refunded_cannot_shrink_below_its_refunds_nor_change_its_sign(anna, refund):
    bought = await anna.spend(await anna.account(), -500)
    await refund(bought, 300)
    path = f"/transactions/{bought['id']}"

    below = await anna.patch(path, 1, amount_minor=-200)
    flipped = await anna.patch(path, 1, amount_minor=500)
    down_to = await anna.patch(path, 1, amount_minor=-300)

    assert [below.status_code, flipped.status_code, down_to.status_code] == [409, 409, 200]
    assert {below.json()["code"], flipped.json()["code"]} == {"over_refunded"}


async def test_a_refund_and_a_smaller_original_at_once_never_both_stand(at_once, anna, refund):
    account = await anna.account()
    for _ in range(5):
        bought = await anna.spend(account, -500)

        back, smaller = await at_once(
            refund(bought, 500), anna.patch(f"/transactions/{bought['id']}", 1, amount_minor=-100)
        )

        assert sorted([back.status_code, smaller.status_code]) in ([200, 409], [201, 409])


async def test_what_is_left_to_refund_is_never_a_negative_amount(anna, refund):
    bought = await anna.spend(await anna.account(), -100)
    await refund(bought, 250, allow_excess=True)

    response = await refund(bought, 1)

    assert response.status_code == 409
    assert response.json()["errors"] == {"amount_minor": ["nothing is left to refund"]}
    assert "-" not in response.json()["detail"]


async def test_an_original_refunded_in_excess_on_purpose_may_still_be_noted_and_grow(anna, refund):
    bought = await anna.spend(await anna.account(), -100)
    await refund(bought, 250, allow_excess=True)
    path = f"/transactions/{bought['id']}"

    noted = await anna.patch(path, 1, note="they were generous")
    grown = await anna.patch(path, 2, amount_minor=-120)

    assert [noted.status_code, grown.status_code] == [200, 200]
