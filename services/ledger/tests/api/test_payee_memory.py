"""What is remembered of a payee."""


async def test_a_payee_proposes_the_category_and_memo_it_was_last_used_with(anna):
    account = await anna.account()
    groceries, dining = await anna.category("groceries"), await anna.category("dining")
    beans = {"category_id": groceries, "amount_minor": -500, "memo": "beans"}
    newest = await anna.spend(account, -500, "2026-02-05", payee="Blue Bottle", splits=[beans])
    await anna.spend(
        account,
        -400,
        "2026-02-04",
        payee="Blue Bottle",
        splits=[{"category_id": dining, "amount_minor": -400}],
    )
    await anna.spend(account, -100, "2026-02-06", payee="Blue Bottle")  # without a category

    proposed = await anna.get(f"/payees/{newest['payee_id']}/suggestion")

    assert proposed.json() == {
        "category_id": groceries,
        "memo": "beans",
        "transaction_id": newest["id"],
        "used_on": "2026-02-05",
    }


async def test_of_several_splits_the_largest_is_proposed_and_income_is_kept_apart(anna):
    account = await anna.account()
    groceries, dining = await anna.category("groceries"), await anna.category("dining")
    salary = await anna.category("salary")
    parts = [
        {"category_id": dining, "amount_minor": -100},
        {"category_id": groceries, "amount_minor": -900},
    ]
    spent = await anna.spend(account, -1_000, payee="Bakery", splits=parts)
    await anna.spend(
        account,
        3_000,
        "2026-02-09",
        payee="Bakery",
        splits=[{"category_id": salary, "amount_minor": 3_000}],
    )
    path = f"/payees/{spent['payee_id']}/suggestion"

    proposed = [(await anna.get(path, **kind)).json()["category_id"] for kind in ({"kind": "expense"}, {})]

    assert proposed == [groceries, salary]


async def test_an_archived_category_is_not_proposed(anna):
    groceries = await anna.category("groceries")
    made = await anna.spend(
        await anna.account(),
        -500,
        payee="Market",
        splits=[{"category_id": groceries, "amount_minor": -500}],
    )
    await anna.patch(f"/categories/{groceries}", 1, is_archived=True)

    assert (await anna.get(f"/payees/{made['payee_id']}/suggestion")).json()["category_id"] is None
