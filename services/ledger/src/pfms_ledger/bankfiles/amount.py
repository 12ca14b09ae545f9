"""Amounts as banks write them: "-1.234,56", "£1,183.23", "(3)", "+ £1,100.00", "1 500,00 Kč", "100.00CR".

A text is read by its shape, the text with every digit replaced by 9: a column has a handful of shapes, so that
the reading of a shape is worked out once and each further cell costs a look-up. Nothing is ever cut off: letters
or marks that are no sign and no currency make a text unreadable.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pfms_common.currency import CURRENCIES
from pfms_common.money import MAX_MINOR

Mark = Literal["", "+", "-", "CR", "DR"]

_COUNTED = str.maketrans("123456789", "999999999")
_GROUPING = " '_"
_DROP = str.maketrans("", "", ".," + _GROUPING)
_PLAIN = str.maketrans({
    "\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-", "\ufe63": "-",
    "\u00a0": " ", "\u202f": " ", "\u2007": " ", "\u2009": " ", "\u3000": " ", "\t": " ",
    "\u2019": "'", "\u2018": "'", "\u00b4": "'", "\u02bc": "'", "\u066c": "'", "\u066b": ".",
    "\u200e": None, "\u200f": None, "\u061c": None, "\u202a": None, "\u202c": None, "\ufeff": None,
    "\uffe5": "¥", "\uffe1": "£", **{chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
})  # fmt: skip
_NUMBER = re.compile(r"(?:(?<!\w)[.,])?9(?:[9.,' _]*9)?(?:[.,]-{1,2}|[.,])?")
_LONGEST = 60
_STATED = re.compile(r"([+-]?)([0-9]{1,30})(?:[.,]([0-9]*))?|([+-]?)[.,]([0-9]+)", re.ASCII)

_SYMBOLS = {
    "$": "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP BRL NAD FJD JMD TTD BBD BSD BMD BZD BND LRD XCD",
    "us$": "USD", "usd$": "USD", "c$": "CAD", "ca$": "CAD", "cad$": "CAD", "a$": "AUD", "au$": "AUD",
    "nz$": "NZD", "s$": "SGD", "hk$": "HKD", "nt$": "TWD", "mx$": "MXN", "r$": "BRL", "€": "EUR", "euro": "EUR",
    "£": "GBP EGP GIP FKP SHP", "¥": "JPY CNY", "元": "CNY TWD HKD", "円": "JPY", "원": "KRW", "₩": "KRW",
    "₹": "INR", "rs": "INR PKR LKR NPR MUR", "rs.": "INR PKR LKR NPR MUR", "₽": "RUB", "руб": "RUB BYN",
    "руб.": "RUB BYN", "р.": "RUB BYN", "zł": "PLN", "kč": "CZK", "kc": "CZK", "kr": "SEK NOK DKK ISK",
    "kr.": "SEK NOK DKK ISK", ":-": "SEK", "ft": "HUF", "lei": "RON MDL", "лв": "BGN", "лв.": "BGN", "kn": "HRK",
    "fr": "CHF", "fr.": "CHF", "sfr.": "CHF", "₺": "TRY", "tl": "TRY", "₴": "UAH", "грн": "UAH", "грн.": "UAH",
    "฿": "THB", "₫": "VND", "₪": "ILS", "₱": "PHP", "₦": "NGN", "₸": "KZT", "₾": "GEL", "rm": "MYR", "rp": "IDR",
    "r": "ZAR", "din.": "RSD", "дин": "RSD", "дин.": "RSD", "д.": "RSD", "د.ا.": "JOD", "د.إ.": "AED",
    "د.إ": "AED", "ر.س.": "SAR", "ر.س": "SAR", "د.ك.": "KWD", "د.ك": "KWD", "ج.م.": "EGP", "د.ب.": "BHD",
    "rmb": "CNY", "人民币": "CNY", "人民幣": "CNY", "美元": "USD", "港币": "HKD", "港幣": "HKD", "欧元": "EUR",
    "日元": "JPY", "英镑": "GBP", "新台幣": "TWD", "台幣": "TWD", "ntd": "TWD",
}  # fmt: skip
UNITS: dict[str, frozenset[str]] = {
    **{symbol: frozenset(codes.split()) for symbol, codes in _SYMBOLS.items()},
    **{code.lower(): frozenset([code]) for code in CURRENCIES},
}
_CREDIT = {"cr", "cr."}
_DEBIT = {"dr", "dr."}


@dataclass(frozen=True, slots=True)
class MoneyShape:
    """How cells of one shape are read: the number stands at [start:end], `groups` are its digits by separator.

    "9.999,99" has the separators ".," and the groups (1, 3, 2). `units` is empty where no currency is written.
    """

    mark: Mark
    units: frozenset[str]
    start: int
    end: int
    separators: str
    groups: tuple[int, ...]


class AmountUnreadableError(ValueError):
    """The text is no amount; the message says why."""


def plain(text: str) -> str:
    """The text with typographic signs, spaces, digits and separators replaced by their ASCII kin."""
    if text.isascii():
        return text.strip()
    text = text.translate(_PLAIN)
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    return text.strip()


def shape_of(plain_text: str) -> tuple[str, bool]:
    """(the shape, whether the number is zero) of a text that went through `plain`."""
    counted = plain_text.translate(_COUNTED)
    return counted.replace("0", "9"), "9" not in counted


def _units(affix: str) -> tuple[str, frozenset[str]] | None:
    """(mark, currencies) of what stands before or after a number; None when it is anything else."""
    mark, units = "", frozenset[str]()
    for word in re.sub(r"(?<!:)([+-])", r" \1 ", affix).split():
        found = _one_unit(word.casefold())
        if found is None or (mark and found[0]) or (units and found[1]):
            return None
        mark, units = mark or found[0], units or found[1]
    return mark, units


def _one_unit(word: str) -> tuple[str, frozenset[str]] | None:
    if word in "+-":
        return word, frozenset()
    if word in _CREDIT:
        return "CR", frozenset()
    if word in _DEBIT:
        return "DR", frozenset()
    return ("", UNITS[word]) if word in UNITS else None


def money_shape(shape: str) -> MoneyShape | None:
    """The reading of a shape, None when it is no amount; brackets and a minus on either side mean minus."""
    if len(shape) > _LONGEST:
        return None
    bracketed = shape.startswith("(") and shape.endswith(")")
    inner = " " + shape[1:-1] + " " if bracketed else shape
    number = _NUMBER.search(inner)
    if not number or "9" in inner[: number.start()] + inner[number.end() :]:
        return None
    before, after = _units(inner[: number.start()]), _units(inner[number.end() :])
    if before is None or after is None:
        return None
    marks = [mark for mark in ("-" if bracketed else "", before[0], after[0]) if mark]
    if len(marks) > 1 or (before[1] and after[1] and before[1] != after[1]):
        return None
    digits = re.sub(r"([.,])-+$", r"\1", number.group())
    groups = re.split(r"[.,' _]", digits)
    if "" in groups[1:-1]:
        return None
    separators = "".join(re.findall(r"[.,' _]", digits))
    mark: Mark = marks[0] if marks else ""  # type: ignore[assignment]  # _units gives marks only
    start, end = number.start(), number.start() + len(digits)
    return MoneyShape(mark, before[1] or after[1], start, end, separators, tuple(map(len, groups)))


def decimals_of(shape: MoneyShape, decimal: str) -> int | None:
    """How many decimals a number of this shape has when `decimal` is the separator; None when that can't be."""
    separators, groups = shape.separators, shape.groups
    if decimal in separators:
        if separators.count(decimal) > 1 or separators[-1] != decimal:
            return None
        fraction, separators, groups = groups[-1], separators[:-1], groups[:-1]
    else:
        fraction = 0
    grouping = set(separators)
    if len(grouping) > 1 or (grouping and grouping != {"_"} and not _grouped(groups)):
        return None
    return fraction


