"""Up to an amount: what the category lacks of its limit. What is over the limit stays with it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pfms_budget.domain.assigning.asked import Asked
from pfms_common.recurrence import Schedule, nominal_days


@dataclass(frozen=True, slots=True)
class UpTo:
    """The limit counts once for the period, or once for each of its days, or for each week that begins in it.

    Args:
        start: a day on which a week begins; only for weeks.
    """

    limit_minor: int
    per: Literal["period", "week", "day"] = "period"
    start: date | None = None
    priority: int = 0
    kind: Literal["up_to"] = "up_to"

    def wants(self, asked: Asked) -> int:
        return max(0, self.limit_minor * self._times(asked) - asked.carry_in)

    def _times(self, asked: Asked) -> int:
        period = asked.period
        if self.per == "day":
            return (period.last - period.first).days + 1
        if self.per == "week" and self.start:
            weekly = Schedule("FREQ=WEEKLY", self.start)
            return len(list(nominal_days(weekly, period.first, period.last)))
        return 1
