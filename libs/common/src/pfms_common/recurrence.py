"""Recurrence: the days of a plan, counted from its first day, so that they never drift.

31 January, 28 February, 31 March: the original day is the anchor, and a month without it takes its last day (RFC
7529's SKIP=BACKWARD) or none (RFC 5545). The nominal day is what the rule names; the weekend rule may move it to
another date, which the next nominal day knows nothing of. No two occurrences of a plan have the same date: what a
weekend moves onto a date that is taken falls together with what is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Literal

from pfms_common.holiday import days_off
from pfms_common.rrule import BadRecurrence, Rule, parse
from pfms_common.weekend import MOST_DAYS, WeekendRule, shifted

ShortMonths = Literal["last_day", "skip"]
# Within so many years the rarest days have come: 29 February on a given weekday, also where 2100 has none.
YEARS_SOUGHT = 40
# Far enough before a day that every run of days off which moves onto it has begun.
_RUN_UP = timedelta(days=3 * MOST_DAYS)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a plan falls due.

    Args:
        rrule: RFC 5545, as `parse` takes it.
        start: the anchor; days before it are none of the plan's.
        end: the last nominal day there may be.
        count: how many nominal days there are.
        holidays: the country whose holidays count as days off, for the weekend rule.
    """

    rrule: str
    start: date
    end: date | None = None
    count: int | None = None
    short_months: ShortMonths = "last_day"
    weekend_rule: WeekendRule = "none"
    holidays: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """A day of a plan: what the rule says, and when it takes place."""

    nominal: date
    date: date


def check_schedule(schedule: Schedule) -> None:
    """The rule can be read, does not end before it begins, and names a day at all, its end aside.

    Raises:
        BadRecurrence
    """
    rule = _parsed(schedule.rrule)
    last = min(day for day in (schedule.end, rule.until, date.max) if day is not None)
    if last < schedule.start:
        raise BadRecurrence(
            f"The plan would end on {last}, before it starts.",
            errors={"end" if schedule.end == last else "rrule": ["is before the start"]},
        )
    sought = _plus(schedule.start, timedelta(days=366 * YEARS_SOUGHT))
    clamp = schedule.short_months == "last_day"
    if next(rule.anchored(schedule.start).days(schedule.start, sought, clamp=clamp), None) is None:
        raise BadRecurrence(
            f"The rule names no day in {YEARS_SOUGHT} years: name one that there is.",
            errors={"rrule": ["names no day"]},
        )


def nominal_days(schedule: Schedule, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last` that the rule names, rising, each once."""
    rule = _parsed(schedule.rrule).anchored(schedule.start)
    clamp = schedule.short_months == "last_day"
    counts = [count for count in (schedule.count, rule.count) if count is not None]
    decade = min(last.year // 10 * 10 + 10, date.max.year)
    counted = _counted(rule, schedule.start, min(counts), decade, clamp=clamp) if counts else None
    last = min(day for day in (schedule.end, rule.until, counted, last) if day is not None)
    days = rule.days(_near(rule, schedule.start, first), last, clamp=clamp)
    return (day for day in days if day >= first)


@lru_cache(maxsize=4096)
def _counted(rule: Rule, start: date, count: int, year: int, *, clamp: bool) -> date | None:
    """The last of so many days, if it comes until the end of that year; counted once, since it is asked often."""
    days = rule.days(start, date(year, 12, 31), clamp=clamp)
    return next(islice(days, count - 1, None), None)


def occurrences(schedule: Schedule, first: date, last: date) -> Iterator[Occurrence]:
    """Those whose date lies from `first` to `last`, by date."""

    def is_holiday(day: date) -> bool:
        return schedule.holidays is not None and day in days_off(schedule.holidays, day.year)

    before: date | None = None
    for nominal in nominal_days(schedule, _plus(first, -_RUN_UP), _plus(last, timedelta(days=MOST_DAYS))):
        day = shifted(nominal, schedule.weekend_rule, is_holiday)
        if day is None or day == before:
            continue
        before = day
        if first <= day <= last:
            yield Occurrence(nominal, day)


def next_after(schedule: Schedule, day: date, last: date) -> Occurrence | None:
    """The first occurrence dated after `day`, if there is one until `last`."""
    return next(occurrences(schedule, _plus(day, timedelta(days=1)), last), None)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Rule:
    return parse(text)


def _near(rule: Rule, start: date, first: date) -> date:
    """A day not after `first` from which the rule goes on as from its start, so that old plans cost nothing."""
    if first <= start:
        return start
    if rule.frequency in {"DAILY", "WEEKLY"}:
        step = rule.interval * (1 if rule.frequency == "DAILY" else 7)
        return start + timedelta(days=(first - start).days // step * step)
    if rule.frequency == "MONTHLY":
        months = (first.year - start.year) * 12 + first.month - start.month
        year, month = divmod(start.year * 12 + start.month - 1 + months // rule.interval * rule.interval, 12)
        return max(start, date(year, month + 1, 1))
    years = (first.year - start.year) // rule.interval * rule.interval
    return max(start, date(start.year + years, 1, 1))


def _plus(day: date, by: timedelta) -> date:
    """A day of the calendar, whatever is added."""
    return date.fromordinal(min(max(day.toordinal() + by.days, date.min.toordinal()), date.max.toordinal()))
