"""The weekend rule: what becomes of an occurrence on a Saturday, a Sunday or a holiday.

It stays (`none`), is left out (`skip`), or moves to the last working day before or the first one after.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal

WeekendRule = Literal["none", "skip", "before", "after"]
MOST_DAYS = 14
"""No run of days off is longer; an occurrence is never moved further."""

_SATURDAY = 5


def is_day_off(day: date, is_holiday: Callable[[date], bool]) -> bool:
    return day.weekday() >= _SATURDAY or is_holiday(day)


def shifted(day: date, rule: WeekendRule, is_holiday: Callable[[date], bool]) -> date | None:
    """The day on which an occurrence of `day` takes place; None: not at all."""
    if rule == "none" or not is_day_off(day, is_holiday):
        return day
    if rule == "skip":
        return None
    step = timedelta(days=-1 if rule == "before" else 1)
    moved = day
    for _ in range(MOST_DAYS):
        moved += step
        if not is_day_off(moved, is_holiday):
            return moved
    return day
