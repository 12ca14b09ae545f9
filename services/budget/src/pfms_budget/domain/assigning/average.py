"""The average of what was spent in the periods before, a part or an amount more or less."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pfms_budget.domain.allocation import WHOLE
from pfms_budget.domain.assigning.asked import Asked

MOST_PERIODS = 12


@dataclass(frozen=True, slots=True)
class Average:
    """Rounded half-even once, and never below zero. Of fewer periods where there are no more.

    Args:
        change: in hundredths of a percent: -1000 is a tenth less.
        change_minor: added after it.
    """

    periods: int = 3
    change: int = 0
    change_minor: int = 0
    priority: int = 0
    kind: Literal["average"] = "average"

    def wants(self, asked: Asked) -> int:
        spent = asked.spent[: self.periods]
        if not spent:
            return 0
        mean = Fraction(sum(spent) * (WHOLE + self.change), len(spent) * WHOLE)
        return max(0, round(mean + self.change_minor))
