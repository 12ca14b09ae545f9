"""Rates: what a unit of one currency was worth in another on a day. A rate that is not there is never 1.

The rate of a day is the newest on or before it, of the pair or of its inverse. What it makes of an amount is exact
until it is rounded, once, half-even.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from datetime import date as date_
from decimal import Decimal
from fractions import Fraction

from pfms_common.currency import currency
from pfms_common.money import MAX_MINOR

_TEXT = re.compile(r"\d{1,10}(\.\d{1,15})?", re.ASCII)


def rate_text(text: str) -> str:
    """Plain decimal text above zero, without zeros that say nothing; ValueError for any other."""
    if not _TEXT.fullmatch(text) or not Decimal(text):
        raise ValueError('must be a decimal above zero in a string such as "1.0842"')
    return format(Decimal(text).normalize(), "f")


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `base` in `quote`, as decimal text."""

    base: str
    quote: str
    date: date
    rate: str

    @property
    def key(self) -> tuple[str, str, date_]:
        return self.base, self.quote, self.date

    @property
    def inverse_key(self) -> tuple[str, str, date_]:
        """A pair has one rate a day, in one of the two directions: two could contradict each other."""
        return self.quote, self.base, self.date


class Rates:
    """The dated rates of some pairs."""

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        self._of: dict[tuple[str, str], tuple[list[date], list[Fraction]]] = defaultdict(lambda: ([], []))
        for rate in sorted(rates, key=lambda rate: rate.date):
            days, values = self._of[rate.base, rate.quote]
            days.append(rate.date)
            values.append(Fraction(rate.rate))

    def at(self, source: str, target: str, day: date) -> Fraction | None:
        """What one unit of `source` is in `target`; None where no rate says it."""
        found = self.dated(source, target, day)
        return found[1] if found else None

    def dated(self, source: str, target: str, day: date) -> tuple[date, Fraction] | None:
        """The same, with the day that the rate is of."""
        if source == target:
            return day, Fraction(1)
        direct, inverse = self._newest(source, target, day), self._newest(target, source, day)
        if direct is None or (inverse is not None and inverse[0] > direct[0]):
            return (inverse[0], 1 / inverse[1]) if inverse else None  # law floats: Fractions, which are exact
        return direct

    def by_unit(self, source: str, target: str, day: date) -> Fraction | None:
        """What one minor unit of `source` is in minor units of `target`, exactly; None where no rate says it."""
        rate = self.at(source, target, day)
        if rate is None:
            return None
        return rate * Fraction(10) ** (currency(target).exponent - currency(source).exponent)

    def converted(self, amounts: Sequence[int], source: str, target: str, day: date) -> list[int] | None:
        """Amounts of `source` in minor units of `target`; None where no rate says it, or it would be too much.

        Their sum is converted and rounded; by largest remainder the parts add up to it.
        """
        if source == target:
            return list(amounts)
        by_unit = self.by_unit(source, target, day)
        if by_unit is None:
            return None
        exact = [amount * by_unit for amount in amounts]
        if sum(map(abs, exact)) > MAX_MINOR:
            return None
        parts = [part.numerator // part.denominator for part in exact]
        left = round(sum(exact)) - sum(parts)
        largest = sorted(range(len(parts)), key=lambda n: parts[n] - exact[n])
        for n in largest[:left]:
            parts[n] += 1
        return parts

    def _newest(self, base: str, quote: str, day: date) -> tuple[date, Fraction] | None:
        days, values = self._of.get((base, quote), ([], []))
        n = bisect_right(days, day)
        return (days[n - 1], values[n - 1]) if n else None
