"""What rules want of a month, and who gets what of the money that is there, by hand; amounts in cents.

January 2024                                            carry in     wants
up to 500.00                                               90.00     410.00
up to 10.00 a day: 31 days                                  0.00     310.00
up to 100.00 a week from Mondays: 1, 8, 15, 22, 29          0.00     500.00
100.00 every 10 days from 1 January: 1, 11, 21, 31                   400.00
1,000.00 by March and 2,000.00 by June                      0.00     666.67
    in March 1,000 and 3/6 of 2,000 must be there: 2,000 in 3 months
the same, each needed once a year                           0.00     833.33
    in March 1,000 and (12 − 5 + 2)/12 of 2,000: 2,500 in 3 months
a bill of 600.00 on 15 March                                0.00     200.00
the same, with 150.00 there                               150.00     150.00
a bill of 50.00 each week (1, 8, 15, 22, 29), 600.00 in March,
    with 300.00 there: 250 for the weeks, 50 for March    300.00     183.33
the average of 100, −200 and 300, a tenth less, and 11.00            71.00 (60.00 + 11.00)
"""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_budget.domain.assigning.asked import Asked
from pfms_budget.domain.assigning.average import Average
from pfms_budget.domain.assigning.bills import Bill, Bills
from pfms_budget.domain.assigning.by_date import ByDate, Target
from pfms_budget.domain.assigning.periodic import Periodic
from pfms_budget.domain.assigning.rules import RulesInEachOthersWay, check_rules
from pfms_budget.domain.assigning.sharing import Claim, share_out
from pfms_budget.domain.assigning.standing import Fixed, Percentage
from pfms_budget.domain.assigning.up_to import UpTo
from pfms_common.period import month
from pfms_common.rrule import BadRecurrence

JANUARY = month("2024-01")
MONDAY = date(2024, 1, 1)
MARCH = Bill(60_000, date(2024, 3, 15))
FOOD, RENT, FUN = (UUID(int=n) for n in range(1, 4))


@pytest.mark.parametrize(
    ("rule", "carry_in", "wants"),
    [
        (Fixed(30_000), 500, 30_000),
        (Percentage(12_50), 0, 25_000),
        (UpTo(50_000), 9_000, 41_000),
        (UpTo(50_000), 60_000, 0),
        (UpTo(50_000), -1_000, 51_000),
        (UpTo(1_000, "day"), 0, 31_000),
        (UpTo(10_000, "week", MONDAY), 0, 50_000),
        (Periodic(10_000, "FREQ=DAILY;INTERVAL=10", MONDAY), 0, 40_000),
        (Periodic(10_000, "FREQ=WEEKLY", date(2024, 2, 1)), 0, 0),
        (ByDate([Target(100_000, "2024-03"), Target(200_000, "2024-06")]), 0, 66_667),
        (ByDate([Target(100_000, "2023-03", 12), Target(200_000, "2023-06", 12)]), 0, 83_333),
        (ByDate([Target(100_000, "2024-01")]), 30_000, 70_000),
        (ByDate([Target(100_000, "2023-12")]), 0, 0),
        (Bills([MARCH]), 0, 20_000),
        (Bills([MARCH]), 15_000, 15_000),
        (Bills([MARCH]), -600, 20_600),
        (Bills([Bill(60_000, date(2024, 3, 15), whole=True)]), 0, 0),
        (Bills([Bill(60_000, date(2024, 1, 15), whole=True)]), 0, 60_000),
        (Bills([Bill(60_000, date(2023, 12, 15))]), 0, 0),
        (Bills([MARCH, Bill(5_000, MONDAY, "FREQ=WEEKLY")]), 30_000, 18_333),
        (Average(3, -10_00, 1_100), 0, 7_100),
        (Average(1), 0, 10_000),
    ],
)
def test_the_table(rule, carry_in, wants):
    asked = Asked(JANUARY, carry_in, income=200_000, spent=[10_000, -20_000, 30_000])

    assert rule.wants(asked) == wants


def test_without_months_before_an_average_is_nothing():
    assert Average(3, 0, 1_100).wants(Asked(JANUARY)) == 0


@given(st.integers(1, 10**9), st.integers(0, 36))
def test_what_is_saved_by_a_date_is_there_in_time(amount, months_left):
    year, before = divmod(months_left, 12)
    rule, saved = ByDate([Target(amount, f"{2024 + year}-{before + 1:02}")]), 0
    for n in range(months_left + 1):
        period = month(f"{2024 + n // 12}-{n % 12 + 1:02}")
        saved += rule.wants(Asked(period, carry_in=saved))

    assert saved == amount


class TestSharing:
    def test_an_earlier_priority_is_served_first(self):
        claims = [Claim(FOOD, "fixed", 2, 20_000), Claim(RENT, "fixed", 1, 10_000)]

        assert share_out(15_000, claims, {}) == [5_000, 10_000]

    def test_claims_of_one_priority_get_parts_of_what_does_not_cover_them(self):
        claims = [Claim(FOOD, "fixed", 0, 200), Claim(RENT, "fixed", 0, 100)]

        assert share_out(100, claims, {}) == [67, 33]

    def test_what_a_category_has_counts_for_its_first_claims(self):
        claims = [Claim(FOOD, "fixed", 2, 50), Claim(FOOD, "bills", 1, 100)]

        assert share_out(1_000, claims, {FOOD: 120}) == [30, 0]

    def test_the_remainder_goes_by_weight_to_the_last_cent(self):
        claims = [
            Claim(FOOD, "remainder", weight=2),
            Claim(FUN, "remainder", weight=1),
            Claim(RENT, "fixed", 0, 1),
        ]

        assert share_out(102, claims, {}) == [67, 34, 1]

    def test_of_less_than_nothing_nobody_gets_anything(self):
        assert share_out(-5, [Claim(FOOD, "fixed", 0, 10), Claim(FUN, "remainder", weight=1)], {}) == [0, 0]

    claims = st.builds(
        Claim,
        st.sampled_from([FOOD, RENT, FUN]),
        st.just("fixed"),
        st.integers(0, 2),
        st.integers(0, 10**9),
        st.integers(0, 3),
    )

    @given(st.integers(-(10**9), 10**10), st.lists(claims, max_size=8))
    def test_never_more_than_there_is_and_a_second_time_nothing_is_lacking(self, available, claims):
        gets = share_out(available, claims, {})
        has: dict[UUID, int] = {}
        for claim, got in zip(claims, gets, strict=True):
            has[claim.category_id] = has.get(claim.category_id, 0) + got

        assert all(got >= 0 for got in gets)
        assert sum(gets) <= max(0, available)
        if not any(claim.weight for claim in claims):
            assert all(got <= claim.wanted_minor for got, claim in zip(gets, claims, strict=True))
            if sum(gets) < available:
                assert not any(share_out(available - sum(gets), claims, has))


def test_two_rules_that_count_the_same_saved_money_are_refused():
    with pytest.raises(RulesInEachOthersWay):
        check_rules([UpTo(1), Bills([MARCH])])


@pytest.mark.parametrize(
    "rule", [Periodic(1, "FREQ=SOMETIMES", MONDAY), Bills([Bill(1, MONDAY, "FREQ=MONTHLY;UNTIL=20200101")])]
)
def test_days_that_no_rule_names_are_refused(rule):
    with pytest.raises(BadRecurrence):
        check_rules([rule])
