"""What has become of a bill: paid or skipped, overdue, due today, upcoming within some days, or scheduled."""

import re
from calendar import monthrange
from datetime import date
from typing import Literal

from pfms_common.problem import Invalid

BillStatus = Literal["paid", "skipped", "overdue", "due", "upcoming", "scheduled"]
UPCOMING_DAYS = 7
MOST_AHEAD = 3660

_WINDOW = re.compile(r"([1-9][0-9]{0,3})(?:-(day|week|month|year))?", re.ASCII)


def status_of(
    day: date, today: date, settled: str | None = None, upcoming_days: int = UPCOMING_DAYS
) -> BillStatus:
    """The status of an occurrence dated `day`; `settled` is what it was settled as: posted, skipped or nothing."""
    if settled == "posted":
        return "paid"
    if settled == "skipped":
        return "skipped"
    if day < today:
        return "overdue"
    if day == today:
        return "due"
    return "upcoming" if (day - today).days <= upcoming_days else "scheduled"


def days_ahead(window: str, today: date) -> int:
    """How many days after today a window reaches.

    `current_month`: to the month's last day. `5`, `5-day`, `2-week`, `3-month`, `1-year`: so far ahead, to the same
    day of the month, or its last one where that is shorter.
    """
    if window == "current_month":
        return monthrange(today.year, today.month)[1] - today.day
    match = _WINDOW.fullmatch(window)
    if match is None:
        raise _bad_window()
    number, unit = int(match[1]), match[2]
    if unit in {"month", "year"}:
        days = (_months_on(today, number * (12 if unit == "year" else 1)) - today).days
    else:
        days = number * (7 if unit == "week" else 1)
    if days > MOST_AHEAD:
        raise _bad_window()
    return days


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise _bad_window()
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _bad_window() -> Invalid:
    return Invalid(
        "The window names no number of days up to ten years ahead.",
        errors={
            "within": ["must be current_month or a number of days, or such as 2-week, 3-month or 1-year"]
        },
    )
