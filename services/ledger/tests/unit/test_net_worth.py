"""Net worth is the sum of the balances, month by month."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_common.problem import Invalid
from pfms_ledger.domain.net_worth import MonthSum, month_ends, net_worth

MONTHS = [date(2025 + n // 12, 1 + n % 12, 1) for n in range(24)]
SUMS = st.lists(
    st.builds(
        lambda account, month, minor: MonthSum(
            UUID(int=account), "EUR" if account % 2 else "JPY", month, minor
        ),
        st.integers(1, 4),
        st.sampled_from(MONTHS),
        st.integers(-(10**15), 10**15),
    ),
    max_size=30,
)


@pytest.mark.property(
    12, "As of a date: any day's balances and any month's sums are those of the postings dated until then"
)
@given(sums=SUMS)
def test_at_each_month_end_it_is_what_was_posted_until_then(sums):
    days = month_ends(MONTHS[0], date(2026, 12, 31))
    worth = net_worth(sums, days)

    assert len(days) == 24
    for each in worth:
        until = [one for one in sums if one.currency == each.currency and one.month <= each.date]
        assert each.net_worth_minor == sum(one.sum_minor for one in until)
        assert each.net_worth_minor == sum(each.balances.values())
        assert min(each.assets_minor, each.liabilities_minor) >= 0


def test_what_is_owed_stands_apart_from_what_is_held():
    sums = [MonthSum(UUID(int=n), "EUR", MONTHS[0], minor) for n, minor in enumerate((500, -200, -50))]

    (worth,) = net_worth(sums, [date(2025, 1, 31)])

    assert (worth.assets_minor, worth.liabilities_minor, worth.net_worth_minor) == (500, 250, 250)


def test_days_are_month_ends_and_the_last_one_asked_for():
    assert month_ends(date(2023, 12, 15), date(2024, 3, 10)) == [
        date(2023, 12, 31),
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 10),
    ]
    with pytest.raises(Invalid):
        month_ends(date(2024, 3, 10), date(2024, 3, 9))
    with pytest.raises(Invalid):
        month_ends(date(1900, 1, 1), date(2000, 1, 1))
