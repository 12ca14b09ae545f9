"""Days as banks write them, and the order of day, month and year decided over a whole column.

The day is the one the bank wrote: a time or zone behind it is dropped, never used to move it.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

Order = Literal["dmy", "mdy", "ymd"]

EARLIEST_YEAR = 1900
YEARS_AHEAD = 10

_MONTHS = """
1 jan january januar janvier janv jan. enero ene gennaio gen januari jan janeiro styczen stycznia sty leden ledna
  led januar tammikuu tammikuuta tammi januar januari ocak oca январь января янв jaan januaris sausis
2 feb february februar fevrier fevr fev febrero febbraio februari fevereiro luty lutego lut unor unora uno
  helmikuu helmikuuta helmi februar subat sub февраль февраля фев
3 mar march marz maerz mrz mars marzo maart mrt marco marzec marca brezen brezna bre maaliskuu maaliskuuta maalis
  marcius marc mart март марта мар
4 apr april avril avr abril abr aprile kwiecien kwietnia kwi duben dubna dub huhtikuu huhtikuuta huhti aprilis
  nisan nis апрель апреля апр
5 may mai mayo maggio mag mei maio maj maja kveten kvetna kve toukokuu toukokuuta touko majus mayis май мая
6 jun june juni juin junio giugno giu junho czerwiec czerwca cze cerven cervna cer kesakuu kesakuuta kesa junius
  haziran haz июнь июня июн
7 jul july juli juillet juil julio luglio lug julho lipiec lipca lip cervenec cervence cvc heinakuu heinakuuta
  heina julius temmuz tem июль июля июл
8 aug august aout agosto ago augustus augusti sierpien sierpnia sie srpen srpna srp elokuu elokuuta elo
  augusztus agustos agu август августа авг
9 sep sept september septembre septiembre set settembre setembro wrzesien wrzesnia wrz zari zar syyskuu
  syyskuuta syys szeptember szept eylul eyl сентябрь сентября сен сент
10 oct october okt oktober octobre octubre ottobre ott out outubro pazdziernik pazdziernika paz rijen rijna rij
  lokakuu lokakuuta loka ekim eki октябрь октября окт
11 nov november novembre noviembre novembro listopad listopada lis marraskuu marraskuuta marras kasim kas ноябрь
  ноября ноя
12 dec december dez dezember decembre dic diciembre dicembre dezembro grudzien grudnia gru prosinec prosince
  pro joulukuu joulukuuta joulu desember des aralik ara декабрь декабря дек