def _grouped(groups: tuple[int, ...]) -> bool:
    """Thousands end in a group of three; the ones before hold two (India), three or four (China) digits."""
    return 1 <= groups[0] <= 3 and groups[-1] == 3 and all(size in (2, 3) for size in groups[1:-1])


class AmountReader:
    """Reads the cells of a column whose decimal separator is known; exponent by exponent, with a bounded cache."""

    def __init__(self, decimal: str) -> None:
        self.decimal = decimal
        self._known: dict[str, tuple[MoneyShape, int] | None] = {}

    def shape(self, text: str) -> tuple[MoneyShape, int] | None:
        """(shape, decimals) of a plain text, None when it is no amount."""
        shape, _ = shape_of(text)
        try:
            return self._known[shape]
        except KeyError:
            pass
        if len(self._known) > 5_000:
            self._known.clear()
        found = money_shape(shape)
        decimals = decimals_of(found, self.decimal) if found else None
        known = (found, decimals) if found and decimals is not None else None
        self._known[shape] = known
        return known

    def read(self, cell: str, exponent: int) -> tuple[int, MoneyShape]:
        """(minor units without regard to sign, shape); AmountUnreadableError says what is wrong."""
        text = plain(cell)
        known = self.shape(text)
        if known is None:
            raise AmountUnreadableError(f"{cell.strip()[:40]!r} is no amount that can be read.")
        shape, decimals = known
        number = int(text[shape.start : shape.end].translate(_DROP) or "0")
        if decimals <= exponent:
            minor = number * 10 ** (exponent - decimals)
        else:
            minor, rest = divmod(number, 10 ** (decimals - exponent))
            if rest:
                raise AmountUnreadableError(
                    f"{text[:40]!r} has more decimals than its currency, which has {exponent}."
                )
        if minor > MAX_MINOR:
            raise AmountUnreadableError(f"{text[:40]!r} is larger than any amount may be.")
        return minor, shape


