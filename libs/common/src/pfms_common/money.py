"""Money as integer minor units of one currency, and the only two ways it is ever rounded.

A figure is rounded once, half-even, where it is posted; what is shared out goes by largest remainder, so
that the parts always add up to the whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from pfms_common.currency import Currency

MAX_MINOR = 10**15
"""No amount is larger than this many minor units, in either direction."""

_DECIMAL_TEXT = re.compile(r"([+-]?)([0-9]{1,40})(?:\.([0-9]{1,40}))?", re.ASCII)


class AmountError(ValueError):
    """The text or number is no amount of that currency."""


class AmountOutOfBoundsError(AmountError):
    """The amount is larger than 10^15 minor units."""


class CurrencyMismatchError(ValueError):
    """Amounts of two currencies were added or compared; convert one of them first."""


def checked(minor: int) -> int:
    """The same number, or AmountOutOfBoundsError when it is beyond ±10^15."""
    if -MAX_MINOR <= minor <= MAX_MINOR:
        return minor
    raise AmountOutOfBoundsError("An amount may be at most 10^15 minor units.")


@dataclass(frozen=True, slots=True)
class Money:
    """A signed amount of one currency in its minor units: Money(-1250, EUR) is an outflow of 12.50 EUR."""

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        checked(self.minor)

    def _same(self, other: "Money") -> int:
        if other.currency is not self.currency and other.currency != self.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency} don't mix; convert one first.")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __str__(self) -> str:
        return f"{format_minor(self.minor, self.currency)} {self.currency}"

    def allocate(self, weights: Sequence[int | Decimal]) -> "list[Money]":
        """Parts in proportion to the weights which add up to this amount exactly."""
        return [Money(part, self.currency) for part in allocate(self.minor, weights)]


def allocate(total: int, weights: Sequence[int | Decimal]) -> list[int]:
    """Share out `total` in proportion to `weights` by largest remainder.

    The parts add up to `total`; each is its exact share rounded down or up; a weight of zero gets nothing;
    of equal remainders the first gets the unit. A negative total is shared as its mirror image.
    ValueError when there are no weights, one is negative or not finite, or all are zero.
    """
    if not weights or not all(Decimal(weight).is_finite() and weight >= 0 for weight in weights):
        raise ValueError("Sharing out needs at least one weight, and none may be negative.")
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if not whole:
        raise ValueError("Sharing out needs a weight above zero.")

    shares = [weight * abs(total) / whole for weight in exact]  # law floats: Fractions, which are exact
    parts = [share.numerator // share.denominator for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - shares[i])
    for i in by_remainder[: abs(total) - sum(parts)]:
        parts[i] += 1
    return parts if total >= 0 else [-part for part in parts]


def to_minor(value: Decimal, currency: Currency) -> int:
    """`value` (in major units) in minor units, rounded half-even: 2.345 EUR is 234, 2.355 EUR is 236.

    AmountError when it is not a finite number, AmountOutOfBoundsError beyond ±10^15.
    """
    if not value.is_finite():
        raise AmountError("An amount must be a finite number.")
    if value and value.adjusted() + currency.exponent > 15:
        raise AmountOutOfBoundsError("An amount may be at most 10^15 minor units.")
    rounded = value.quantize(Decimal(1).scaleb(-currency.exponent), ROUND_HALF_EVEN)
    return checked(int(rounded.scaleb(currency.exponent)))


def parse_minor(text: str, currency: Currency) -> int:
    """Minor units of plain decimal text such as "12.50", "-0.005" or "7", exactly.

    Digits are ASCII, the separator is a point, nothing is grouped. Zeros beyond the currency's decimals are
    dropped; anything else beyond them is AmountError, as is every other text.
    """
    match = _DECIMAL_TEXT.fullmatch(text)
    if not match:
        raise AmountError(f"{text[:40]!r} is no decimal number such as 12.50.")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > currency.exponent:
        raise AmountError(f"{currency} has {currency.exponent} decimals, {text[:40]!r} has {len(fraction)}.")
    minor = checked(int(whole + fraction.ljust(currency.exponent, "0")))
    return -minor if sign == "-" else minor


def format_minor(minor: int, currency: Currency) -> str:
    """Plain decimal text with all of the currency's decimals: -1250 of EUR is "-12.50", 7 of JPY "7"."""
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(currency.exponent + 1, "0")
    if not currency.exponent:
        return sign + digits
    return f"{sign}{digits[: -currency.exponent]}.{digits[-currency.exponent :]}"
