"""Months that can be checked by hand: tables of cents, each row a sum that a reader can do."""

from datetime import date
from uuid import UUID

import pytest

from pfms_budget.domain.cells import Cell, Split, Tally, Transaction, added_up, cells_of, opening_cells
from pfms_budget.domain.counting import Account, LineSum, balance, month_lines, scope_of
from pfms_budget.domain.engine import derive
from pfms_budget.domain.month import (
    Allocation,
    Given,
    LineRow,
    Month,
    Settings,
    accounted,
    carried_into_first,
    given_from,
)
from pfms_budget.domain.rollover import Rollover, Unrolled, carry_in
from pfms_common.period import month, months

CHECKING, CARD, SALARY, GROCERIES, CLOTHING = (UUID(int=n) for n in range(1, 6))
ON_BUDGET = Account(on_budget=True, currency="EUR")


def split(category: UUID | None, minor: int) -> list[Split]:
    return [Split(category, minor)]


def first_months(
    cells: dict[Cell, Tally],
    allocations: dict[str, dict[UUID, Allocation]],
    holds: dict[str, int] | None = None,
    settings: Settings | None = None,
) -> list[Month]:
    """January and February 2026 of a book with a checking account and a card, both counted."""
    periods = months(month("2026-01"), month("2026-02"))
    scope = scope_of({CHECKING: ON_BUDGET, CARD: ON_BUDGET}, [SALARY], "EUR")
    sums = month_lines(cells.items(), scope, periods)
    given = {key: Given(sums[key], allocations.get(key, {}), (holds or {}).get(key, 0)) for key in sums}
    before = balance([(cell, tally) for cell, tally in cells.items() if cell.day < periods[0].first], scope)
    return list(derive(periods, given, settings or Settings(), carried_into_first(before)))


def available(month: Month) -> dict[UUID | None, int]:
    return {row.category_id: row.available for row in month.lines}


def test_a_held_salary_an_overspent_category_and_an_uncategorised_payment() -> None:
    cells = added_up(
        [
            opening_cells(CHECKING, date(2026, 1, 1), 1_000_00),
            cells_of(
                Transaction(date(2026, 1, 25), CHECKING, split(SALARY, 2_000_00), counts_next_period=True)
            ),
            cells_of(Transaction(date(2026, 1, 9), CHECKING, split(GROCERIES, -350_00))),
            cells_of(Transaction(date(2026, 1, 10), CHECKING, split(None, -40_00))),
            cells_of(Transaction(date(2026, 1, 11), CHECKING, split(GROCERIES, -25_00), excluded=True)),
        ]
    )
    allocations = {"2026-01": {GROCERIES: Allocation(300_00, Rollover.SURPLUS)}}

    january, february = first_months(cells, allocations, {"2026-01": 100_00})

    assert january.header.start == 0
    assert january.header.openings == 1_000_00
    assert january.header.income == 0
    assert january.header.held_income == 2_000_00
    assert january.header.outflow == 350_00 + 40_00
    assert january.header.to_be_budgeted == 0 + 1_000_00 - 300_00 - 100_00 == 600_00
    assert available(january) == {GROCERIES: -50_00, None: -40_00}
    assert accounted(january) == 600_00 - 90_00 + 100_00 + 2_000_00 - 25_00 == 2_585_00
    assert february.header.released == -90_00
    assert february.header.to_be_budgeted == 600_00 + 2_100_00 - 90_00 == 2_610_00
    assert available(february) == {GROCERIES: 0}
    assert accounted(february) == 2_585_00


def test_the_rows_of_a_month_are_plain_figures() -> None:
    cells = added_up(
        [
            cells_of(Transaction(date(2026, 1, 9), CHECKING, split(GROCERIES, -350_00))),
            cells_of(Transaction(date(2026, 1, 9), CHECKING, split(GROCERIES, 20_00))),
            cells_of(Transaction(date(2026, 2, 28), CHECKING, split(None, -40_00))),
        ]
    )

    january, february = first_months(cells, {"2026-01": {GROCERIES: Allocation(500_00, Rollover.BOTH)}})

    assert january.lines == (LineRow(GROCERIES, 500_00, 330_00, 0, 170_00, 2, Rollover.BOTH),)
    assert february.lines == (
        LineRow(GROCERIES, 0, 0, 170_00, 170_00, 0, Rollover.BOTH),
        LineRow(None, 0, 40_00, 0, -40_00, 1, None),
    )


def test_a_payment_and_its_refund_in_one_month_leave_a_row_of_two_transactions() -> None:
    cells = added_up(
        [
            cells_of(Transaction(date(2026, 1, 9), CHECKING, split(GROCERIES, -350_00))),
            cells_of(Transaction(date(2026, 1, 31), CHECKING, split(GROCERIES, 350_00))),
        ]
    )

    january, february = first_months(cells, {})

    assert january.lines == (LineRow(GROCERIES, 0, 0, 0, 0, 2, None),)
    assert given_from(january, 0, {}).sums.lines == {GROCERIES: LineSum(0, 2)}
    assert february.lines == ()


