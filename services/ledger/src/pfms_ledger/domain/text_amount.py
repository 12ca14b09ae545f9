"""An amount with its currency as people write it in a line: `12.50`, `1.234,56 €`, `+20`, `EUR 3`, `50 cents`.

A lone separator before three digits could group or could be decimal: it is taken to group, and uncertain. So is a
lone space: `1 234,56` is one number, unless somebody had one of something for 234,56. It is certain where the second
group begins with a zero and has decimals or a currency.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pfms_common.currency import CURRENCIES

_SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₴": "UAH",
    "₽": "RUB",
    "zł": "PLN",
    "kč": "CZK",
}
_HUNDREDTHS: dict[str, str | None] = {
    "cent": None,
    "cents": None,
    "ct": None,
    "eurocent": "EUR",
    "eurocents": "EUR",
    "pence": "GBP",
    "rappen": "CHF",
}
"""A hundredth of a currency: the one that the word says or that stands before it, else the account's."""
_WORDS = {"euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "franken": "CHF", "yen": "JPY"}
# Codes that are no words either when they are written small; others are taken in capitals alone.
_COMMON = {"EUR", "USD", "GBP", "CHF", "JPY", "PLN", "CZK", "SEK", "NOK", "DKK", "CAD", "AUD", "INR"}
_SHARED = {"$", "¥", "dollar", "dollars"}
"""More than one currency is written so."""

_NUMBER = r"\d{1,3}(?:[.,'’]\d{3})+(?:[.,]\d{1,4})?|\d{1,15}(?:[.,]\d{1,4})?"
_HEAD = re.compile(r"[^\d\s.,]{0,4}\d{1,3}", re.ASCII)
_GROUP = re.compile(r"\d{3}", re.ASCII)
_TAIL = re.compile(r"\d{3}(?:[.,]\d{1,4})?[^\d\s.,]{0,7}", re.ASCII)
_AMOUNT = re.compile(
    rf"(?P<sign>[+\-−])?(?P<before>[^\d\s+\-−.,]{{1,3}})?(?P<late>[+\-−])?(?P<number>{_NUMBER})(?P<after>[^\d\s.,]{{1,7}})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number at words[first:first+words]; `sign` is 1, -1, or 0 where none was written."""

    value: Decimal
    sign: int
    currency: str | None
    first: int
    words: int
    certain: bool
    currency_certain: bool

    @property
    def rank(self) -> int:
        """How likely a number is the amount: with a currency or sign, with decimals, or bare."""
        if self.currency is not None or self.sign:
            return 2
        return 1 if self.value != self.value.to_integral_value() or not self.certain else 0


def amounts_in(words: Sequence[str]) -> list[Amount]:
    """Every word that could be an amount, with a currency beside it."""
    found: list[Amount] = []
    after = 0
    for place in range(len(words)):
        if place < after:
            continue  # a later group of the number before
        groups = _grouped(words, place)
        after = place + groups
        amount = _amount_at(words, place, groups)
        if amount is not None:
            found.append(amount)
    return found


def _grouped(words: Sequence[str], place: int) -> int:
    """How many words are one number from here, its thousands set apart by spaces."""
    if not _HEAD.fullmatch(words[place]):
        return 1
    end = place + 1
    while end < len(words) and _GROUP.fullmatch(words[end]):
        end += 1
    if end < len(words) and _TAIL.fullmatch(words[end]):
        end += 1
    return end - place


def _amount_at(words: Sequence[str], place: int, groups: int) -> Amount | None:
    match = _AMOUNT.fullmatch("'".join(words[place : place + groups]))
    if match is None or (match["sign"] and match["late"]):
        return None
    number = read_number(match["number"])
    ending = (match["after"] or "").casefold()
    sides = ("before",) if ending in _HUNDREDTHS else ("before", "after")
    codes = [_code(match[side]) for side in sides if match[side]]
    if number is None or None in codes or len(codes) > 1:
        return None
    value, certain = number
    written = match["before"] or (match["after"] if "after" in sides else None)
    first, count, currency = place, groups, codes[0] if codes else None
    behind = place + groups
    if currency is None and behind < len(words) and (currency := _code(words[behind])):
        written, count = words[behind], groups + 1
    elif currency is None and place > 0 and (currency := _code(words[place - 1])):
        written, first, count = words[place - 1], place - 1, groups + 1
    if ending not in _HUNDREDTHS and first + count < len(words):
        ending = words[first + count].casefold().rstrip(".")
        count += ending in _HUNDREDTHS
    if ending in _HUNDREDTHS:
        certain = certain and first == place and not match["before"]  # `€50 cents` says two things
        value, currency = value.scaleb(-2), currency or _HUNDREDTHS[ending]
    sign = match["sign"] or match["late"]
    spaced = groups != 2 or (
        words[place + 1].startswith("0") and (currency is not None or not _GROUP.fullmatch(words[place + 1]))
    )
    return Amount(
        value,
        0 if sign is None else 1 if sign == "+" else -1,
        currency,
        first,
        count,
        certain and spaced,
        written is None
        or (written.casefold() not in _SHARED and (currency in _COMMON or written in _SYMBOLS)),
    )


def read_number(text: str) -> tuple[Decimal, bool] | None:
    """The number, and whether it can be read in one way only; None where marks contradict each other."""
    marks = [mark for mark in text if not mark.isdigit()]
    if not marks:
        return Decimal(text), True
    whole, mark, last = text[: (at := max(text.rfind(m) for m in set(marks)))], marks[-1], text[at + 1 :]
    inner = set(marks[:-1])
    if inner and mark not in inner and len(inner) == 1:
        return Decimal("".join(filter(str.isdigit, whole)) + "." + last), True
    if inner:
        return (
            (Decimal("".join(filter(str.isdigit, text))), True)
            if inner == {mark} and len(last) == 3
            else None
        )
    if mark in "'’":
        return Decimal(whole + last), True
    if len(last) == 3 and whole.lstrip("0") and len(whole) <= 3:
        return Decimal(whole + last), False
    return Decimal(f"{whole}.{last}"), True


def _code(text: str) -> str | None:
    """The currency that a sign, word or code means."""
    folded = text.casefold().rstrip(".")
    if folded in _SYMBOLS or folded in _WORDS:
        return _SYMBOLS.get(folded) or _WORDS[folded]
    code = text.upper()
    return code if code in CURRENCIES and (text == code or code in _COMMON) and text.isascii() else None
