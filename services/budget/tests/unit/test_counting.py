from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_budget.domain.cells import Cell, Kind, Tally
from pfms_budget.domain.counting import (
    Account,
    Figure,
    LineSum,
    PeriodSums,
    Scope,
    counts_as,
    month_lines,
    scope_of,
)
from pfms_common.period import month, months

DAY = date(2026, 1, 15)
CHECKING, SAVINGS, PENSION, DOLLARS, UNKNOWN, SALARY, GROCERIES, NEW, OWED = (
    UUID(int=n) for n in range(1, 10)
)
SCOPE = scope_of(
    {
        CHECKING: Account(on_budget=True, currency="EUR"),
        SAVINGS: Account(on_budget=True, currency="EUR"),
        PENSION: Account(on_budget=False, currency="EUR"),
        DOLLARS: Account(on_budget=True, currency="USD"),
    },
    [SALARY],
    "EUR",
    [OWED],
)


def test_accounts_on_the_budget_in_the_base_currency_are_counted() -> None:
    assert (
        Scope(frozenset({CHECKING, SAVINGS}), frozenset({SALARY}), (DOLLARS,), receivable=frozenset({OWED}))
        == SCOPE
    )


@pytest.mark.parametrize(
    ("account", "kind", "category", "counter", "figure"),
    [
        (CHECKING, Kind.SPLIT, GROCERIES, None, Figure.SPENDING),
        (CHECKING, Kind.SPLIT, None, None, Figure.SPENDING),
        (CHECKING, Kind.SPLIT, NEW, None, Figure.SPENDING),
        (CHECKING, Kind.SPLIT, SALARY, None, Figure.INCOME),
        (CHECKING, Kind.NEXT_PERIOD, SALARY, None, Figure.HELD_INCOME),
        (CHECKING, Kind.NEXT_PERIOD, GROCERIES, None, Figure.SPENDING),
        (CHECKING, Kind.NEXT_PERIOD, None, None, Figure.SPENDING),
        (CHECKING, Kind.EXCLUDED, None, None, Figure.EXCLUDED),
        (CHECKING, Kind.OPENING, None, None, Figure.OPENING),
        (CHECKING, Kind.SPLIT, OWED, None, Figure.EXCLUDED),
        (CHECKING, Kind.NEXT_PERIOD, OWED, None, Figure.EXCLUDED),
        (CHECKING, Kind.SPLIT, OWED, PENSION, Figure.EXCLUDED),
        (CHECKING, Kind.SPLIT, OWED, SAVINGS, None),
        (PENSION, Kind.SPLIT, OWED, None, None),
        (CHECKING, Kind.SPLIT, None, SAVINGS, None),
        (CHECKING, Kind.SPLIT, GROCERIES, SAVINGS, None),
        (CHECKING, Kind.SPLIT, GROCERIES, PENSION, Figure.SPENDING),
        (CHECKING, Kind.SPLIT, SALARY, PENSION, Figure.INCOME),
        (CHECKING, Kind.NEXT_PERIOD, SALARY, PENSION, Figure.HELD_INCOME),
        (CHECKING, Kind.SPLIT, None, DOLLARS, Figure.SPENDING),
        (CHECKING, Kind.SPLIT, None, UNKNOWN, Figure.SPENDING),
        (PENSION, Kind.SPLIT, GROCERIES, CHECKING, None),
        (PENSION, Kind.SPLIT, GROCERIES, None, None),
        (PENSION, Kind.OPENING, None, None, None),
        (DOLLARS, Kind.EXCLUDED, None, None, None),
        (UNKNOWN, Kind.SPLIT, SALARY, None, None),
    ],
    ids=lambda value: value.name if isinstance(value, Kind | Figure) else str(value)[-1:],
)
def test_a_cell_counts_by_its_account_its_counterpart_and_its_category(
    account: UUID, kind: Kind, category: UUID | None, counter: UUID | None, figure: Figure | None
) -> None:
    assert counts_as(Cell(DAY, account, kind, category, counter), SCOPE) is figure


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_read_back_as_plain_text_counts_the_same(kind: Kind) -> None:
    as_text: Any = kind.value

    for category in (SALARY, None):
        cell = Cell(DAY, CHECKING, kind, category, None)
        assert counts_as(cell._replace(kind=as_text), SCOPE) is counts_as(cell, SCOPE)


def test_the_sums_of_a_month_hold_what_is_dated_in_it_to_its_last_day() -> None:
    cells = [
        (Cell(date(2025, 12, 31), CHECKING, Kind.SPLIT, GROCERIES, None), Tally(-1, 1)),
        (Cell(date(2026, 1, 1), CHECKING, Kind.SPLIT, GROCERIES, None), Tally(-10, 1)),
        (Cell(date(2026, 1, 31), SAVINGS, Kind.SPLIT, GROCERIES, None), Tally(-200, 2)),
        (Cell(date(2026, 1, 31), CHECKING, Kind.SPLIT, SALARY, None), Tally(-7, 1)),
        (Cell(date(2026, 1, 31), CHECKING, Kind.OPENING, None, None), Tally(40, 0)),
        (Cell(date(2026, 2, 28), CHECKING, Kind.NEXT_PERIOD, SALARY, None), Tally(3000, 1)),
        (Cell(date(2026, 2, 28), CHECKING, Kind.EXCLUDED, None, None), Tally(-5, 1)),
        (Cell(date(2026, 3, 1), CHECKING, Kind.SPLIT, GROCERIES, None), Tally(-50_000, 1)),
    ]

    sums = month_lines(cells, SCOPE, months(month("2026-01"), month("2026-02")))

    assert sums == {
        "2026-01": PeriodSums(income=-7, openings=40, lines={GROCERIES: LineSum(210, 3)}),
        "2026-02": PeriodSums(held_income=3000, excluded=-5),
    }


def test_a_month_in_which_nothing_happened_has_sums_of_zero() -> None:
    assert month_lines([], SCOPE, [month("2026-01")]) == {"2026-01": PeriodSums()}


def test_no_periods_have_no_sums() -> None:
    assert month_lines([(Cell(DAY, CHECKING, Kind.OPENING, None, None), Tally(1, 0))], SCOPE, []) == {}


@settings(deadline=None)
@given(
    moved=st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2026, 3, 31)), st.integers(-99, 99), st.booleans()),
        max_size=20,
    )
)
def test_cells_may_be_added_up_by_period_before_they_are_judged(
    moved: list[tuple[date, int, bool]],
) -> None:
    periods = months(month("2026-01"), month("2026-03"))
    daily = [
        (Cell(day, CHECKING, Kind.SPLIT, GROCERIES if known else None, None), Tally(minor, 1))
        for day, minor, known in moved
    ]
    monthly = [(cell._replace(day=cell.day.replace(day=1)), tally) for cell, tally in daily]

    assert month_lines(monthly, SCOPE, periods) == month_lines(daily, SCOPE, periods)
