"""The days of a plan against a scan of ten years, day by day, which knows the calendar and nothing of rules."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfms_common.recurrence import Occurrence, Schedule, next_after, nominal_days, occurrences

TEN_YEARS = 3_653
DAY = timedelta(days=1)
MARGIN = 14 * DAY
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Where calendars are uneven: ends of months and years, leap days of the two kinds, nights without 2 o'clock.
UNEVEN = (
    "2000-02-29",
    "2023-12-31",
    "2024-01-31",
    "2024-02-29",
    "2024-03-31",
    "2024-12-30",
    "2025-01-01",
    "2025-08-30",
)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A rule as text. `falls` takes a day, the first one, and whether a month's last day stands for later ones."""

    rrule: str
    falls: Callable[[date, date, bool], bool]


def length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def months(day: date) -> int:
    return day.year * 12 + day.month


def monday(day: date) -> date:
    return day - day.weekday() * DAY


def is_day(day: date, wanted: int, clamp: bool) -> bool:
    """Whether it is that day of its month, from the end when below zero."""
    number = wanted if wanted > 0 else length(day) + 1 + wanted
    return day.day == (min(number, length(day)) if clamp else number)


@st.composite
def daily(draw):
    every = draw(st.integers(1, 40))
    return Repeat(f"FREQ=DAILY;INTERVAL={every}", lambda day, start, _: (day - start).days % every == 0)


@st.composite
def weekly(draw):
    every, on = draw(st.integers(1, 8)), draw(st.sets(st.integers(0, 6), max_size=4))
    by = ";BYDAY=" + ",".join(WEEKDAYS[n] for n in sorted(on)) if on else ""
    return Repeat(
        f"FREQ=WEEKLY;INTERVAL={every}{by}",
        lambda day, start, _: (
            (monday(day) - monday(start)).days // 7 % every == 0
            and day.weekday() in (on or {start.weekday()})
        ),
    )


@st.composite
def monthly(draw):
    every = draw(st.integers(1, 14))
    on = draw(st.sets(st.integers(1, 31) | st.integers(-28, -1), max_size=3))
    by = ";BYMONTHDAY=" + ",".join(map(str, sorted(on))) if on else ""
    return Repeat(
        f"FREQ=MONTHLY;INTERVAL={every}{by}",
        lambda day, start, clamp: (
            (months(day) - months(start)) % every == 0
            and any(is_day(day, each, clamp) for each in on or {start.day})
        ),
    )


@st.composite
def nth_weekday(draw):
    every, on, which = (
        draw(st.integers(1, 6)),
        draw(st.integers(0, 6)),
        draw(st.sampled_from([1, 2, 3, 4, 5, -1, -2])),
    )

    def falls(day: date, start: date, _: bool) -> bool:
        place = (day.day - 1) // 7 + 1 if which > 0 else -((length(day) - day.day) // 7 + 1)
        return (months(day) - months(start)) % every == 0 and day.weekday() == on and place == which

    return Repeat(f"FREQ=MONTHLY;INTERVAL={every};BYDAY={which}{WEEKDAYS[on]}", falls)


@st.composite
def yearly(draw):
    every = draw(st.integers(1, 4))
    return Repeat(
        f"FREQ=YEARLY;INTERVAL={every}",
        lambda day, start, clamp: (
            (day.year - start.year) % every == 0
            and day.month == start.month
            and is_day(day, start.day, clamp)
        ),
    )


@st.composite
def plans(draw):
    """A schedule, and its nominal days of ten years found by looking at each day."""
    repeat = draw(st.one_of(daily(), weekly(), monthly(), nth_weekday(), yearly()))
    start = draw(
        st.sampled_from(UNEVEN).map(date.fromisoformat) | st.dates(date(1996, 1, 1), date(2032, 1, 1))
    )
    schedule = Schedule(
        repeat.rrule,
        start,
        end=draw(st.none() | st.integers(0, TEN_YEARS).map(lambda n: start + n * DAY)),
        count=draw(st.none() | st.just(1) | st.integers(2, 60)),
        short_months=draw(st.sampled_from(["last_day", "skip"])),
        weekend_rule=draw(st.sampled_from(["none", "skip", "before", "after"])),
    )
    clamp = schedule.short_months == "last_day"
    each = (start + n * DAY for n in range(TEN_YEARS + 1))
    found = [day for day in each if repeat.falls(day, start, clamp)][: schedule.count]
    return schedule, [day for day in found if schedule.end is None or day <= schedule.end]


def taking_place(nominal: date, weekend_rule: str) -> date | None:
    """Friday before, Monday after, never, or as it is."""
    if nominal.weekday() < 5 or weekend_rule == "none":
        return nominal
    beyond = nominal.weekday() - 4
    return {"skip": None, "before": nominal - beyond * DAY, "after": nominal + (3 - beyond) * DAY}[
        weekend_rule
    ]


def moved(nominal: list[date], weekend_rule: str) -> list[Occurrence]:
    """What takes place of nominal days, each date once."""
    taken: dict[date, Occurrence] = {}
    for day in nominal:
        date_of_it = taking_place(day, weekend_rule)
        if date_of_it is not None:
            taken.setdefault(date_of_it, Occurrence(day, date_of_it))
    return list(taken.values())


@pytest.mark.property(
    9,
    "Scheduling: a plan falls on the days of its rule, none left out, moved off weekends by two days at most",
)
@settings(max_examples=150, deadline=None)
@given(plan=plans(), asked=st.lists(st.integers(-20, TEN_YEARS - 30), min_size=5, max_size=5))
def test_a_plan_falls_on_the_days_that_a_scan_of_ten_years_finds(plan, asked):
    schedule, nominal = plan
    start = schedule.start
    last = start + TEN_YEARS * DAY
    takes_place = moved(nominal, schedule.weekend_rule)
    within = [each for each in takes_place if each.date <= last - MARGIN]

    assert list(nominal_days(schedule, start, last)) == nominal
    assert list(occurrences(schedule, start - MARGIN, last - MARGIN)) == within
    for n in asked:
        day = start + n * DAY
        expected = next((each for each in within if each.date > day), None)
        assert next_after(schedule, day, last - MARGIN) == expected
