"""Days as people write them in a line, in English and German: `yesterday`, `2 days ago`, `3.11.`, `2026-11-03`.

A day without a year is the newest such day that is not to come. What can be read in two ways is uncertain, and so is
a day that no calendar has: it says no more than that another day than today may be meant.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_RELATIVE = {
    "today": 0,
    "heute": 0,
    "yesterday": -1,
    "gestern": -1,
    "vorgestern": -2,
    "tomorrow": 1,
    "morgen": 1,
}
_WEEKDAYS = {
    name: n
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    )
    for n, name in enumerate(names.split())
} | {"sonnabend": 5}
_MONTHS = {
    name: n
    for names in (
        "january february march april may june july august september october november december",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for n, name in enumerate(names.split(), 1)
} | {"jänner": 1, "okt": 10, "dez": 12}
_LAST = {"last", "letzten", "letzter", "letzte", "letztem"}
# The first are said of the coming one and of the one of next week, the others of the coming one alone.
_NEXT = {"next", "nächsten", "nächster", "nächste", "nächstem"}
_COMING = {"coming", "kommenden", "kommender", "kommende", "kommendem"}
_DAYS = {"day": 1, "days": 1, "tag": 1, "tagen": 1, "week": 7, "weeks": 7, "woche": 7, "wochen": 7}
_MONTHLY = {
    "month": 1,
    "months": 1,
    "monat": 1,
    "monaten": 1,
    "year": 12,
    "years": 12,
    "jahr": 12,
    "jahren": 12,
}
"""How many days, or months, a word means."""
_ONE = {"a", "an", "one", "einem", "einer"}
_COUNT = re.compile(r"\d{1,3}", re.ASCII)
_YEARS_BACK = 8
"""Between two 29 Februaries lie eight years at most."""
_BEFORE = {"on", "am", "vom"}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})(?:\.|st|nd|rd|th)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Day:
    """What `words` words at a place say."""

    date: date
    words: int
    certain: bool = True


def day_at(words: Sequence[str], place: int, today: date) -> Day | None:
    """The day that begins at a word, with the words that it takes; None where none does."""
    lead = 1 if words[place] in _BEFORE and place + 1 < len(words) else 0
    rest = words[place + lead :]
    found = _ago(rest, today) or _named(words, place + lead, today) or _written(words, place + lead, today)
    return Day(found.date, found.words + lead, found.certain) if found else None


def _ago(words: Sequence[str], today: date) -> Day | None:
    """`2 days ago`, `vor 2 Tagen`, `last month`; months and years ago are no certain days, nor is `last week`."""
    one, two, three = (word.rstrip(".") for word in (*words[:3], "", "")[:3])
    if one in _LAST and two in {"week", "woche", *_MONTHLY}:
        return Day(_back(today, two, 1), 2, certain=False)
    if three == "ago":
        count, unit = one, two
    elif one == "vor":
        count, unit = two, three
    else:
        return None
    if unit not in _DAYS | _MONTHLY or not (count in _ONE or _COUNT.fullmatch(count)):
        return None
    many = 1 if count in _ONE else int(count)
    return Day(_back(today, unit, many), 3, certain=unit in _DAYS)


def _back(today: date, unit: str, many: int) -> date:
    """So many units before; of months the same day, or the month's last."""
    if unit in _DAYS:
        return _shifted(today, -many * _DAYS[unit])
    year, month = divmod(today.year * 12 + today.month - 1 - many * _MONTHLY[unit], 12)
    if year < 1:
        return today
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _named(words: Sequence[str], place: int, today: date) -> Day | None:
    word, following = words[place], words[place + 1] if place + 1 < len(words) else ""
    if word in _RELATIVE:
        return Day(_shifted(today, _RELATIVE[word]), 1)
    if word in _WEEKDAYS:
        back = (today.weekday() - _WEEKDAYS[word]) % 7
        return Day(_shifted(today, -back), 1, certain=back != 0)
    if word in _LAST and following in _WEEKDAYS:
        back = (today.weekday() - _WEEKDAYS[following] - 1) % 7 + 1
        return Day(_shifted(today, -back), 2)
    if word in _NEXT | _COMING and following in _WEEKDAYS:
        ahead = (_WEEKDAYS[following] - today.weekday() - 1) % 7 + 1
        return Day(_shifted(today, ahead), 2, certain=word in _COMING)
    return None


def _written(words: Sequence[str], place: int, today: date) -> Day | None:
    word, following = words[place], words[place + 1] if place + 1 < len(words) else ""
    if match := _ISO.fullmatch(word):
        return _day(int(match[3]), int(match[2]), match[1], today, 1)
    if match := _DOTS.fullmatch(word):
        return _day(int(match[1]), int(match[2]), match[3], today, 1)
    if match := _SLASHES.fullmatch(word):
        return _slashed(int(match[1]), int(match[2]), match[3], today)
    month, day = _MONTHS.get(following.rstrip(".")), _DAY.fullmatch(word)
    if month is None or day is None:
        month, day = _MONTHS.get(word.rstrip(".")), _DAY.fullmatch(following)
    if month is None or day is None:
        return None
    year = (
        words[place + 2]
        if place + 2 < len(words) and re.fullmatch(r"(19|20)\d\d", words[place + 2])
        else None
    )
    return _day(int(day[1]), month, year, today, 3 if year else 2)


def _slashed(one: int, other: int, year: str | None, today: date) -> Day | None:
    """Day and month stand in either order; what only one of them allows is certain."""
    if other > 12:
        one, other = other, one
    found = _day(one, other, year, today, 1)
    return Day(found.date, 1, found.certain and (one > 12 or one == other)) if found else None


def _day(day: int, month: int, year: str | None, today: date, words: int) -> Day | None:
    """Two digits are of this century; without a year it is the newest such day up to today."""
    if year is None:
        years = range(today.year, today.year - _YEARS_BACK - 1, -1)
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return None
    else:
        years = range(at := int(year) + (2000 if len(year) == 2 else 0), at + 1)
    for each in years:
        try:
            found = date(each, month, day)
        except ValueError:
            continue
        if year is not None or found <= today:
            return Day(found, words, certain=year is not None or each == today.year)
    return Day(today, words, certain=False)


def _shifted(today: date, days: int) -> date:
    try:
        return today + timedelta(days)
    except OverflowError:
        return today
