"""What a rule is told of its category and period. Amounts are minor units of the book's currency."""

from collections.abc import Sequence
from dataclasses import dataclass

from pfms_common.period import Period


@dataclass(frozen=True, slots=True)
class Asked:
    """Args:
    carry_in: what the category brings along from the period before; negative: overspent.
    income: what is planned, else what came in.
    spent: in each of the periods before, the latest first.
    """

    period: Period
    carry_in: int = 0
    income: int = 0
    spent: Sequence[int] = ()
