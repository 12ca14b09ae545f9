"""A standing allocation: the same amount, or the same share of the income, in every period."""

from dataclasses import dataclass
from typing import Literal

from pfms_budget.domain.allocation import share
from pfms_budget.domain.assigning.asked import Asked


@dataclass(frozen=True, slots=True)
class Fixed:
    amount_minor: int
    priority: int = 0
    kind: Literal["fixed"] = "fixed"

    def wants(self, _: Asked) -> int:
        return self.amount_minor


@dataclass(frozen=True, slots=True)
class Percentage:
    """`percentage` in hundredths of a percent; rounded half-even."""

    percentage: int
    priority: int = 0
    kind: Literal["percentage"] = "percentage"

    def wants(self, asked: Asked) -> int:
        return share(asked.income, self.percentage) if asked.income > 0 else 0
