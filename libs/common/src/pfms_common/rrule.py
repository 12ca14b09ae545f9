"""A recurrence rule: what of RFC 5545 (RRULE) a plan understands, days and nothing shorter.

A rule that cannot be meant is refused, and so is one that would keep a machine busy: hours, minutes and seconds,
thousands of occurrences, steps of a thousand years. Its days are sought from a first to a last one and no further,
since a rule may name none at all (30 February): libraries look for its first day until the year 9999.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from pfms_common.problem import Refusal

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]

LONGEST = 500
MOST_COUNT = 5_000
MOST_INTERVAL = 1_000
MOST_VALUES = 62
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_FREQUENCIES: Mapping[str, Frequency] = {
    "DAILY": "DAILY",
    "WEEKLY": "WEEKLY",
    "MONTHLY": "MONTHLY",
    "YEARLY": "YEARLY",
}
_BY_NUMBER: Mapping[str, tuple[str, int, bool]] = {
    "BYMONTH": ("months", 12, False),
    "BYMONTHDAY": ("month_days", 31, True),
    "BYYEARDAY": ("year_days", 366, True),
    "BYWEEKNO": ("weeks", 53, True),
    "BYSETPOS": ("positions", 366, True),
}
_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_BY_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL = re.compile(r"([0-9]{8})(T[0-9]{6}Z?)?", re.ASCII)


class BadRecurrence(Refusal):
    """A rule that names no days, or too many to be meant."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule taken apart; weekdays are (0 for Monday, which one in the month or year or None)."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | None = None
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int | None], ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def anchored(self, start: date) -> "Rule":
        """A rule that names no day of the week, month or year means the start's, which RFC 5545 leaves unsaid."""
        if self.month_days or self.weekdays or self.year_days or self.weeks:
            return self
        match self.frequency:
            case "WEEKLY":
                return replace(self, weekdays=((start.weekday(), None),))
            case "MONTHLY":
                return replace(self, month_days=(start.day,))
            case "YEARLY":
                return replace(self, month_days=(start.day,), months=self.months or (start.month,))
        return self

    def days(self, start: date, last: date, *, clamp: bool) -> Iterator[date]:
        """The days from `start` to `last` that an anchored rule names, rising. `count` and `until` are not looked at.

        Args:
            clamp: a day that a month does not have is its last one.
        """
        for period in self._periods(start, last, clamp=clamp):
            named = [day for day in period if self._names(day)]
            if self.positions:
                places = {n - 1 if n > 0 else len(named) + n for n in self.positions}
                named = [day for place, day in enumerate(named) if place in places]
            for day in named:
                if start <= day <= last:
                    yield day

    def _periods(self, start: date, last: date, *, clamp: bool) -> Iterator[Sequence[date]]:
        """The days, week, months or years from the one of `start` on, every so many, as far as `last`; of a month
        only the days that the rule can mean.
        """
        match self.frequency:
            case "DAILY":
                for day in range(start.toordinal(), last.toordinal() + 1, self.interval):
                    yield [date.fromordinal(day)]
            case "WEEKLY":
                first = start.toordinal() - (start.weekday() - self.week_start) % 7
                for monday in range(first, last.toordinal() + 1, 7 * self.interval):
                    week = range(max(monday, 1), min(monday + 7, date.max.toordinal() + 1))
                    yield [date.fromordinal(day) for day in week]
            case "MONTHLY":
                for month in range(_months(start), _months(last) + 1, self.interval):
                    yield list(self._in_month(*divmod(month, 12), clamp=clamp))
            case "YEARLY":
                for year in range(start.year, last.year + 1, self.interval):
                    yield [day for month in range(12) for day in self._in_month(year, month, clamp=clamp)]

    def _in_month(self, year: int, month: int, *, clamp: bool) -> Iterator[date]:
        """Days of a month, which is counted from 0, as far as month and day of the month say."""
        if self.months and month + 1 not in self.months:
            return
        length = monthrange(year, month + 1)[1]
        wanted: Sequence[int] = range(1, length + 1)
        if self.month_days:
            days = {day if day > 0 else length + 1 + day for day in self.month_days}
            wanted = sorted({min(day, length) if clamp else day for day in days})
        yield from (date(year, month + 1, day) for day in wanted if 1 <= day <= length)

    def _names(self, day: date) -> bool:
        """Whether no part of the rule rules the day out; of months, day and month were chosen already."""
        if self.frequency in {"DAILY", "WEEKLY"} and not self._is_of_month(day):
            return False
        if self.year_days:
            of_year = day.timetuple().tm_yday
            if not {of_year, of_year - _length_of(day.year) - 1} & {*self.year_days}:
                return False
        if self.weeks and not {*_week(day, self.week_start)} & {*self.weeks}:
            return False
        return not self.weekdays or any(
            weekday == day.weekday() and (which is None or which in self._which(day))
            for weekday, which in self.weekdays
        )

    def _is_of_month(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        length = monthrange(day.year, day.month)[1]
        return not self.month_days or bool({day.day, day.day - length - 1} & {*self.month_days})

    def _which(self, day: date) -> tuple[int, int]:
        """Which of its weekday a day is, from the beginning and from the end: of the month, or of a whole year."""
        if self.frequency == "MONTHLY" or self.months:
            place, length = day.day, monthrange(day.year, day.month)[1]
        else:
            place, length = day.timetuple().tm_yday, _length_of(day.year)
        return (place - 1) // 7 + 1, -((length - place) // 7 + 1)


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _length_of(year: int) -> int:
    return 366 if isleap(year) else 365


def _week(day: date, week_start: int) -> tuple[int, int]:
    """The number of a day's week from the beginning and from the end of the year that has most of its days."""
    number, year = _numbered(day, week_start)
    weeks, _ = _numbered(date(year, 12, 28), week_start)
    return number, number - weeks - 1


def _numbered(day: date, week_start: int) -> tuple[int, int]:
    middle = day + timedelta(days=3 - (day.weekday() - week_start) % 7)
    return (middle.timetuple().tm_yday - 1) // 7 + 1, middle.year


def parse(text: str) -> Rule:
    """A rule from its text, such as `FREQ=MONTHLY;BYMONTHDAY=1`; BadRecurrence says what is wrong with it."""
    if len(text) > LONGEST:
        raise _bad(f"may be at most {LONGEST} characters")
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        match = _PART.fullmatch(part)
        if match is None:
            raise _bad(f"has a part that is not NAME=VALUE: {part[:40]!r}")
        if match[1] in parts:
            raise _bad(f"names {match[1]} twice")
        parts[match[1]] = match[2]
    frequency = _FREQUENCIES.get(parts.pop("FREQ", ""))
    if frequency is None:
        raise _bad("needs FREQ=DAILY, WEEKLY, MONTHLY or YEARLY: a plan falls on days")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _bad("has COUNT or UNTIL, not both")
    values = {name: _value(name, value) for name, value in parts.items()}
    if frequency in {"DAILY", "WEEKLY"} and any(which for _, which in values.get("BYDAY", ())):
        raise _bad("numbers weekdays, which only a month or a year has: FREQ=MONTHLY or YEARLY")
    if values.get("BYSETPOS") and not any(name in values for name in _EXPANDING):
        raise _bad("has BYSETPOS, which chooses among the days of another BY part")
    return Rule(frequency, **{_FIELDS[name]: value for name, value in values.items()})


_FIELDS = {
    "INTERVAL": "interval",
    "COUNT": "count",
    "UNTIL": "until",
    "BYDAY": "weekdays",
    "WKST": "week_start",
    **{name: field for name, (field, _, _) in _BY_NUMBER.items()},
}
_EXPANDING = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY")


def _value(name: str, text: str) -> Any:
    match name:
        case "INTERVAL":
            return _number(name, text, 1, MOST_INTERVAL)
        case "COUNT":
            return _number(name, text, 1, MOST_COUNT)
        case "UNTIL":
            return _until(text)
        case "WKST" if text in WEEKDAYS:
            return WEEKDAYS.index(text)
        case "BYDAY":
            return tuple(_weekday(each) for each in _several(name, text))
        case _ if name in _BY_NUMBER:
            _, most, signed = _BY_NUMBER[name]
            return tuple(_number(name, each, -most if signed else 1, most) for each in _several(name, text))
    raise _bad(f"has {name}={text[:20]}, which plans do not know")


def _several(name: str, text: str) -> list[str]:
    values = text.split(",")
    if len(values) > MOST_VALUES:
        raise _bad(f"names more than {MOST_VALUES} values for {name}")
    return values


def _number(name: str, text: str, least: int, most: int) -> int:
    if _NUMBER.fullmatch(text) is None or not least <= int(text) <= most or int(text) == 0:
        raise _bad(f"has {name}={text[:20]}; it must be between {least} and {most}")
    return int(text)


def _weekday(text: str) -> tuple[int, int | None]:
    match = _BY_DAY.fullmatch(text)
    if match is None or (match[1] is not None and not 1 <= abs(int(match[1])) <= 53):
        raise _bad(f"has {text[:20]!r} for a weekday; write MO, 2FR or -1SU")
    return WEEKDAYS.index(match[2]), int(match[1]) if match[1] else None


def _until(text: str) -> date:
    match = _UNTIL.fullmatch(text)
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError as error:
        raise _bad("has an UNTIL that is no day such as 20301231") from error


def _bad(why: str) -> BadRecurrence:
    return BadRecurrence(f"The recurrence rule {why}.", errors={"rrule": [why]})
