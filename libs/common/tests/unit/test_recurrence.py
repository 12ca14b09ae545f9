"""Laws of recurrence: no drift, no occurrence twice, rising days, bounded shifts; RFC 5545 as others read it."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_common.holiday import days_off
from pfms_common.recurrence import Schedule, check_schedule, nominal_days, occurrences
from pfms_common.rrule import BadRecurrence, parse
from pfms_common.weekend import MOST_DAYS

days = st.dates(date(1990, 1, 1), date(2035, 12, 31))
weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])


def several(numbers, most=3):
    return st.lists(numbers, min_size=1, max_size=most, unique=True).map(
        lambda each: ",".join(map(str, each))
    )


@st.composite
def rules(draw):
    """Rules of every kind, a few parts each.

    Weekdays with and without a number side by side, and BYSETPOS of a week, dateutil reads otherwise than RFC 5545.
    """
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    numbers = [""] if frequency in {"DAILY", "WEEKLY"} or draw(st.booleans()) else [1, 2, -1]
    weekday = st.builds("{}{}".format, st.sampled_from(numbers), weekdays)
    choices = {
        "BYMONTH": several(st.integers(1, 12)),
        "BYMONTHDAY": several(st.one_of(st.integers(1, 31), st.integers(-31, -1))),
        "BYDAY": several(weekday),
        "BYWEEKNO": several(st.one_of(st.integers(1, 53), st.integers(-5, -1))),
        "BYYEARDAY": several(st.one_of(st.integers(1, 366), st.integers(-366, -1))),
        "WKST": weekdays,
    }
    names = draw(st.lists(st.sampled_from(sorted(choices)), max_size=3, unique=True))
    parts += [f"{name}={draw(choices[name])}" for name in names]
    if frequency in {"MONTHLY", "YEARLY"} and {"BYDAY", "BYMONTHDAY"} & {*names} and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(several(st.sampled_from([1, 2, -1]), 2))}")
    return ";".join(parts)


@st.composite
def schedules(draw):
    """Schedules with weekend rules and ends."""
    return Schedule(
        draw(rules()),
        draw(days),
        count=draw(st.one_of(st.none(), st.integers(1, 40))),
        short_months=draw(st.sampled_from(["last_day", "skip"])),
        weekend_rule=draw(st.sampled_from(["none", "skip", "before", "after"])),
        holidays=draw(st.sampled_from([None, "DE", "US", "CN"])),
    )


@pytest.mark.property(9, "Scheduling: a rule of any kind names the days that RFC 5545 means by it")
@settings(max_examples=100, deadline=None)
@given(rule=rules(), start=days)
def test_a_rule_names_the_days_that_dateutil_finds(rule, start):
    ours = list(nominal_days(Schedule(rule, start, short_months="skip"), start, start + timedelta(days=1500)))
    # No more are asked for than there are: dateutil looks for one that never comes until the year 9999.
    theirs = islice(rrulestr(rule, dtstart=datetime.combine(start, time())), len(ours))

    assert ours == [each.date() for each in theirs]


@settings(max_examples=100, deadline=None)
@given(schedule=schedules(), far=st.integers(0, 1500), length=st.integers(0, 400))
def test_a_window_shows_what_the_whole_shows_there(schedule, far, length):
    first = schedule.start + timedelta(days=far)
    last = first + timedelta(days=length)

    whole = occurrences(schedule, schedule.start - timedelta(days=30), last)
    window = list(occurrences(schedule, first, last))

    assert window == [each for each in whole if each.date >= first]


@pytest.mark.property(9, "Scheduling: shifts are bounded, never land on a weekend, and no date comes twice")
@settings(max_examples=100, deadline=None)
@given(schedule=schedules())
def test_occurrences_rise_come_once_and_move_by_days_off_only(schedule):
    until = schedule.start + timedelta(days=1200)
    found = list(islice(occurrences(schedule, date(1989, 1, 1), until), 200))

    assert all(one.nominal < other.nominal and one.date < other.date for one, other in pairwise(found))
    assert len(found) <= (schedule.count or 200)
    for each in found:
        assert schedule.start <= each.nominal
        shift = (each.date - each.nominal).days
        assert abs(shift) <= MOST_DAYS
        if schedule.weekend_rule != "none":
            assert each.date.weekday() < 5
        if schedule.holidays is None:
            assert (
                shift
                in {"none": [0], "skip": [0], "before": [0, -1, -2], "after": [0, 1, 2]}[
                    schedule.weekend_rule
                ]
            )


@pytest.mark.property(9, "Scheduling: the first day is the anchor, whatever a short month made of it")
@settings(max_examples=100, deadline=None)
@given(start=days, interval=st.integers(1, 14))
def test_a_month_without_the_day_takes_its_last_one_and_the_next_month_the_day_again(start, interval):
    schedule = Schedule(f"FREQ=MONTHLY;INTERVAL={interval}", start)

    found = list(islice(nominal_days(schedule, start, date(2200, 1, 1)), 50))

    for n, day in enumerate(found):
        year, month = divmod(start.year * 12 + start.month - 1 + n * interval, 12)
        assert day == date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=SECONDLY", "FREQ=DAILY"),
        ("FREQ=HOURLY;COUNT=3", "FREQ=DAILY"),
        ("COUNT=3", "FREQ=DAILY"),
        ("FREQ=DAILY;COUNT=1000000000", "COUNT"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20300101", "not both"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYHOUR=3", "BYHOUR"),
        ("FREQ=WEEKLY;BYDAY=2MO", "numbers weekdays"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=XX", "weekday"),
        ("FREQ=YEARLY;UNTIL=20300230", "UNTIL"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=YEARLY;BYMONTH=" + ",".join(["1"] * 63), "more than"),
        ("RRULE:FREQ=DAILY", "NAME=VALUE"),
        ("FREQ=DAILY;BYMONTHDAY=" + "1," * 300 + "1", "characters"),
        ("", "NAME=VALUE"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_in_words(rule, why):
    with pytest.raises(BadRecurrence, match=why):
        parse(rule)


def test_a_rule_that_names_no_day_ends_the_search_where_it_is_told_to():
    schedule = Schedule("FREQ=DAILY;INTERVAL=7;BYDAY=TU", date(2026, 1, 5), weekend_rule="after")

    assert list(occurrences(schedule, date(2026, 1, 1), date(2036, 1, 1))) == []


def test_a_schedule_that_ends_before_it_starts_is_refused():
    with pytest.raises(BadRecurrence, match="before it starts"):
        check_schedule(Schedule("FREQ=DAILY", date(2026, 1, 2), end=date(2026, 1, 1)))


def test_a_holiday_moves_an_occurrence_like_a_weekend():
    new_year = Schedule("FREQ=YEARLY", date(2026, 1, 1), weekend_rule="after", holidays="DE")
    found = [each.date for each in occurrences(new_year, date(2026, 1, 1), date(2028, 12, 31))]

    assert date(2027, 1, 1) in days_off("DE", 2027)
    assert found == [date(2026, 1, 2), date(2027, 1, 4), date(2028, 1, 3)]


def test_a_daily_plan_moved_from_weekends_comes_once_a_working_day():
    daily = Schedule("FREQ=DAILY", date(2026, 11, 2), weekend_rule="before")
    found = [each.date.day for each in occurrences(daily, date(2026, 11, 2), date(2026, 11, 15))]

    assert found == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]
