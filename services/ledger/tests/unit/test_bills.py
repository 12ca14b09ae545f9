"""What a bill comes to in a later year, what became of it, and which payments repeat without a plan."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_common.increase import full_years, increased, shared_out
from pfms_common.problem import Invalid
from pfms_common.recurrence import Schedule, occurrences
from pfms_ledger.domain.bill import days_ahead, status_of
from pfms_ledger.domain.detection import Payment, detect

TODAY = date(2026, 11, 21)


def test_an_amount_rises_on_each_anniversary_and_is_rounded_once():
    since = date(2024, 2, 29)
    rents = {
        day: increased(-100_005, Decimal("2.5"), since, day)
        for day in (since, date(2025, 2, 27), date(2025, 2, 28), date(2026, 2, 28))
    }

    assert list(rents.values()) == [-100_005, -100_005, -102_505, -105_068]
    assert full_years(date(2026, 1, 1), date(2025, 1, 1)) == 0


@given(
    parts=st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=6).filter(sum),
    factor=st.integers(1, 300),
)
def test_splits_of_another_amount_add_up_to_it(parts, factor):
    total = sum(parts) * factor // 100 or sum(parts)

    assert sum(shared_out(total, parts)) == total


def test_a_bill_is_scheduled_upcoming_due_overdue_and_in_the_end_paid_or_skipped():
    days = [8, 7, 1, 0, -1]

    assert [status_of(TODAY + timedelta(days=n), TODAY) for n in days] == [
        "scheduled",
        "upcoming",
        "upcoming",
        "due",
        "overdue",
    ]
    assert [status_of(TODAY, TODAY, settled) for settled in ("posted", "skipped")] == ["paid", "skipped"]


def test_a_window_reaches_so_many_days_or_months_ahead():
    windows = {"5": 5, "2-week": 14, "current_month": 9, "1-month": 30, "3-month": 92, "1-year": 365}

    assert {window: days_ahead(window, TODAY) for window in windows} == windows
    for window in ("0", "x", "11-year", "99999", "-3"):
        with pytest.raises(Invalid):
            days_ahead(window, TODAY)


@settings(max_examples=150, deadline=None)
@given(
    rule=st.sampled_from(
        [
            ("FREQ=WEEKLY", "weekly"),
            ("FREQ=WEEKLY;INTERVAL=2", "fortnightly"),
            ("FREQ=MONTHLY", "monthly"),
            ("FREQ=MONTHLY;INTERVAL=3", "quarterly"),
            ("FREQ=MONTHLY;INTERVAL=6", "half_yearly"),
            ("FREQ=YEARLY", "yearly"),
            ("FREQ=DAILY;INTERVAL=10", "days"),
        ]
    ),
    start=st.dates(date(2015, 1, 1), date(2020, 1, 1)),
    amounts=st.lists(st.integers(-20_000, -4_000), min_size=4, max_size=12),
)
def test_payments_of_any_schedule_are_found_whatever_their_amounts(rule, start, amounts):
    days = [each.date for each in occurrences(Schedule(rule[0], start), start, date(2040, 1, 1))]
    made = [Payment(day, amount) for day, amount in zip(days, amounts, strict=False)]

    found = detect(made)

    assert found is not None
    assert (found.period, found.payments, found.seen) == (rule[1], len(made), len(made))
    assert abs((found.next_date - days[len(made)]).days) <= 3
    assert found.least_minor in amounts
    assert found == detect(list(reversed(made)))


@given(
    st.lists(
        st.builds(Payment, st.dates(date(2020, 1, 1), date(2026, 1, 1)), st.integers(-500, -1)), max_size=8
    )
)
def test_what_is_expected_next_comes_after_the_last_payment(payments):
    found = detect(payments)

    assert found is None or found.last_date < found.next_date


def test_a_bill_whose_amount_varies_is_expected_at_its_usual_amount():
    days = [date(2026, month, 3) for month in range(1, 8)]
    power = [-8_100, -9_900, -7_000, -8_800, -12_000, -6_100, -8_300]

    found = detect([Payment(day, amount) for day, amount in zip(days, power, strict=True)])

    assert (found.amount_minor, found.is_variable) == (-8_800, True)
    assert (found.least_minor, found.most_minor) == (-6_100, -12_000)
    assert (found.rrule, found.next_date) == ("FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=3", date(2026, 8, 3))


def test_a_month_that_was_left_out_does_not_end_a_series_and_visits_without_a_pattern_are_none():
    rent = [date(2026, month, 1) for month in (1, 2, 3, 5, 6, 7)]
    shop = [date(2026, 1, 1) + timedelta(days=n) for n in (0, 3, 17, 19, 40, 41, 63, 90)]

    assert detect([Payment(day, -500) for day in rent]).period == "monthly"
    assert detect([Payment(day, -500) for day in shop]) is None


def test_the_last_day_of_the_month_stays_the_last_day():
    days = [date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28)]

    found = detect([Payment(day, -500) for day in days])

    assert (found.day_of_month, found.next_date) == (31, date(2026, 3, 31))
