"""Income says where it comes from, and what tax was taken off it."""

from pfms_ledger.operations.rebuild import rebuild


async def acme(anna):
    response = await anna.post(
        "/income/sources", name="Acme", type="salary", amount_minor=320_000, currency="EUR"
    )
    assert response.status_code == 201, response.text
    return response.json()


async def test_income_names_its_source_and_its_tax_and_the_gross_follows(ledger, anna):
    await anna.account()
    source = await acme(anna)
    earned = await anna.post(
        "/income/transactions", amount_minor=320_000, income_source_id=source["id"], tax_minor=80_000
    )
    await anna.post("/income/transactions", amount_minor=5_000)

    listed = await anna.get("/income/transactions", income_source_id=source["id"])
    changed = await anna.patch(f"/transactions/{earned.json()['id']}", 1, amount_minor=330_000)
    kept = await anna.delete(f"/income/sources/{source['id']}", 1)

    assert (earned.status_code, earned.json()["gross_minor"]) == (201, 400_000)
    assert [item["id"] for item in listed.json()["items"]] == [earned.json()["id"]]
    assert changed.json()["gross_minor"] == 410_000
    assert (kept.status_code, kept.json()["referred_to_by"]) == (409, ["transactions"])
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_only_income_has_a_source_and_only_one_of_the_book_that_is_active(anna, boris):
    account = await anna.account()
    source, foreign = await acme(anna), await acme(boris)
    spent = await anna.post("/expenses", amount_minor=100, income_source_id=source["id"])
    elsewhere = await anna.post("/income/transactions", amount_minor=100, income_source_id=foreign["id"])
    await anna.patch(f"/income/sources/{source['id']}", 1, is_active=False)
    inactive = await anna.post("/income/transactions", amount_minor=100, income_source_id=source["id"])

    for response, status in ((spent, 400), (elsewhere, 404), (inactive, 400)):
        assert (response.status_code, list(response.json()["errors"])) == (status, ["income_source_id"])
    assert await anna.balance(account) == 0


async def test_a_sources_versions_are_kept(anna):
    source = await acme(anna)
    await anna.patch(f"/income/sources/{source['id']}", 1, amount_minor=None, frequency="irregular")

    versions = (await anna.get(f"/income/sources/{source['id']}/versions")).json()["items"]

    assert [item["data"]["amount_minor"] for item in versions] == [320_000, None]
    assert (await anna.get("/income/sources")).json()["items"][0]["frequency"] == "irregular"


async def test_active_sources_have_different_names_regardless_of_case(ledger, anna):
    source = await acme(anna)
    body = {"type": "salary", "currency": "EUR"}

    taken = await anna.post("/income/sources", name="ACME", **body)
    other = (await anna.post("/income/sources", name="Straße", **body)).json()
    renamed = await anna.patch(f"/income/sources/{other['id']}", 1, name="aCme")
    recased = await anna.patch(f"/income/sources/{source['id']}", 1, name="ACME")
    await anna.patch(f"/income/sources/{source['id']}", 2, is_active=False)
    second = await anna.post("/income/sources", name="acme", **body)
    back = await anna.patch(f"/income/sources/{source['id']}", 3, is_active=True)
    closing = await ledger.sql(
        "SELECT id FROM event WHERE aggregate_id = $1 AND aggregate_version = 3", source["id"]
    )
    undone = await anna.post(f"/ledger/events/{closing[0][0]}/undo")

    assert [answer.status_code for answer in (taken, renamed, recased, second, back, undone)] == [
        409,
        409,
        200,
        201,
        409,
        409,
    ]
    assert (taken.json()["errors"], taken.json()["id"]) == (
        {"name": ["is taken, regardless of case"]},
        source["id"],
    )
    assert await rebuild(ledger.own.journal, anna.person.book_id) == 0


async def test_a_key_makes_one_source(anna):
    body = {"name": "Acme", "type": "salary", "currency": "EUR"}

    first = await anna.post("/income/sources", key="a-key-of-16-chars", **body)
    again = await anna.post("/income/sources", key="a-key-of-16-chars", **body)

    assert (again.status_code, again.content) == (201, first.content)
