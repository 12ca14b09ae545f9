from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_common.period import (
    Period,
    PeriodError,
    check_gapless,
    month,
    month_of,
    months,
    next_month,
    previous_month,
)

days = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@pytest.mark.parametrize(
    ("key", "last"),
    [
        ("2026-01", date(2026, 1, 31)),
        ("2026-02", date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 29)),
        ("1900-02", date(1900, 2, 28)),
        ("2000-02", date(2000, 2, 29)),
        ("2200-12", date(2200, 12, 31)),
    ],
)
def test_a_month_runs_from_the_first_to_the_last_day_of_the_calendar(key: str, last: date) -> None:
    assert month(key) == Period(key, last.replace(day=1), last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-1",
        "2026-00",
        "2026-13",
        "26-01",
        "2026-01-01",
        " 2026-01",
        "2026-01\n",
        "2026/01",
        "٢٠٢٦-٠١",
    ],
)
def test_other_text_is_no_month(text: str) -> None:
    with pytest.raises(PeriodError, match="is no month; write it as YYYY-MM"):
        month(text)


@pytest.mark.parametrize("key", ["1899-12", "2201-01", "0000-01", "9999-12"])
def test_a_month_outside_the_years_1900_to_2200_is_refused(key: str) -> None:
    with pytest.raises(PeriodError, match="outside 1900 to 2200"):
        month(key)


def test_the_range_of_years_has_no_neighbours() -> None:
    with pytest.raises(PeriodError):
        previous_month(month("1900-01"))
    with pytest.raises(PeriodError):
        next_month(month("2200-12"))


@given(days)
def test_every_day_lies_in_its_month_and_the_key_reads_back(day: date) -> None:
    period = month_of(day)

    assert day in period
    assert period.first - timedelta(days=1) not in period
    assert period.last + timedelta(days=1) not in period
    assert month(period.key) == period


@given(days.filter(lambda day: day < date(2200, 12, 1)))
def test_the_next_month_begins_where_this_one_ends_and_leads_back(day: date) -> None:
    period = month_of(day)
    after = next_month(period)

    assert after.first == period.last + timedelta(days=1)
    assert previous_month(after) == period
    assert period.key < after.key


@settings(deadline=None)
@given(days, days)
def test_a_range_is_gapless_and_holds_both_ends(one: date, other: date) -> None:
    first, last = month_of(min(one, other)), month_of(max(one, other))
    periods = months(first, last)

    check_gapless(periods)
    assert (periods[0], periods[-1]) == (first, last)
    assert (
        sum((period.last - period.first).days + 1 for period in periods) == (last.last - first.first).days + 1
    )


def test_a_range_that_ends_before_it_begins_is_empty() -> None:
    assert months(month("2026-02"), month("2026-01")) == []


@pytest.mark.parametrize(
    "keys",
    [["2026-01", "2026-03"], ["2026-02", "2026-01"], ["2026-01", "2026-01"]],
    ids=["gap", "back", "twice"],
)
def test_periods_that_do_not_follow_each_other_are_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="does not begin on the day after"):
        check_gapless([month(key) for key in keys])


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        check_gapless([Period("2026-01-15", date(2026, 1, 15), date(2026, 1, 14))])


def test_two_periods_may_begin_in_one_month() -> None:
    check_gapless(
        [
            Period("2026-01-02", date(2026, 1, 2), date(2026, 1, 29)),
            Period("2026-01-30", date(2026, 1, 30), date(2026, 2, 26)),
        ]
    )
