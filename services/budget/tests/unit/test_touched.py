"""Which months a change touches."""

from datetime import date

import pytest

from pfms_budget.operations.touched import EVERYTHING, Touched
from pfms_common.period import month, months

PERIODS = months(month("2024-01"), month("2024-04"))


def on(*days, since=None):
    return Touched(
        frozenset(date.fromisoformat(day) for day in days), date.fromisoformat(since) if since else None
    )


@pytest.mark.parametrize(
    ("touched", "expected"),
    [
        (on("2024-02-29"), [2]),
        (on("2024-01-01", "2024-04-30"), [1, 4]),
        (on("2023-12-31"), [1]),
        (on(since="2024-03-15"), [3, 4]),
        (on("2024-01-05", since="2024-04-01"), [1, 4]),
        (EVERYTHING, [1, 2, 3, 4]),
        (on(), []),
    ],
)
def test_days_touch_their_months_and_what_lies_before_touches_the_first(touched, expected):
    assert sorted(touched.months(PERIODS)) == [date(2024, n, 1) for n in expected]


def test_two_changes_together_touch_what_each_touches():
    both = on("2024-01-05", since="2024-04-01") | on("2024-02-05", since="2024-03-01")

    assert (both.first, both.since) == (date(2024, 1, 5), date(2024, 3, 1))
    assert not on()
    assert on() | on() == on()
