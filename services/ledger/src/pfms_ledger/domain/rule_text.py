"""A schedule in words: "Every 2 weeks on Monday, until 2021-06-01"."""

from datetime import date

from pfms_common.recurrence import Schedule
from pfms_common.rrule import Rule, parse

_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def describe(schedule: Schedule) -> str:
    """The schedule in English, for people; what it means in detail says its rule."""
    rule = parse(schedule.rrule)
    unit = _UNITS[rule.frequency]
    every = f"Every {unit}" if rule.interval == 1 else f"Every {rule.interval} {unit}s"
    return every + _when(rule, schedule.start) + _limits(rule, schedule)


def _when(rule: Rule, start: date) -> str:
    if rule.frequency == "YEARLY" and not (rule.weekdays or rule.month_days or rule.year_days or rule.weeks):
        months = rule.months or (start.month,)
        return f" on {_joined([f'{_MONTHS[month - 1]} {_ordinal(start.day)}' for month in months])}"
    rule = rule.anchored(start)
    days = [
        *(f"day {n}" for n in rule.year_days),
        *(f"week {n}" for n in rule.weeks),
        *_by_weekday(rule),
        *_by_month_day(rule),
    ]
    on = _joined(days)
    if rule.positions:
        on = f"the {_joined([_which(n) for n in rule.positions])} of {on or 'its days'}"
    elif rule.month_days or any(which for _, which in rule.weekdays):
        on = f"the {on}"
    return (f" on {on}" if on else "") + _in_months(rule)


def _by_weekday(rule: Rule) -> list[str]:
    ordered = sorted(rule.weekdays, key=lambda each: (each[1] or 0, each[0]))
    return [f"{_which(number)} {_WEEKDAYS[day]}" if number else _WEEKDAYS[day] for day, number in ordered]


def _by_month_day(rule: Rule) -> list[str]:
    """First days first, those that are counted from the end last."""
    return [
        _ordinal(day) if day > 0 else f"{_which(day)} day"
        for day in sorted(rule.month_days, key=lambda day: (day < 0, day))
    ]


def _in_months(rule: Rule) -> str:
    return f" in {_joined([_MONTHS[month - 1] for month in rule.months])}" if rule.months else ""


def _limits(rule: Rule, schedule: Schedule) -> str:
    counts = [count for count in (rule.count, schedule.count) if count is not None]
    ends = [day for day in (rule.until, schedule.end) if day is not None]
    times = f", {min(counts)} times" if counts and min(counts) > 1 else ", once" if counts else ""
    return times + (f", until {min(ends)}" if ends else "")


def _which(number: int) -> str:
    if number == -1:
        return "last"
    return _ordinal(number) if number > 0 else f"{_ordinal(-number)} last"


def _ordinal(number: int) -> str:
    suffix = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _joined(words: list[str]) -> str:
    if len(words) < 3:
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"