"""


def _month_names() -> dict[str, int]:
    names: dict[str, int] = {}
    month = 0
    for word in _MONTHS.split():
        if word.isdigit():
            month = int(word)
        else:
            names[word] = month
    return names


MONTH_NAMES = _month_names()

_TIME = (
    r"(?:[T\s,]\s*\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:[.,:]\d{1,9})?\s*(?:[AaPp]\.?\s?[Mm]\.?)?"
    r"(?:\s*(?:[A-Z]{1,4}|\(?(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?\)?))?)?"
    r"(?:\s*\(?[^\W\d_]{1,3}\)?\.?)?\s*"
)
_WEEKDAY = re.compile(r"^[^\W\d_]{2,4}\.?,?\s+(?=\d{1,4}[./\-]\d)")
_NUMBERS = re.compile(r"(\d{1,4})\s?([./\-年년])\s?(\d{1,2})\s?([./\-月월])\s?(\d{1,4})\s?[日일.]?" + _TIME)
_COMPACT = re.compile(r"(\d{8})(?:\d{6})?" + _TIME)
_DAY_NAMED = re.compile(
    r"(\d{1,4})(?:st|nd|rd|th|\.|º)?[\s\-/.]*(?:de\s+)?([^\W\d_]{3,13})\.?[\s\-/.,]*(?:de\s+)?(\d{1,4})"
    + _TIME
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,13})\.?\s*(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}|\d{2})" + _TIME)
_LONGEST = 48


class Parts(NamedTuple):
    """The three numbers of a day as written.

    `form` is ymd or mdy where the writing leaves no choice of their order; else dots (never month-first), slashes
    (any order) or named (the month is a name in the middle). `digits` is the length of the last number.
    """

    first: int
    second: int
    third: int
    form: str
    digits: int


def parts_of(text: str) -> Parts | None:
    """The parts of a text that is a day and nothing else but a time, None for any other text."""
    text = text.strip()
    return _parts_of(text) if 6 <= len(text) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _parts_of(text: str) -> Parts | None:
    if not any(c.isdigit() for c in text):
        return None
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text.replace("\u00a0", " ")
        )
    text = _WEEKDAY.sub("", text)
    return _numeric(text) or _compact(text) or _named(text)


def _numeric(text: str) -> Parts | None:
    found = _NUMBERS.fullmatch(text)
    if not found:
        return None
    first, second, third = found[1], found[3], found[5]
    if len(first) == 4:
        return Parts(int(first), int(second), int(third), "ymd", len(third)) if len(third) <= 2 else None
    if len(first) == 3 or len(third) == 3 or not (found[2] == found[4] or found[2] in "年년"):
        return None
    if found[2] in "年년":
        return Parts(int(first), int(second), int(third), "ymd", len(third)) if len(first) == 2 else None
    return Parts(int(first), int(second), int(third), "dots" if found[2] == "." else "slashes", len(third))


def _compact(text: str) -> Parts | None:
    found = _COMPACT.fullmatch(text)
    if not found:
        return None
    digits = found[1]
    if EARLIEST_YEAR <= int(digits[:4]) < 2200 and 1 <= int(digits[4:6]) <= 12:
        return Parts(int(digits[:4]), int(digits[4:6]), int(digits[6:]), "ymd", 2)
    if EARLIEST_YEAR <= int(digits[4:]) < 2200:
        return Parts(int(digits[:2]), int(digits[2:4]), int(digits[4:]), "slashes", 4)
    return None


def _named(text: str) -> Parts | None:
    if found := _DAY_NAMED.fullmatch(text):
        month = _month(found[2])
        if month is None or len(found[1]) == 3 or len(found[3]) == 3:
            return None
        if len(found[1]) == 4:
            return (
                Parts(int(found[1]), month, int(found[3]), "ymd", len(found[3]))
                if len(found[3]) < 3
                else None
            )
        return Parts(int(found[1]), month, int(found[3]), "named", len(found[3]))
    if found := _MONTH_FIRST.fullmatch(text):
        month = _month(found[1])
        return Parts(month, int(found[2]), int(found[3]), "mdy", len(found[3])) if month else None
    return None


def _month(name: str) -> int | None:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    folded = (
        "".join(c for c in decomposed if not unicodedata.combining(c)).replace("ı", "i").replace("ł", "l")
    )
    return MONTH_NAMES.get(folded) or MONTH_NAMES.get(name.casefold())


def day(parts: Parts, order: Order, today: date) -> date | None:
    """The day that `parts` mean in that order, None where the calendar or the bounds (1900 … +10 years) have none.

    Where the writing itself leaves no choice, `order` is not asked. Two digits of a year: up to ten years ahead
    of today they mean 20yy, else 19yy.
    """
    found = _in_calendar(parts, order, today)
    return found if found and EARLIEST_YEAR <= found.year <= today.year + YEARS_AHEAD else None


def why_no_day(text: str, order: Order, today: date) -> str:
    """What is wrong with a text that means no day."""
    parts = parts_of(text)
    if parts and _in_calendar(parts, order, today):
        until = today.year + YEARS_AHEAD
        return f"{text[:40]!r} is too far away: days from {EARLIEST_YEAR} to the end of {until} are taken."
    return f"{text[:40]!r} is no date that can be read."


def _in_calendar(parts: Parts, order: Order, today: date) -> date | None:
    """The day that `parts` mean in that order, however far away."""
    fixed = parts.form if parts.form in ("ymd", "mdy") else "dmy" if _unmistakable(parts) else order
    if parts.form == "named" and fixed == "mdy":
        fixed = "dmy"
    if fixed == "ymd":
        year, month, number = parts.first, parts.second, parts.third
    elif fixed == "mdy":
        month, number, year = parts.first, parts.second, parts.third
    else:
        number, month, year = parts.first, parts.second, parts.third
    if year < 100:
        year += 2000 if 2000 + year <= today.year + YEARS_AHEAD else 1900
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _unmistakable(parts: Parts) -> bool:
    return parts.form in ("dots", "named") and parts.digits == 4


def _orders(parts: Parts, *, year_first: bool) -> tuple[Order, ...]:
    if parts.form == "ymd":
        return ("ymd",)
    if parts.form == "mdy":
        return ("mdy",)
    orders: tuple[Order, ...] = ("dmy",) if parts.form in ("dots", "named") else ("dmy", "mdy")
    return (*orders, "ymd") if parts.digits <= 2 and (year_first or parts.digits == 1) else orders


def possible_orders(column: Iterable[Parts], today: date, *, year_first: bool = False) -> list[Order]:
    """The orders that may be meant by a column of days; one means it is settled, none that it holds no days.

    An order stays in while it reads as many of the days as any other does; one that puts days into the future
    goes out where another does not. Orders that read every day alike count as one. `year_first` lets two-digit
    years lead, as they do in East Asia; elsewhere they are considered only when nothing else fits.
    """
    every = set(column)
    if not every:
        return []
    for lead in (year_first, True):
        candidates = sorted({order for parts in every for order in _orders(parts, year_first=lead)})
        readings = {order: [day(parts, order, today) for parts in every] for order in candidates}
        exclusive = {order for order in candidates if _alone(order, readings)}
        left = exclusive or {order for order in candidates if any(readings[order])}
        left = _without_future(left, readings, today)
        if any(all(found and found <= today for found in readings[order]) for order in left):
            break
    distinct: dict[tuple[date | None, ...], Order] = {}
    for order in sorted(left):
        distinct.setdefault(tuple(readings[order]), order)
    return list(distinct.values())


def _alone(order: Order, readings: dict[Order, list[date | None]]) -> bool:
    """Whether some day can be read in this order only."""
    others = [reading for other, reading in readings.items() if other != order]
    return any(own and not any(rest) for own, *rest in zip(readings[order], *others, strict=True))


def _without_future(orders: set[Order], readings: dict[Order, list[date | None]], today: date) -> set[Order]:
    past = {order for order in orders if not any(found and found > today for found in readings[order])}
    return past or orders
