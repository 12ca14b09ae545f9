"""An amount for each day that a rule names: every week, every ten days. Whole in the period of the day."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pfms_budget.domain.assigning.asked import Asked
from pfms_common.recurrence import Schedule, nominal_days


@dataclass(frozen=True, slots=True)
class Periodic:
    """`rrule` as RFC 5545 writes it, counted from `start`."""

    amount_minor: int
    rrule: str
    start: date
    priority: int = 0
    kind: Literal["periodic"] = "periodic"

    def wants(self, asked: Asked) -> int:
        days = nominal_days(Schedule(self.rrule, self.start), asked.period.first, asked.period.last)
        return self.amount_minor * len(list(days))
