"""What a habit costs, and a month against the one before it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.period import month
from pfms_common.period import months as between
from pfms_ledger.domain.habit import Sum, cost_of, months


@pytest.mark.parametrize(("quantity", "unit", "cost"), [("1", 450, 450), ("0.5", 45, 22), ("1.5", 45, 68)])
def test_a_cost_is_rounded_once_half_even(quantity, unit, cost):
    assert cost_of(Decimal(quantity), unit) == cost


def test_a_month_is_held_against_the_one_before_it_less_the_wanted_part():
    sums = {"2025-12": Sum(Decimal(20), 9_000, 20), "2026-01": Sum(Decimal(18), 8_100, 16)}

    found = months(sums, between(month("2025-12"), month("2026-03")), 10)

    assert [(each.month, each.quantity, each.target, each.is_met) for each in found] == [
        ("2025-12", 20, None, None),
        ("2026-01", 18, Decimal("18.00"), True),
        ("2026-02", 0, Decimal("16.20"), True),
        ("2026-03", 0, None, None),
    ]


@given(before=st.integers(1, 1_000), now=st.integers(0, 1_000), percent=st.integers(0, 100))
def test_a_target_is_met_exactly_when_the_month_was_no_more_than_it(before, now, percent):
    sums = {"2026-01": Sum(Decimal(before), 0, 1), "2026-02": Sum(Decimal(now), 0, 1)}

    (found,) = months(sums, [month("2026-02")], percent)

    assert found.is_met == (now * 100 <= before * (100 - percent))
