"""Cards whose debt is kept apart, as tables of cents that can be checked by hand.

A checking account and cards; each case says what was set aside, what was spent where, and what comes of it.
"""

from datetime import date
from uuid import UUID

import pytest

from pfms_budget.domain.card import Envelope, envelope
from pfms_budget.domain.cells import Split, Transaction, Transfer, added_up, cells_of, opening_cells
from pfms_budget.domain.counting import Account, balance, month_lines, scope_of
from pfms_budget.domain.engine import derive
from pfms_budget.domain.month import Allocation, Given, Month, Settings, accounted, carried_into_first
from pfms_budget.domain.rollover import Rollover
from pfms_common.period import month, months

CHECKING, CARD, OTHER, OFF, SALARY, GROCERIES, CLOTHING = (UUID(int=n) for n in range(1, 8))
ACCOUNTS = {
    CHECKING: Account(on_budget=True, currency="EUR"),
    CARD: Account(on_budget=True, currency="EUR", keeps_debt=True),
    OTHER: Account(on_budget=True, currency="EUR", keeps_debt=True),
    OFF: Account(on_budget=False, currency="EUR"),
}
OPENED = opening_cells(CHECKING, date(2026, 1, 1), 500_00)


def day(n: int, of: int = 1) -> date:
    return date(2026, of, n)


def first_months(*moved: Transaction | Transfer, allocations: dict[str, dict[UUID, int]]) -> list[Month]:
    periods = months(month("2026-01"), month("2026-03"))
    scope = scope_of(ACCOUNTS, [SALARY], "EUR")
    cells = added_up([OPENED, *(cells_of(each) for each in moved)])
    sums = month_lines(cells.items(), scope, periods)
    given = {
        key: Given(
            sums[key],
            {line: Allocation(minor, Rollover.SURPLUS) for line, minor in allocations.get(key, {}).items()},
        )
        for key in sums
    }
    made = list(derive(periods, given, Settings(cards=scope.cards), carried_into_first(0)))
    for one in made:
        held = balance([each for each in cells.items() if each[0].day <= one.period.last], scope)
        assert accounted(one) == held
    return made


def available(one: Month) -> dict[UUID | None, int]:
    return {row.category_id: row.available for row in one.lines}


@pytest.mark.parametrize(
    ("funds", "on_cards", "debt", "to_pay"),
    [
        # there is enough: all of it waits to pay the card
        (100, [(CARD, 75)], 0, [(CARD, 75)]),
        # there is not: what there is waits, the rest is debt
        (30, [(CARD, 75)], 45, [(CARD, 30)]),
        # an overspent envelope covers nothing
        (-20, [(CARD, 75)], 75, []),
        # two cards share in proportion, the odd cent goes to the first
        (51, [(CARD, 50), (OTHER, 50)], 49, [(CARD, 26), (OTHER, 25)]),
        # what came back on one card has funded the envelope, and leaves that card's row
        (40, [(CARD, 60), (OTHER, -40)], 20, [(CARD, 40), (OTHER, -40)]),
    ],
    ids=["covered", "partly", "overspent", "two cards", "a return"],
)
def test_what_an_envelope_does_to_cards(
    funds: int, on_cards: list[tuple[UUID, int]], debt: int, to_pay: list[tuple[UUID, int]]
) -> None:
    assert envelope(funds, tuple(on_cards)) == Envelope(debt, tuple(to_pay))


def test_what_is_covered_waits_for_the_card_and_what_is_not_is_its_debt() -> None:
    """
    |           | allocated | card | available | debt | waits |
    | groceries |       100 |  100 |         0 |    0 |   100 |
    | clothing  |         0 |   75 |       −75 |   75 |     0 |

    To be budgeted 500 − 100 = 400. In February clothing begins at 0; 175 paid: cash 325 = 400 − 75.
    """
    january, february, march = first_months(
        Transaction(day(20), CARD, [Split(GROCERIES, -100_00), Split(CLOTHING, -75_00)]),
        Transfer(day(5, of=2), CHECKING, CARD, 175_00, 175_00),
        allocations={"2026-01": {GROCERIES: 100_00}},
    )

    assert january.header.to_be_budgeted == 400_00
    assert available(january) == {CARD: 100_00, GROCERIES: 0, CLOTHING: -75_00}
    assert january.header.card_debt == 75_00
    assert february.header.to_be_budgeted == 400_00
    assert available(february) == {CARD: 100_00 - 175_00, GROCERIES: 0}
    assert march.header.to_be_budgeted == 400_00 - 75_00


def test_cash_counts_first_whatever_the_order() -> None:
    """100 aside, 80 on the card and then 60 in cash: 40 is left for the card, 40 is its debt."""
    january, *_ = first_months(
        Transaction(day(2), CARD, [Split(GROCERIES, -80_00)]),
        Transaction(day(9), CHECKING, [Split(GROCERIES, -60_00)]),
        allocations={"2026-01": {GROCERIES: 100_00}},
    )

    assert available(january) == {CARD: 40_00, GROCERIES: -40_00}
    assert january.header.card_debt == 40_00


def test_a_return_on_a_card_goes_back_to_its_envelope() -> None:
    """Spent 60 of 60 in January; 25 comes back in February: groceries 25, and 25 less waits for the card."""
    january, february, _ = first_months(
        Transaction(day(2), CARD, [Split(GROCERIES, -60_00)]),
        Transaction(day(3, of=2), CARD, [Split(GROCERIES, 25_00)]),
        allocations={"2026-01": {GROCERIES: 60_00}},
    )

    assert available(january) == {CARD: 60_00, GROCERIES: 0}
    assert available(february) == {CARD: 35_00, GROCERIES: 25_00}


def test_old_debt_is_paid_by_setting_money_aside_for_the_card() -> None:
    january, *_ = first_months(
        Transfer(day(8), CHECKING, CARD, 200_00, 200_00), allocations={"2026-01": {CARD: 250_00}}
    )

    assert january.header.to_be_budgeted == 500_00 - 250_00
    assert available(january) == {CARD: 50_00}


def test_a_payment_between_cards_moves_what_waits() -> None:
    january, *_ = first_months(
        Transaction(day(2), CARD, [Split(GROCERIES, -60_00)]),
        Transfer(day(8), OTHER, CARD, 60_00, 60_00),
        allocations={"2026-01": {GROCERIES: 60_00}},
    )

    assert available(january) == {CARD: 0, OTHER: 60_00, GROCERIES: 0}


def test_income_on_a_card_is_budgeted_and_lessens_what_waits() -> None:
    january, *_ = first_months(
        Transaction(day(2), CARD, [Split(GROCERIES, -60_00)]),
        Transaction(day(9), CARD, [Split(SALARY, 5_00)]),
        allocations={"2026-01": {GROCERIES: 60_00}},
    )

    assert january.header.to_be_budgeted == 500_00 + 5_00 - 60_00
    assert available(january) == {CARD: 55_00, GROCERIES: 0}


def test_what_is_excluded_on_a_card_and_its_opening_balance_count_nowhere() -> None:
    january, *_ = first_months(
        Transaction(day(2), CARD, [Split(GROCERIES, -60_00)], excluded=True), allocations={}
    )

    assert (january.header.excluded, january.lines) == (0, ())


def test_a_card_that_sends_money_off_the_budget_spends_it() -> None:
    january, *_ = first_months(
        Transfer(day(2), CARD, OFF, 60_00, 60_00, [Split(CLOTHING, 60_00)]),
        allocations={"2026-01": {CLOTHING: 100_00}},
    )

    assert available(january) == {CARD: 60_00, CLOTHING: 40_00}
