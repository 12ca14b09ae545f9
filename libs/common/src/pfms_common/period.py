"""Periods: spans of days with a key, `YYYY-MM` of a calendar month or the first day of any other; and gapless ranges
of calendar months.

A budget works on an ordered list of periods, each with a first and a last day, and asks nothing of the
calendar; this page makes such lists of calendar months. Years run from 1900 to 2200.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

FIRST_YEAR = 1900
LAST_YEAR = 2200

_KEY = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class PeriodError(ValueError):
    """The text names no month, or the month lies outside the years 1900 to 2200."""


@dataclass(frozen=True, slots=True)
class PeriodKey:
    """What clients call a period, and the first day that this names."""

    key: str
    first: date


@dataclass(frozen=True, slots=True)
class Period(PeriodKey):
    """A span of whole days, `first` and `last` included, under the key that clients use for it."""

    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def eve(self) -> date:
        """The day before it begins."""
        return self.first - timedelta(days=1)


def period_key(text: str) -> PeriodKey:
    """What "2026-02" or "2026-02-25" names; PeriodError for any other text. Whether there is such a period only the
    calendar of a book knows.
    """
    if not _DAY.fullmatch(text):
        return month(text)
    try:
        first = date.fromisoformat(text)
    except ValueError as error:
        raise PeriodError(f"{text} is not a day of the calendar.") from error
    month_of(first)
    return PeriodKey(text, first)


def month(key: str) -> Period:
    """The calendar month of a key such as "2026-02"; PeriodError for any other text."""
    match = _KEY.fullmatch(key)
    if not match:
        raise PeriodError(f"{key[:20]!r} is no month; write it as YYYY-MM.")
    return _numbered(int(match[1]) * 12 + int(match[2]) - 1)


def month_of(day: date) -> Period:
    """The calendar month that `day` lies in."""
    return _numbered(_number(day))


def next_month(period: Period) -> Period:
    """The calendar month after that of `period`'s first day."""
    return _numbered(_number(period.first) + 1)


def previous_month(period: Period) -> Period:
    """The calendar month before that of `period`'s first day."""
    return _numbered(_number(period.first) - 1)


def months(first: Period, last: Period) -> list[Period]:
    """Every calendar month from `first` to `last`, both included; none when `last` comes earlier."""
    return [_numbered(number) for number in range(_number(first.first), _number(last.first) + 1)]


def check_gapless(periods: Sequence[Period]) -> None:
    """ValueError unless each period begins on the day after the one before it ends."""
    for period in periods:
        if period.last < period.first:
            raise ValueError(f"Period {period.key} ends before it begins.")
    for before, after in pairwise(periods):
        if after.first != before.last + timedelta(days=1):
            raise ValueError(f"Period {after.key} does not begin on the day after {before.key} ends.")


def _number(day: date) -> int:
    """The months from January of year 0 to the month of `day`."""
    return day.year * 12 + day.month - 1


def _numbered(number: int) -> Period:
    year, month_index = divmod(number, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise PeriodError(f"The year {year} is outside {FIRST_YEAR} to {LAST_YEAR}.")
    first = date(year, month_index + 1, 1)
    return Period(f"{first:%Y-%m}", first, first.replace(day=monthrange(year, first.month)[1]))
