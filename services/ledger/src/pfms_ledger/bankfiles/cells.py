"""What the cells of a workbook hold, as the texts that tables are read from: exact numbers, days as YYYY-MM-DD."""

import re
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache

from pfms_ledger.bankfiles.amount import UNITS

# A workbook keeps binary numbers and shows 15 digits of them; what a fraction has beyond is noise of a sum.
_SHOWN = Context(prec=15, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=60)
_MOST_DIGITS = 25
_LONGEST_NUMBER = 60

EPOCH_1900 = date(1899, 12, 30)
EPOCH_1904 = date(1904, 1, 1)
_LAST_SERIAL = 2_958_465
# 1900 was no leap year, but Excel's first epoch has a 29 February 1900: days before it are one later.
_NO_DAY, _BEFORE = 60, 1
_DAY_SECONDS = 86_400
_NOISE_SECONDS = Decimal("0.001")

_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,2})?", re.ASCII)
_LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]|general|standard', re.IGNORECASE)
_FRACTION_OF_SECOND = re.compile(r"s[.,]0+", re.IGNORECASE)
_CURRENCY = re.compile(r"\[\$([^\]-]{1,5})(?:-[0-9A-Fa-f]+)?\]")


def number_text(written: str) -> str:
    """A number written out, in a way that is read one way only; other texts as they are.

    "12.345" could be twelve thousand in a table whose decimals are marked by a comma, "12.3450" can't.
    """
    if _PLAIN.fullmatch(written):
        return written
    value = _finite(written)
    if value is None:
        return written
    if value != value.to_integral_value():
        value = _SHOWN.plus(value)
    text = format(value.normalize(_WIDE), "f")
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text


@lru_cache(maxsize=4096)
def day_text(written: str, epoch: date) -> str:
    """The day and time that a number in a cell of dates means; a time of no day, and what is none, stay apart."""
    value = _finite(written)
    if value is None or not 0 <= value <= _LAST_SERIAL:
        return number_text(written)
    days = int(value)
    seconds = int((value - days) * _DAY_SECONDS + _NOISE_SECONDS)
    if seconds >= _DAY_SECONDS:
        days, seconds = days + 1, 0
    time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if epoch == EPOCH_1900:
        if days == 0:
            return time
        if days == _NO_DAY:
            return number_text(written)
        days += _BEFORE if days < _NO_DAY else 0
    day = epoch + timedelta(days=days)
    return f"{day} {time}" if seconds else f"{day}"


def _finite(written: str) -> Decimal | None:
    if len(written) > _LONGEST_NUMBER:
        return None
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    return value if value.is_finite() and (not value or abs(value.adjusted()) <= _MOST_DIGITS) else None


def is_date_format(number: int, code: str | None) -> bool:
    """Whether a cell's number format shows a day or a time; `code` where the workbook defines the format itself."""
    if code is None:
        return number in _BUILT_IN_DATES
    bare = _FRACTION_OF_SECOND.sub("s", _LITERAL.sub("", code.partition(";")[0])).casefold()
    return not set(bare) & set("0#?") and bool(set(bare) & set("dmyhs"))


def unit_of_format(code: str | None) -> str:
    """The currency that a number format writes beside the number, "" for none that is known."""
    found = _CURRENCY.search(code or "")
    unit = found[1].strip() if found else ""
    return unit if unit.casefold() in UNITS else ""