def lone_decimal(shape: MoneyShape) -> str:
    """The decimal separator of one number by itself: the last of two kinds; a single one unless three digits follow.

    "1.234" alone could be either: it counts as grouped, as banks write thousands more often than three decimals.
    """
    kinds = {s for s in shape.separators if s in ".,"}
    if not kinds:
        return "."
    last = shape.separators[-1] if shape.separators[-1] in ".," else max(kinds)
    other = "," if last == "." else "."
    if len(kinds) == 1 and (
        shape.separators.count(last) > 1 or (shape.groups[-1] == 3 and 0 < shape.groups[0] <= 3)
    ):
        return other
    return last


def parse_amount(text: str) -> Decimal:
    """The signed number a single text stands for, without a column to compare it with; CR is plus, DR minus.

    AmountUnreadableError when it is no amount.
    """
    cleaned = plain(text)
    shape = money_shape(shape_of(cleaned)[0])
    decimals = decimals_of(shape, lone_decimal(shape)) if shape else None
    if shape is None or decimals is None:
        raise AmountUnreadableError(f"{text.strip()[:40]!r} is no amount that can be read.")
    number = Decimal(int(cleaned[shape.start : shape.end].translate(_DROP) or "0")).scaleb(-decimals)
    return -number if shape.mark in ("-", "DR") else number


def stated_minor(value: str, exponent: int) -> int:
    """Signed minor units of an amount in a format that states how amounts are written.

    OFX (3.2.9.2), MT940 (15d) and XML know a comma or a point before the decimals and no grouping. Both in one number
    can only be grouped thousands; AmountUnreadableError for anything else.
    """
    if found := _STATED.fullmatch(value):
        sign, whole, fraction = (
            found[1] or found[4] or "",
            found[2] or "0",
            (found[3] or found[5] or "").rstrip("0"),
        )
        if len(fraction) > exponent:
            raise AmountUnreadableError(
                f"{value[:40]!r} has more decimals than its currency, which has {exponent}."
            )
        minor = int(whole + fraction.ljust(exponent, "0"))
        if minor > MAX_MINOR:
            raise AmountUnreadableError(f"{value[:40]!r} is larger than any amount may be.")
        return -minor if sign == "-" else minor
    return _stated_in_groups(value, exponent)


def _stated_in_groups(value: str, exponent: int) -> int:
    text = plain(value)
    shape = money_shape(shape_of(text)[0])
    if not shape or shape.units or shape.mark in ("CR", "DR") or len(set(shape.separators)) < 2:
        raise AmountUnreadableError(f"{value[:40]!r} is no amount." if value else "The row has no amount.")
    decimal = shape.separators[-1]
    if decimal not in ".," or decimals_of(shape, decimal) is None:
        raise AmountUnreadableError(f"{value[:40]!r} is no amount.")
    digits = "".join(c for c in text[shape.start : shape.end] if c.isdigit() or c == decimal)
    return stated_minor(("-" if shape.mark == "-" else "") + digits.replace(decimal, "."), exponent)
