"""Totals over currencies: what can be converted is added up, what cannot is listed and never counted as anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pfms_common.rate import Rates


class Amount(NamedTuple):
    """`within`: it is in another amount already, as what is in a pot is in its account."""

    minor: int
    currency: str
    within: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """`converted` stands in the order of the amounts, None for what no rate converts."""

    currency: str
    total_minor: int
    converted: Sequence[int | None]


def total_in(amounts: Sequence[Amount], target: str, day: date, rates: Rates) -> Total:
    """Adds amounts up in one currency; each is rounded once, half-even."""
    converted: list[int | None] = []
    total = 0
    for amount in amounts:
        parts = rates.converted([amount.minor], amount.currency, target, day)
        converted.append(parts[0] if parts else None)
        if parts and not amount.within:
            total += parts[0]
    return Total(target, total, converted)
