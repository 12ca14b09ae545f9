"""A line of text and a book: accounts, categories and payees that it names, and what it leaves open."""


async def parsed(anna, text):
    response = await anna.post("/transactions/parse", text=text)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_line_becomes_a_draft_that_can_be_recorded_as_it_is(anna):
    checking = await anna.account()
    dining = await anna.category("dining")

    read = await parsed(anna, "12,50 dining bei Blue Bottle 3.2.2026 #work")
    recorded = await anna.post("/transactions", **read["draft"])

    assert (read["kind"], read["currency"], read["uncertain"]) == ("expense", "EUR", [])
    assert recorded.status_code == 201, recorded.text
    assert recorded.json()["account_id"] == checking["id"]
    assert (recorded.json()["amount_minor"], recorded.json()["date"]) == (-1_250, "2026-02-03")
    assert (recorded.json()["payee"], recorded.json()["tags"]) == ("Blue Bottle", ["work"])
    assert recorded.json()["splits"][0]["category_id"] == dining


async def test_nothing_is_recorded_by_reading(anna):
    await anna.account()
    before = (await anna.get("/ledger/events", limit=200)).json()

    await parsed(anna, "12,50 Brand New Shop #new")

    assert (await anna.get("/ledger/events", limit=200)).json() == before


async def test_the_category_last_used_with_a_payee_is_proposed_and_said_to_be_uncertain(anna):
    checking = await anna.account()
    dining = await anna.category("dining")
    splits = [{"amount_minor": -400, "category_id": dining}]
    spent = await anna.spend(checking, -400, payee="Blue Bottle Coffee", splits=splits)

    exact = await parsed(anna, "5 blue bottle coffee")
    begun = await parsed(anna, "5 blue")

    assert exact["payee_id"] == begun["payee_id"] == spent["payee_id"]
    assert exact["draft"]["splits"] == [{"amount_minor": -500, "category_id": dining}]
    assert (exact["uncertain"], begun["uncertain"]) == (["category_id"], ["category_id", "payee"])


async def test_what_the_book_cannot_tell_is_left_out_and_named(anna):
    await anna.account()
    await anna.account("Savings", type="savings")

    read = await parsed(anna, "coffee at Nowhere")
    savings = await parsed(anna, "5 coffee @sav")
    too_fine = await parsed(anna, "5.255 coffee @savings")

    assert set(read["uncertain"]) == {"account_id", "amount_minor", "category_id"}
    assert "amount_minor" not in read["draft"]
    assert savings["uncertain"] == ["account_id", "category_id"]
    assert "amount_minor" in too_fine["uncertain"]


async def test_another_currency_than_the_accounts_is_converted_by_the_books_rate_or_left_out(anna):
    await anna.account()

    without = await parsed(anna, "500 JPY ramen 3.2.2026")
    await anna.post("/rates", base="EUR", quote="JPY", date="2026-02-01", rate="160")
    converted = await parsed(anna, "500 JPY ramen 3.2.2026")

    assert without["draft"]["original"] == {"amount_minor": -500, "currency": "JPY", "rate": None}
    assert ("amount_minor" in without["draft"], converted["draft"]["amount_minor"]) == (False, -312)
    assert "amount_minor" in converted["uncertain"]
    assert (await anna.post("/transactions", **converted["draft"])).status_code == 201


async def test_without_an_account_a_draft_still_has_its_amount_and_says_that_one_is_needed(ledger, anna):
    await ledger.sql("INSERT INTO book VALUES ($1, 'EUR', 'Europe/Berlin', 1)", anna.person.book_id)
    none = await parsed(anna, "4,50 coffee 3.2.2026")
    await anna.account()
    await anna.account("Savings", type="savings")
    several = await parsed(anna, "4,50 coffee 3.2.2026")
    await anna.account("Yen", currency="JPY")
    mixed = await parsed(anna, "450 coffee 3.2.2026")
    written = await parsed(anna, "450 JPY coffee 3.2.2026")

    for read, amount, currency in (
        (none, -450, "EUR"),
        (several, -450, "EUR"),
        (mixed, -45_000, "EUR"),
        (written, -450, "JPY"),
    ):
        assert (read["draft"]["amount_minor"], read["currency"]) == (amount, currency)
        assert read["draft"]["date"] == "2026-02-03"
        assert read["draft"]["splits"][0]["amount_minor"] == amount
        assert "account_id" not in read["draft"]
        assert "account_id" in read["uncertain"]
    assert ["currency" in read["uncertain"] for read in (none, several, mixed, written)] == [
        True,
        False,
        True,
        False,
    ]
    assert (await anna.post("/transactions", **none["draft"])).json()["errors"] == {
        "account_id": ["is needed"]
    }
