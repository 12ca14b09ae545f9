"""A household's first two months, in figures that a person can check by hand."""

from datetime import date

from pfms_budget.domain.cells import Split, Transaction
from pfms_events.contracts.ledger.transaction import TransactionDeleted


async def test_january_and_february(home):
    """Checking opened with 1,000.00; salary 2,000 on the 25th held for next month, groceries allocated 300, spent
    350, uncategorised 40, excluded 25, hold 100.
    """
    await home.plan("2024-01")
    await home.allocate(home.groceries, 30_000, rollover="none")
    await home.spend("2024-01-25", 200_000, home.salary, counts_next_period=True)
    await home.spend("2024-01-10", -35_000, home.groceries)
    await home.spend("2024-01-11", -4_000)
    await home.spend("2024-01-12", -2_500, excluded=True)
    await home.post("/budgets/2024-01/hold", hold_minor=10_000)

    january, february = await home.month("2024-01"), await home.month("2024-02")

    assert january["start_minor"] == 0
    assert january["openings_minor"] == 100_000
    assert january["to_be_budgeted_minor"] == 60_000
    assert january["hold_minor"] == 10_000
    assert january["held_income_minor"] == 200_000
    assert january["income_minor"] == 0
    assert january["excluded_minor"] == -2_500
    assert january["outflow_minor"] == 39_000
    available = {row["category_id"]: row["available_minor"] for row in january["categories"]}
    assert available == {str(home.groceries): -5_000, None: -4_000}
    kept = sum(available.values()) + sum(
        january[f"{name}_minor"] for name in ("to_be_budgeted", "hold", "held_income", "excluded")
    )
    assert kept == 258_500
    assert february["to_be_budgeted_minor"] == 261_000
    assert february["released_minor"] == -9_000
    assert february["version"] == 0


async def test_money_to_an_account_off_the_budget_is_spent_and_within_it_moves_nothing(home):
    await home.plan("2024-01")
    await home.transfer("2024-01-15", home.checking, home.savings, 20_000)
    await home.transfer("2024-01-16", home.savings, home.checking, 5_000, home.groceries)

    assert (await home.line(None))["actual_minor"] == 20_000
    assert (await home.line(home.groceries))["actual_minor"] == -5_000
    assert (await home.month())["outflow_minor"] == 15_000


async def test_a_refund_lowers_what_was_spent_in_the_month_it_is_dated_in(home):
    await home.plan("2024-01")
    await home.spend("2024-01-10", -8_000, home.groceries)
    await home.spend("2024-02-03", 3_000, home.groceries)

    assert (await home.line(home.groceries, "2024-01"))["actual_minor"] == 8_000
    assert (await home.line(home.groceries, "2024-02"))["actual_minor"] == -3_000


async def test_an_edit_and_a_deletion_in_the_past_move_every_later_month(home):
    await home.plan("2024-01")
    bought = await home.spend("2024-01-10", -8_000, home.groceries)
    before = (await home.month("2024-03"))["to_be_budgeted_minor"]

    await home.book.tell(home.book.transaction(bought, _groceries(home, -5_000)))
    edited = (await home.month("2024-03"))["to_be_budgeted_minor"]
    await home.book.tell(TransactionDeleted(id=bought))

    assert (before, edited) == (92_000, 95_000)
    assert (await home.month("2024-03"))["to_be_budgeted_minor"] == 100_000
    assert (await home.line(None, "2024-01"))["transaction_count"] == 0


def _groceries(home, minor):
    return Transaction(date(2024, 1, 10), home.checking, [Split(home.groceries, minor)])