def test_overspending_on_a_card_that_counts_like_cash_reduces_the_next_month() -> None:
    on_card = Transaction(date(2026, 1, 20), CARD, [Split(GROCERIES, -100_00), Split(CLOTHING, -75_00)])
    cells = added_up([opening_cells(CHECKING, date(2026, 1, 1), 500_00), cells_of(on_card)])

    january, february = first_months(cells, {"2026-01": {GROCERIES: Allocation(100_00, Rollover.SURPLUS)}})

    assert january.header.to_be_budgeted == 500_00 - 100_00 == 400_00
    assert available(january) == {GROCERIES: 0, CLOTHING: -75_00}
    assert accounted(january) == 400_00 - 75_00 == 325_00
    assert february.header.to_be_budgeted == 400_00 - 75_00 == 325_00
    assert available(february) == {GROCERIES: 0}


def test_what_was_there_before_the_first_period_is_its_start() -> None:
    cells = added_up(
        [
            opening_cells(CHECKING, date(2025, 12, 1), 100_00),
            cells_of(Transaction(date(2025, 12, 31), CHECKING, split(GROCERIES, -30_00), excluded=True)),
            cells_of(Transaction(date(2025, 12, 31), CHECKING, split(SALARY, 5_00), counts_next_period=True)),
        ]
    )

    january, _ = first_months(cells, {})

    assert january.header.start == january.header.to_be_budgeted == 100_00 - 30_00 + 5_00
    assert (january.header.income, january.header.excluded, january.header.openings) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rollover", "surplus", "deficit"),
    [
        (Rollover.NONE, 0, 0),
        (Rollover.SURPLUS, 30, 0),
        (Rollover.DEFICIT, 0, -30),
        (Rollover.BOTH, 30, -30),
    ],
)
def test_a_policy_carries_its_part(rollover: Rollover, surplus: int, deficit: int) -> None:
    assert (carry_in(30, rollover), carry_in(-30, rollover), carry_in(0, rollover)) == (surplus, deficit, 0)


@pytest.mark.parametrize(
    ("january", "february", "default", "carried"),
    [
        (Rollover.BOTH, Rollover.NONE, Rollover.BOTH, 0),
        (Rollover.NONE, Rollover.BOTH, Rollover.NONE, -30),
        (Rollover.BOTH, None, Rollover.NONE, -30),
        (None, None, Rollover.DEFICIT, -30),
        (None, None, Rollover.SURPLUS, 0),
    ],
    ids=["none now", "both now", "last set", "default deficit", "default surplus"],
)
def test_the_policy_is_this_periods_else_the_last_set_else_the_books(
    january: Rollover | None, february: Rollover | None, default: Rollover, carried: int
) -> None:
    set_policies = {"2026-01": january, "2026-02": february}
    allocations = {key: {GROCERIES: Allocation(0, policy)} for key, policy in set_policies.items() if policy}
    cells = cells_of(Transaction(date(2026, 1, 9), CHECKING, split(GROCERIES, -30)))

    _, after = first_months(cells, allocations, settings=Settings(default))

    assert sum(row.carry_in for row in after.lines) == after.header.rollover_balance == carried
    assert after.header.released == -30 - carried


@pytest.mark.parametrize(
    ("unrolled", "to_be_budgeted", "discarded"),
    [(Unrolled.TO_BE_BUDGETED, 100, 0), (Unrolled.DISCARD, 30, 70)],
)
def test_what_is_not_carried_is_free_again_or_leaves_the_budget(
    unrolled: Unrolled, to_be_budgeted: int, discarded: int
) -> None:
    allocations = {"2026-01": {GROCERIES: Allocation(70, Rollover.NONE)}}
    cells = opening_cells(CHECKING, date(2026, 1, 1), 100)

    january, february = first_months(cells, allocations, settings=Settings(unrolled=unrolled))

    assert january.header.to_be_budgeted == 30
    assert february.header.released == 70
    assert february.header.to_be_budgeted == to_be_budgeted
    assert february.header.discarded == discarded
    assert accounted(january) == accounted(february) == 100


def test_the_uncategorised_line_never_carries() -> None:
    cells = cells_of(Transaction(date(2026, 1, 9), CHECKING, split(None, -30)))

    january, february = first_months(cells, {}, settings=Settings(Rollover.BOTH))

    assert available(january) == {None: -30}
    assert february.lines == ()
    assert february.header.to_be_budgeted == -30


def test_a_negative_allocation_frees_money_and_leaves_a_deficit() -> None:
    january, february = first_months({}, {"2026-01": {GROCERIES: Allocation(-30, Rollover.DEFICIT)}})

    assert january.header.to_be_budgeted == 30
    assert available(january) == {GROCERIES: -30}
    assert available(february) == {GROCERIES: -30}
    assert february.header.to_be_budgeted == 30
