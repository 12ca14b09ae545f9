"""Recording, reading, changing and deleting transactions through the API."""

import pytest


async def test_a_recorded_transaction_moves_the_balance_and_reads_back(anna):
    account = await anna.account(opening_balance_minor=10_000)
    groceries = await anna.category("groceries")

    made = await anna.spend(
        account, -1_250, payee="Corner Shop", splits=[{"category_id": groceries, "amount_minor": -1_250}]
    )

    read = (await anna.get(f"/transactions/{made['id']}")).json()
    assert read == made
    assert made["kind"] == "expense"
    assert made["payee"] == "Corner Shop"
    assert await anna.balance(account) == 8_750


async def test_a_transaction_without_splits_gets_one_that_is_uncategorised(anna):
    made = await anna.spend(await anna.account(), -500)

    assert [(split["category_id"], split["amount_minor"]) for split in made["splits"]] == [(None, -500)]


async def test_splits_that_do_not_add_up_are_refused_with_the_difference(anna):
    account = await anna.account()

    response = await anna.post(
        "/transactions",
        account_id=account["id"],
        amount_minor=-500,
        date="2026-02-03",
        splits=[{"amount_minor": -300}],
    )

    assert response.status_code == 400
    assert response.json()["code"] == "splits_do_not_add_up"
    assert response.json()["errors"] == {"splits": ["must sum to amount_minor; -200 is left over"]}
    assert await anna.balance(account) == 0


async def test_the_same_payee_in_another_case_is_the_same_payee(anna):
    account = await anna.account()

    first = await anna.spend(account, -100, payee="Café Ålesund")
    second = await anna.spend(account, -200, payee="CAFÉ ÅLESUND")

    assert first["payee_id"] == second["payee_id"]
    assert second["payee"] == "Café Ålesund"


async def test_a_renamed_payee_shows_in_old_transactions_and_no_longer_answers_to_its_old_name(anna):
    account = await anna.account()
    old = await anna.spend(account, -100, payee="SQ *BLUE BOTTLE")

    await anna.patch(f"/payees/{old['payee_id']}", 1, name="Blue Bottle")
    new = await anna.spend(account, -100, payee="SQ *BLUE BOTTLE")

    assert (await anna.get(f"/transactions/{old['id']}")).json()["payee"] == "Blue Bottle"
    assert new["payee_id"] != old["payee_id"]


async def test_a_transfer_moves_money_and_appears_in_both_registers(anna):
    checking, savings = await anna.account(), await anna.account("Savings", type="savings")

    response = await anna.post(
        "/transactions",
        type="transfer",
        date="2026-02-03",
        amount_minor=4_000,
        **{"from": {"account_id": checking["id"]}, "to": {"account_id": savings["id"]}},
    )

    made = response.json()
    assert response.status_code == 201
    assert (made["type"], made["amount_minor"]) == ("transfer", 4_000)
    assert made["from"]["account_id"] == checking["id"]
    assert (await anna.balance(checking), await anna.balance(savings)) == (-4_000, 4_000)
    for account, effect in ((checking, -4_000), (savings, 4_000)):
        items = (await anna.get("/transactions", account_id=account["id"])).json()["items"]
        assert [(item["account_amount_minor"], item["running_balance_minor"]) for item in items] == [
            (effect, effect)
        ]


async def test_a_transfer_between_currencies_needs_both_amounts(anna):
    euros, dollars = await anna.account(), await anna.account("Dollars", currency="USD")
    ends = {"from": {"account_id": euros["id"]}, "to": {"account_id": dollars["id"]}}

    refused = await anna.post("/transactions", type="transfer", date="2026-02-03", amount_minor=1_000, **ends)
    ends["to"]["amount_minor"] = 1_080
    accepted = await anna.post(
        "/transactions", type="transfer", date="2026-02-03", amount_minor=1_000, **ends
    )

    assert refused.status_code == 400
    assert "to.amount_minor" in refused.json()["errors"]
    assert accepted.status_code == 201
    assert (await anna.balance(euros), await anna.balance(dollars)) == (-1_000, 1_080)


async def test_a_refund_follows_the_categories_of_what_it_refunds_and_cannot_exceed_it(anna):
    account = await anna.account()
    groceries, dining = await anna.category("groceries"), await anna.category("dining")
    bought = await anna.spend(
        account,
        -300,
        splits=[
            {"category_id": groceries, "amount_minor": -200},
            {"category_id": dining, "amount_minor": -100},
        ],
    )

    def refund(amount, **more):
        return anna.post(
            "/transactions",
            type="refund",
            related_transaction_id=bought["id"],
            account_id=account["id"],
            date="2026-02-10",
            amount_minor=amount,
            **more,
        )

    first = await refund(100)
    second = await refund(250)
    meant = await refund(250, allow_excess=True)

    assert [split["amount_minor"] for split in first.json()["splits"]] == [67, 33]
    assert second.status_code == 409
    assert second.json()["code"] == "over_refunded"
    assert meant.status_code == 201


