"""By a date: what must be saved each period so that an amount is there in the month that needs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pfms_budget.domain.assigning.asked import Asked
from pfms_common.period import Period, month


@dataclass(frozen=True, slots=True)
class Target:
    """`by`: a month key; `repeat_months`: how long after it the amount is needed again, 0: never."""

    amount_minor: int
    by: str
    repeat_months: int = 0

    def months_left(self, period: Period) -> int | None:
        """From the period to the next month that needs it; None when it is past."""
        left = months_between(period, month(self.by))
        if left < 0 and self.repeat_months:
            left %= self.repeat_months
        return left if left >= 0 else None

    def needed_in(self, left: int, soonest: int) -> Fraction:
        """What of it must be there when the soonest of all targets is due.

        One that repeats is saved for over its whole cycle, another from now on, evenly.
        """
        if self.repeat_months:
            gone = self.repeat_months - left + soonest
            return Fraction(self.amount_minor * min(max(gone, 0), self.repeat_months), self.repeat_months)
        return Fraction(self.amount_minor * (soonest + 1), left + 1)


@dataclass(frozen=True, slots=True)
class ByDate:
    """Several targets are saved for together: what is there counts for the one that is due first."""

    targets: Sequence[Target]
    priority: int = 0
    kind: Literal["by_date"] = "by_date"

    def wants(self, asked: Asked) -> int:
        ahead = [(target, target.months_left(asked.period)) for target in self.targets]
        due = [(target, left) for target, left in ahead if left is not None]
        if not due:
            return 0
        soonest = min(left for _, left in due)
        needed = sum((target.needed_in(left, soonest) for target, left in due), Fraction(0))
        each = (needed - asked.carry_in) / (soonest + 1)  # law floats: Fractions, which are exact
        return max(0, round(each))


def months_between(first: Period, last: Period) -> int:
    """Calendar months from one period's to another's."""
    return (last.first.year - first.first.year) * 12 + last.first.month - first.first.month
