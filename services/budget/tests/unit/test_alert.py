"""When somebody is alerted, as tables of cents."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from uuid import UUID

import pytest

from pfms_budget.domain.alert import (
    Alert,
    AlertKind,
    Look,
    concerns,
    crossings,
    is_brought_along,
    is_unbudgeted,
)
from pfms_budget.domain.cells import Split, Transaction, added_up, cells_of, opening_cells
from pfms_budget.domain.counting import Account, month_lines, scope_of
from pfms_budget.domain.month import Allocation, Given, Month, Settings, carried_into_first, month_from
from pfms_budget.domain.rollover import Rollover
from pfms_common.period import month

CHECKING, GROCERIES = UUID(int=1), UUID(int=2)
JANUARY = month("2026-01")
AT_80, AT_100 = (Alert(AlertKind.ALLOCATION, GROCERIES, percent) for percent in (80, 100))
OVERSPENT, OVER_ALLOCATED = Alert(AlertKind.OVERSPENT, GROCERIES), Alert(AlertKind.OVER_ALLOCATED)
DEFAULT = Look()


def january(spent: int, allocated: int = 100_00, balance: int = 500_00) -> Month:
    cells = added_up(
        [
            opening_cells(CHECKING, date(2026, 1, 1), balance),
            cells_of(Transaction(date(2026, 1, 5), CHECKING, [Split(GROCERIES, -spent)])) if spent else {},
        ]
    )
    scope = scope_of({CHECKING: Account(on_budget=True, currency="EUR")}, [], "EUR")
    given = Given(
        month_lines(cells.items(), scope, [JANUARY])["2026-01"],
        {GROCERIES: Allocation(allocated, Rollover.SURPLUS)} if allocated else {},
    )
    return month_from(JANUARY, carried_into_first(0), given, Settings())


def told_of(*months: Month) -> list[set[Alert]]:
    """What is told when one month becomes the next, and so on."""
    told: set[Alert] = set()
    steps = []
    for before, after in pairwise([january(0), *months]):
        found = crossings(before, after, DEFAULT, told)
        assert concerns(before, after, DEFAULT) or not (found.begun or found.over)
        told = (told | found.begun) - found.over
        steps.append(set(found.begun))
    return steps


def test_each_threshold_is_told_once_and_again_only_after_it_fell_five_points_below() -> None:
    """
    | spent of 100.00 | told       |
    |           79.99 |            |
    |           80.00 | 80 %       |
    |           79.00 |            |
    |           85.00 |            |
    |           75.00 | armed      |
    |           81.00 | 80 %       |
    |          100.00 | 100 %      |
    |           95.01 |            |
    |          100.00 |            |
    |           95.00 | armed      |
    |          100.00 | 100 %      |
    """
    spent = (79_99, 80_00, 79_00, 85_00, 75_00, 81_00, 100_00, 95_01, 100_00, 95_00, 100_00)

    assert told_of(*map(january, spent)) == [
        *(set(), {AT_80}, set(), set(), set(), {AT_80}),
        *({AT_100}, set(), set(), set(), {AT_100}),
    ]


def test_a_cent_too_much_is_overspent_and_mending_it_arms_it() -> None:
    """
    | allocated | spent  | told                     |
    |    100.00 | 100.01 | 80 %, 100 %, overspent   |
    |    200.00 | 100.01 | all armed                |
    |    100.00 | 100.01 | 80 %, 100 %, overspent   |
    """
    all_three = {AT_80, AT_100, OVERSPENT}
    months = january(100_01), january(100_01, 200_00), january(100_01)

    assert told_of(*months) == [all_three, set(), all_three]


def test_setting_more_aside_than_there_is_is_told_until_it_is_mended() -> None:
    """
    | balance | allocated | to be budgeted | told           |
    |  500.00 |    500.01 |          −0.01 | over allocated |
    |  500.00 |    600.00 |        −100.00 |                |
    |  500.00 |    500.00 |           0.00 | armed          |
    |  500.00 |    500.01 |          −0.01 | over allocated |
    """
    months = (january(0, each) for each in (500_01, 600_00, 500_00, 500_01))

    assert told_of(*months) == [{OVER_ALLOCATED}, set(), set(), {OVER_ALLOCATED}]


def test_what_nobody_plans_for_has_no_threshold() -> None:
    assert told_of(january(50_00, allocated=0)) == [set()]


def test_a_line_that_did_not_change_keeps_its_alerts() -> None:
    """Of later months only the lines are known in which they differ."""
    found = crossings(january(0, 0), january(0, 0), DEFAULT, {AT_80})

    assert found.over == frozenset()


@pytest.mark.parametrize(
    ("day", "allocated", "is_due"), [(2, 0, False), (3, 0, True), (31, 0, True), (3, 1, False)]
)
def test_a_month_should_be_budgeted_by_its_third_day(day: int, allocated: int, *, is_due: bool) -> None:
    assert is_unbudgeted(january(0, allocated), date(2026, 1, day)) == is_due


def test_what_the_next_month_only_takes_over_is_not_told_of_it() -> None:
    """
    | start   | income | allocated | to be budgeted | of the running month | of the next    |
    | −100.00 |        |           |        −100.00 | over allocated       |                |
    | −100.00 |  60.00 |           |         −40.00 | over allocated       |                |
    | −100.00 |        |      0.01 |        −100.01 | over allocated       | over allocated |
    |   50.00 |        |     50.01 |          −0.01 | over allocated       | over allocated |
    """
    rows = [
        (-100_00, 0, 0, False),
        (-100_00, 60_00, 0, False),
        (-100_00, 0, 1, True),
        (50_00, 0, 50_01, True),
    ]
    for start, income, allocated, is_told_of_the_next in rows:
        header = replace(
            january(0, 0).header,
            start=start,
            income=income,
            allocated=allocated,
            to_be_budgeted=start + income - allocated,
        )
        after = replace(january(0, 0), header=header)

        assert crossings(None, after, Look(), ()).begun == {OVER_ALLOCATED}
        found = crossings(None, after, Look(is_running=False), ()).begun
        assert found == ({OVER_ALLOCATED} if is_told_of_the_next else set())


def test_what_earlier_months_hand_on_is_told_from_what_the_month_did_itself() -> None:
    """Less on the account before January began, as a row of an old statement leaves it; or more set aside."""
    before, poorer, more = january(0, 400_00), january(0, 400_00), january(0, 600_00)
    start = before.header.start - 500_00
    poorer = replace(
        poorer,
        header=replace(poorer.header, start=start, to_be_budgeted=poorer.header.to_be_budgeted - 500_00),
    )

    assert is_brought_along(before, poorer, OVER_ALLOCATED)
    assert not is_brought_along(before, more, OVER_ALLOCATED)
    assert not is_brought_along(None, poorer, OVER_ALLOCATED)
    assert not is_brought_along(january(0), january(100_01), OVERSPENT)


def test_another_month_is_not_looked_at() -> None:
    assert not is_unbudgeted(january(0, 0), date(2026, 2, 5))
