"""What is refused because it is too much, or no text a person writes."""

import pytest

from pfms_common.input import MAX_MINOR


@pytest.mark.parametrize("name", ["tag", "category_key", "source"])
@pytest.mark.parametrize("value", ["a\0b", "\x1b[1m"], ids=["NUL", "escape"])
async def test_text_to_filter_by_holds_no_control_characters(anna, name, value):
    response = await anna.get("/transactions", **{name: value})

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]


async def test_the_start_of_a_payees_name_holds_no_control_characters(anna):
    response = await anna.get("/payees", q="a\0b")

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["q"]


async def test_a_tag_is_found_in_either_normal_form(anna):
    await anna.spend(await anna.account(), -1, tags=["caf\u00e9"])

    found = await anna.transactions(tag="cafe\u0301")

    assert len(found) == 1


async def test_two_splits_are_never_the_same_split(anna):
    account = await anna.account()
    split = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "amount_minor": -50}
    body = {"account_id": account["id"], "amount_minor": -100, "date": "2026-02-03"}

    twice = await anna.post("/transactions", **body, splits=[split, split])
    made = await anna.spend(account, -100)
    changed = await anna.patch(f"/transactions/{made['id']}", 1, splits=[split, split])

    assert [twice.status_code, changed.status_code] == [400, 400]
    assert list(twice.json()["errors"]) == list(changed.json()["errors"]) == ["splits.1.id"]


async def test_splits_of_a_transaction_are_bounded_together(anna):
    account = await anna.account()
    body = {"account_id": account["id"], "amount_minor": 1, "date": "2026-02-03"}

    response = await anna.post(
        "/transactions",
        **body,
        splits=[{"amount_minor": MAX_MINOR}, {"amount_minor": 1 - MAX_MINOR}],
    )

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["splits"]


@pytest.mark.parametrize("tags", [[str(n) for n in range(51)], [""]], ids=["too many", "empty"])
async def test_what_is_wrong_with_tags_speaks_of_tags_not_of_items(anna, tags):
    account = await anna.account()

    response = await anna.post(
        "/transactions", account_id=account["id"], amount_minor=-1, date="2026-02-03", tags=tags
    )

    assert response.status_code == 400
    assert all(path.startswith("tags") for path in response.json()["errors"])
    assert "item" not in response.text


async def test_a_transaction_larger_than_an_event_may_be_is_refused(anna):
    account = await anna.account()
    amounts = [
        {"amount_minor": -1, "memo": "ü" * 1_000, "tags": [f"{n:02}" + "ü" * 58 for n in range(50)]}
    ] * 40

    response = await anna.post(
        "/transactions", account_id=account["id"], amount_minor=-40, date="2026-02-03", splits=amounts
    )

    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert await anna.balance(account) == 0


async def test_what_is_refused_is_named_by_the_field_alone(anna):
    account, closed = await anna.account(), await anna.account("Old")
    await anna.patch(f"/accounts/{closed['id']}", 1, is_active=False)
    await anna.spend(account, -1)
    body = {"amount_minor": -1, "date": "2026-02-03"}

    inactive = await anna.post("/transactions", account_id=closed["id"], **body)
    missing = await anna.post(
        "/transactions",
        account_id=account["id"],
        **body,
        splits=[{"amount_minor": -1, "category_id": "01890a5d-ac96-774b-bcce-b302099a8057"}],
    )

    assert (inactive.status_code, list(inactive.json()["errors"])) == (400, ["account_id"])
    assert (missing.status_code, list(missing.json()["errors"])) == (404, ["splits.0.category_id"])


async def test_a_balance_that_no_integer_of_the_database_holds_is_refused(anna):
    account = await anna.account(opening_balance_minor=MAX_MINOR)
    for n in range(99):
        await anna.spend(account, MAX_MINOR, date=f"{1950 + n % 50}-01-01")

    response = await anna.post("/transactions", account_id=account["id"], amount_minor=1, date="2026-02-03")

    assert (response.status_code, response.json()["code"]) == (409, "out_of_bounds")
    assert await anna.balance(account) == 100 * MAX_MINOR
