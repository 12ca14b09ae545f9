"""What makes a figure, as a person asks for it: every link leads on, and every sum is exact."""

from datetime import date
from uuid import UUID

from pfms_budget.domain.cells import Split, Transaction
from pfms_common.ids import new_id
from pfms_events.contracts.ledger.rate import RateSet


async def explained(home, figure, month="2024-01", **more):
    response = await home.http.get(f"/budgets/{month}/explain", params={"figure": figure, **more})
    assert response.status_code == 200, response.text
    return response.json()


def is_exact(found):
    behind = found["transactions"]["total_minor"] if found["transactions"] else 0
    return sum(term["amount_minor"] for term in found["terms"]) + behind == found["amount_minor"]


async def walk(home, figure, month, known):
    """Every figure that the links of this one lead to, by its link."""
    found = await explained(home, figure, month)
    assert is_exact(found), found
    known[month, figure] = found
    for term in found["terms"]:
        if term["explain"]:
            assert term["explain"] == f"/api/v1/budgets/{term['month']}/explain?figure={term['figure']}"
            if (term["month"], term["figure"]) not in known:
                await walk(home, term["figure"], term["month"], known)


async def test_what_is_to_be_budgeted_is_traced_to_what_happened(home):
    await home.plan()
    await home.allocate(home.groceries, 30_000)
    spent = await home.spend("2024-01-05", -35_000, home.groceries)
    earned = await home.spend("2024-01-25", 200_000, home.salary)

    known = {}
    await walk(home, "to_be_budgeted", "2024-02", known)
    actual = await explained(home, f"actual:{home.groceries}")

    month = await home.month("2024-02")
    assert known["2024-02", "to_be_budgeted"]["amount_minor"] == month["to_be_budgeted_minor"]
    assert [each["transaction_id"] for each in actual["transactions"]["items"]] == [str(spent)]
    assert actual["transactions"]["items"][0]["ledger_amount_minor"] == -35_000
    income = known["2024-01", "income"]["transactions"]
    assert [(each["transaction_id"], each["amount_minor"]) for each in income["items"]] == [
        (str(earned), 200_000)
    ]


async def test_every_figure_of_a_month_says_what_makes_it(home, book):
    card = new_id()
    await book.tell(
        book.account(card, type="credit", minimum_payment_minor=2_500, due_day=31),
    )
    await home.plan(planned_income_minor=150_000, savings_budget_minor=1_000)
    await home.allocate(home.groceries, 30_000)
    await home.spend("2024-01-05", -35_000)
    await book.tell(
        book.transaction(new_id(), Transaction(date(2024, 1, 9), card, [Split(home.groceries, -40_000)]))
    )
    await home.transfer("2024-01-20", home.checking, card, 10_000)

    month = await home.month()
    figures = [name.removesuffix("_minor") for name in month if name.endswith("_minor")]
    given = {"planned_", "savings_budget", "debt_payment_budget"}
    for name in figures:
        if not any(name.startswith(each) for each in given):
            found = await explained(home, name)
            assert (found["amount_minor"], is_exact(found)) == (month[f"{name}_minor"], True), name
    for line in month["categories"]:
        for name in ("available", "actual", "carry_in", "card_debt", "funded", "paid", "allocated"):
            found = await explained(home, f"{name}:{line['category_id'] or 'uncategorised'}")
            assert (found["amount_minor"], is_exact(found)) == (line[f"{name}_minor"], True), (name, line)
    debt = await explained(home, f"card_debt:{home.groceries}")
    assert {term["figure"]: term["amount_minor"] for term in debt["terms"]} == {
        f"on_card:{home.groceries}:{card}": 40_000,
        f"covered:{home.groceries}": -30_000,
    }


async def test_pages_of_transactions_add_up_to_the_figure(home):
    await home.plan()
    spent = [await home.spend(f"2024-01-{1 + n // 3:02}", -n * 100, home.rent) for n in range(1, 8)]

    found, cursor, seen, total = None, None, [], 0
    while found is None or cursor:
        found = await explained(
            home, f"actual:{home.rent}", limit=2, **({"cursor": cursor} if cursor else {})
        )
        items = found["transactions"]["items"]
        assert found["transactions"]["page_total_minor"] == sum(each["amount_minor"] for each in items)
        seen += [UUID(each["transaction_id"]) for each in items]
        total += found["transactions"]["page_total_minor"]
        cursor = found["transactions"]["next_cursor"]

    assert sorted(seen) == sorted(spent)
    assert total == found["transactions"]["total_minor"] == found["amount_minor"] == 2_800


async def test_what_was_converted_names_its_rate_and_the_pages_still_add_up(home, book):
    """Three half dollars at 0.33 are 0.495: fifty cents together, whoever gets which of them."""
    dollars = new_id()
    await book.tell(
        book.account(dollars, currency="USD", opening_balance_minor=10_000),
        RateSet(id=new_id(), base="USD", quote="EUR", date=date(2023, 12, 30), rate="0.33"),
    )
    await home.plan()
    for _ in range(3):
        moved = Transaction(date(2024, 1, 5), dollars, [Split(home.rent, -50)])
        await book.tell(book.transaction(new_id(), moved))

    pages = [await explained(home, f"actual:{home.rent}", limit=2)]
    pages.append(
        await explained(home, f"actual:{home.rent}", limit=2, cursor=pages[0]["transactions"]["next_cursor"])
    )
    items = [each for page in pages for each in page["transactions"]["items"]]

    assert sum(each["amount_minor"] for each in items) == pages[0]["amount_minor"] == 50
    assert {(each["rate"], each["rate_date"], each["currency"]) for each in items} == {
        ("0.33", "2023-12-30", "USD")
    }
    assert is_exact(await explained(home, "fx"))
    assert is_exact(await explained(home, "openings"))


async def test_what_there_is_not_is_not_explained(home):
    await home.plan()

    async def status(month, figure):
        return (await home.http.get(f"/budgets/{month}/explain", params={"figure": figure})).status_code

    assert await status("2024-01", "happiness") == 400
    assert await status("2024-01", "available:somewhere") == 400
    assert await status("2024-01", f"available:{new_id()}") == 404
    assert await status("2020-01", "start") == 404


async def test_a_cursor_belongs_to_its_figure(home):
    await home.plan()
    for _ in range(2):
        await home.spend("2024-01-05", -100)
    page = await explained(home, "actual:uncategorised", limit=1)

    other = await home.http.get(
        "/budgets/2024-01/explain",
        params={"figure": "income", "cursor": page["transactions"]["next_cursor"]},
    )

    assert (other.status_code, other.json()["code"]) == (400, "invalid_cursor")