async def test_the_same_key_has_one_effect_and_one_answer(anna):
    account = await anna.account()
    body = {"account_id": account["id"], "amount_minor": -500, "date": "2026-02-03"}

    first = await anna.post("/transactions", key="a-key-of-16-chars", **body)
    again = await anna.post("/transactions", key="a-key-of-16-chars", **body)
    other = await anna.post("/transactions", key="a-key-of-16-chars", **{**body, "amount_minor": -501})

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert await anna.balance(account) == -500


async def test_the_same_change_under_the_same_key_changes_once_and_is_answered_as_before(anna):
    made = await anna.spend(await anna.account(), -500)
    path = f"/transactions/{made['id']}"
    headers = {"If-Match": '"1"', "Idempotency-Key": "a-change-of-16-chars"}

    first = await anna.http.patch(path, json={"note": "two coffees"}, headers=headers)
    again = await anna.http.patch(path, json={"note": "two coffees"}, headers=headers)
    other = await anna.http.patch(path, json={"note": "three"}, headers=headers)
    await anna.delete(path, 2)
    afterwards = await anna.http.patch(path, json={"note": "two coffees"}, headers=headers)

    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 422
    assert afterwards.content == first.content


async def test_a_change_needs_the_version_it_was_made_from(anna):
    made = await anna.spend(await anna.account(), -500)
    path = f"/transactions/{made['id']}"

    without = await anna.http.patch(path, json={"note": "x"})
    right = await anna.patch(path, 1, amount_minor=-700, note="two coffees")
    stale = await anna.patch(path, 1, note="late")
    stale_body = await anna.http.patch(path, json={"note": "late", "version": 1})

    assert [without.status_code, right.status_code, stale.status_code, stale_body.status_code] == [
        428,
        200,
        412,
        409,
    ]
    assert right.json()["version"] == 2
    assert right.json()["splits"][0]["amount_minor"] == -700


async def test_moving_a_transaction_to_another_account_moves_both_balances(anna):
    first, second = await anna.account(), await anna.account("Cash", type="cash")
    made = await anna.spend(first, -500)

    await anna.patch(f"/transactions/{made['id']}", 1, account_id=second["id"])

    assert (await anna.balance(first), await anna.balance(second)) == (0, -500)


async def test_a_deleted_transaction_is_gone_but_its_history_stays(anna):
    account = await anna.account()
    made = await anna.spend(account, -500)
    path = f"/transactions/{made['id']}"
    await anna.patch(path, 1, amount_minor=-600)

    deleted = await anna.delete(path, 2)

    assert deleted.status_code == 204
    assert (await anna.get(path)).status_code == 404
    assert await anna.balance(account) == 0
    items = (await anna.get(path + "/history")).json()["items"]
    assert [(item["version"], item["type"]) for item in items] == [
        (1, "transaction.created"),
        (2, "transaction.updated"),
        (3, "transaction.deleted"),
    ]


async def test_a_reconciled_transaction_keeps_its_amount_until_it_is_unlocked(anna):
    made = await anna.spend(await anna.account(), -500, status="reconciled")
    path = f"/transactions/{made['id']}"

    refused = await anna.patch(path, 1, amount_minor=-1)
    undeletable = await anna.delete(path, 1)
    noted = await anna.patch(path, 1, note="fine")
    unlocked = await anna.patch(path, 2, status="cleared", amount_minor=-1)

    assert [refused.status_code, undeletable.status_code] == [409, 409]
    assert [noted.status_code, unlocked.status_code] == [200, 200]


