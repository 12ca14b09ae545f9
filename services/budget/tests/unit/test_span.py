from datetime import date

import pytest

from pfms_budget.domain.periods import Calendar
from pfms_budget.domain.span import budget_months, check_plannable
from pfms_common.period import month
from pfms_common.problem import Invalid

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("planned", "last_movement", "last"),
    [
        (["2026-10"], None, "2026-12"),
        (["2026-10"], date(2026, 11, 2), "2026-12"),
        (["2026-10"], date(2027, 2, 28), "2027-02"),
        (["2027-04", "2026-10"], date(2027, 2, 28), "2027-04"),
        (["2026-10", "2026-11"], date(2025, 1, 1), "2026-12"),
    ],
    ids=["next month", "past payment", "future payment", "planned ahead", "old payment"],
)
def test_a_budget_runs_from_the_first_planned_month_to_the_last_one_in_use_or_the_next(
    planned: list[str], last_movement: date | None, last: str
) -> None:
    periods = budget_months(Calendar(), [month(key).first for key in planned], last_movement, TODAY)

    assert (periods[0].key, periods[-1].key) == ("2026-10", last)


def test_a_book_without_a_plan_has_no_budget_months() -> None:
    assert budget_months(Calendar(), [], date(2026, 11, 2), TODAY) == []


def test_a_plan_that_begins_later_has_no_month_before_it() -> None:
    assert [period.key for period in budget_months(Calendar(), [month("2027-03").first], None, TODAY)] == [
        "2027-03"
    ]


@pytest.mark.parametrize("key", ["1976-01", "2026-11", "2076-12"])
def test_fifty_years_either_way_may_be_planned(key: str) -> None:
    check_plannable(month(key), TODAY)


@pytest.mark.parametrize("key", ["1975-12", "2077-01", "1900-01", "2200-12"])
def test_a_month_that_nobody_can_mean_may_not(key: str) -> None:
    with pytest.raises(Invalid, match="1976 to 2076"):
        check_plannable(month(key), TODAY)
