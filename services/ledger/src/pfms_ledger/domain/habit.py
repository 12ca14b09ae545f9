"""Habits: what each time costs, what a month came to, and whether there was less of it than was meant.

A month's target is the month before it less the wanted part; after a month without any there is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pfms_common.money import MAX_MINOR
from pfms_common.period import Period, previous_month
from pfms_common.problem import Invalid


@dataclass(frozen=True, slots=True)
class Sum:
    """What was logged in a time."""

    quantity: Decimal
    cost_minor: int
    logs: int


@dataclass(frozen=True, slots=True)
class Month:
    """`target` is at most how much was meant, `is_met` whether it was no more; None where there is no target."""

    month: str
    quantity: Decimal
    cost_minor: int
    logs: int
    target: Decimal | None
    is_met: bool | None


NOTHING = Sum(Decimal(0), 0, 0)


def cost_of(quantity: Decimal, unit_cost_minor: int) -> int:
    """Rounded once, half-even."""
    cost = round(Fraction(quantity) * unit_cost_minor)
    if cost > MAX_MINOR:
        raise Invalid("It costs too much.", errors={"quantity": ["is too large at this unit cost"]})
    return cost


def check_posted(cost_minor: int) -> None:
    """What costs less than half a minor unit can be logged, but there is no expense to post."""
    if cost_minor == 0:
        raise Invalid(
            "So little of it costs nothing: log it without an expense, or more of it at once.",
            errors={"quantity": ["costs nothing at this unit cost, rounded to a minor unit"]},
        )


def months(sums: Mapping[str, Sum], wanted: Sequence[Period], reduction_percent: int | None) -> list[Month]:
    """The wanted months, with the sums of each and of the month before its first."""
    found: list[Month] = []
    for period in wanted:
        now = sums.get(period.key, NOTHING)
        before = sums.get(previous_month(period).key, NOTHING)
        target = None
        if reduction_percent is not None and before.quantity:
            target = (before.quantity * (100 - reduction_percent)).scaleb(-2)
        is_met = None if target is None else now.quantity <= target
        found.append(Month(period.key, now.quantity, now.cost_minor, now.logs, target, is_met))
    return found