async def test_a_walk_over_the_list_meets_each_transaction_once(anna):
    account = await anna.account()
    made = [await anna.spend(account, -n, date=f"2026-02-{1 + n % 5:02}") for n in range(1, 12)]

    seen, cursor = [], None
    while True:
        page = (await anna.get("/transactions", limit=3, **({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert sorted(seen) == sorted(item["id"] for item in made)
    dates = [(await anna.get(f"/transactions/{i}")).json()["date"] for i in seen]
    assert dates == sorted(dates, reverse=True)


async def test_a_cursor_of_another_filter_is_refused(anna):
    account = await anna.account()
    for n in range(1, 4):
        await anna.spend(account, -n)
    cursor = (await anna.get("/transactions", limit=1)).json()["next_cursor"]

    other = await anna.get("/transactions", limit=1, status="pending", cursor=cursor)
    changed = await anna.get(
        "/transactions", limit=1, cursor=cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    )

    assert [other.status_code, changed.status_code] == [400, 400]
    assert other.json()["code"] == "invalid_cursor"


async def test_the_register_runs_back_from_the_stored_balance(anna):
    account = await anna.account(opening_balance_minor=1_000)
    for day, amount in (("2026-02-01", -100), ("2026-03-01", 50), ("2026-02-15", -30)):
        await anna.spend(account, amount, date=day)

    items = (await anna.get("/transactions", account_id=account["id"])).json()["items"]
    older = (await anna.get("/transactions", account_id=account["id"], to="2026-02-28")).json()["items"]

    assert [item["running_balance_minor"] for item in items] == [920, 870, 900]
    assert [item["running_balance_minor"] for item in older] == [870, 900]


async def test_balances_are_known_for_any_day(anna):
    account = await anna.account(opening_balance_minor=1_000, opened_on="2026-01-10")
    await anna.spend(account, -100, date="2026-02-01")

    async def on(day):
        return (await anna.get("/balances", as_of=day)).json()["items"][0]["balance_minor"]

    assert [await on(day) for day in ("2026-01-09", "2026-01-10", "2026-01-31", "2026-02-01")] == [
        0,
        1000,
        1000,
        900,
    ]


async def test_what_belongs_to_another_book_is_as_missing_as_what_never_was(anna, boris):
    account = await anna.account()
    made = await anna.spend(account, -500)

    foreign = await boris.get(f"/transactions/{made['id']}")
    missing = await boris.get("/transactions/01890a5d-ac96-774b-bcce-b302099a8057")
    into = await boris.post("/transactions", account_id=account["id"], amount_minor=-1, date="2026-02-03")

    assert foreign.status_code == missing.status_code == into.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert "account_id" in into.json()["errors"]


async def test_the_book_numbers_its_events_without_a_gap(anna):
    account = await anna.account()
    for n in range(1, 4):
        await anna.spend(account, -n, payee=f"Shop {n}")

    page = (await anna.get("/ledger/events", limit=200)).json()

    numbers = [item["number"] for item in page["items"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert page["last_number"] == numbers[-1]


async def test_a_change_with_a_field_of_another_type_is_refused(anna):
    account, other = await anna.account(), await anna.account("Cash", type="cash")
    spent = await anna.spend(account, -500)

    response = await anna.patch(f"/transactions/{spent['id']}", 1, to={"account_id": other["id"]})

    assert response.status_code == 400
    assert "to" in response.json()["errors"]


async def test_a_refund_cannot_be_turned_into_spending(anna):
    account = await anna.account()
    bought = await anna.spend(account, -500)
    refund = await anna.spend(account, 200, type="refund", related_transaction_id=bought["id"])

    response = await anna.patch(f"/transactions/{refund['id']}", 1, amount_minor=-200)

    assert response.status_code == 400
    assert await anna.balance(account) == -300


async def test_an_account_opens_on_a_day_that_a_household_can_mean(anna):
    body = {
        "name": "Far",
        "type": "cash",
        "currency": "EUR",
        "opening_balance_minor": 1,
        "opened_on": "2150-01-01",
    }

    response = await anna.post("/accounts", **body)

    assert response.status_code == 400
    assert "opened_on" in response.json()["errors"]


async def test_the_postings_of_a_transaction_are_shown_on_request_and_sum_to_zero(anna):
    account = await anna.account()
    made = await anna.spend(account, -500, splits=[{"amount_minor": -300}, {"amount_minor": -200}])

    plain = (await anna.get(f"/transactions/{made['id']}")).json()
    shown = (await anna.get(f"/transactions/{made['id']}", include="postings")).json()["postings"]

    assert "postings" not in plain
    assert [leg["amount_minor"] for leg in shown] == [-500, 300, 200]
    assert shown[0]["account_id"] == account["id"]


async def test_every_list_takes_a_limit(anna):
    for path in ("/accounts", "/categories", "/payees", "/transactions", "/imports", "/balances"):
        assert (await anna.get(path, limit=10)).status_code == 200, path
    assert (await anna.get("/accounts", colour="red")).status_code == 400


async def test_a_transaction_that_was_made_says_where_it_is(anna):
    body = {"account_id": (await anna.account())["id"], "date": "2026-02-03", "amount_minor": -1}

    made = await anna.post("/transactions", "the-same-key-twice", **body)
    again = await anna.post("/transactions", "the-same-key-twice", **body)
    changed = await anna.patch(f"/transactions/{made.json()['id']}", 1, note="beans")

    assert (
        made.headers["Location"] == again.headers["Location"] == f"/api/v1/transactions/{made.json()['id']}"
    )
    assert "Location" not in changed.headers


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"type": "transfer"}, ["from", "to"]),
        (
            {"type": "transfer", "from": {}, "to": {}, "account_id": {}, "pot_id": {}},
            ["account_id", "pot_id"],
        ),
        ({}, ["account_id"]),
        ({"account_id": {}, "to": {}, "fee": {}}, ["to", "fee"]),
        ({"account_id": {}, "type": "refund"}, ["related_transaction_id"]),
        ({"account_id": {}, "related_transaction_id": {}}, ["related_transaction_id"]),
    ],
    ids=["no ends", "an account besides", "no account", "an end besides", "of nothing", "of something"],
)
async def test_what_a_type_needs_and_what_is_anothers_are_named(anna, fields, wrong):
    account = (await anna.account())["id"]
    values = {"type": fields.get("type"), "fee": {"amount_minor": 1}, "from": {"account_id": account}}
    values["to"] = values["from"]
    body = {name: values.get(name) or account for name in fields}

    response = await anna.post("/transactions", amount_minor=5, date="2026-02-03", **body)

    assert (response.status_code, list(response.json()["errors"])) == (400, wrong)
