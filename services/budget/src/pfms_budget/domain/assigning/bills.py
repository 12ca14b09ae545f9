"""Bills: what is due in the period in full, and of each later one an even part, until it is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from pfms_budget.domain.assigning.asked import Asked
from pfms_budget.domain.assigning.by_date import months_between
from pfms_common.period import LAST_YEAR, Period, month_of
from pfms_common.recurrence import Schedule, next_after, nominal_days


@dataclass(frozen=True, slots=True)
class Bill:
    """Args:
    start: the first day it is due.
    rrule: when it is due again, as RFC 5545 writes it; None: never.
    whole: nothing is saved for it before the period that it is due in.
    """

    amount_minor: int
    start: date
    rrule: str | None = None
    whole: bool = False

    def due_in(self, period: Period) -> int:
        """How often."""
        return len(list(nominal_days(self._schedule, period.first, period.last)))

    def next_due(self, period: Period) -> date | None:
        """The first day after the period."""
        found = next_after(self._schedule, period.last, date(LAST_YEAR, 12, 31))
        return found.date if found else None

    @property
    def _schedule(self) -> Schedule:
        return Schedule(self.rrule or "FREQ=DAILY;COUNT=1", self.start)


@dataclass(frozen=True, slots=True)
class Bills:
    """What is there pays for the bill that is due first; overspending is made good at once."""

    bills: Sequence[Bill]
    priority: int = 0
    kind: Literal["bills"] = "bills"

    def wants(self, asked: Asked) -> int:
        saved, wanted = Fraction(asked.carry_in), Fraction(0)
        if saved < 0:
            saved, wanted = Fraction(0), -saved
        for needed, periods in sorted(self._needs(asked.period), key=lambda need: need[1]):
            taken = min(saved, needed)
            saved -= taken
            wanted += (needed - taken) / periods  # law floats: Fractions, which are exact
        return round(wanted)

    def _needs(self, period: Period) -> list[tuple[Fraction, int]]:
        """What is needed, and in how many periods from this one on."""
        needs = []
        for bill in self.bills:
            due = bill.next_due(period)
            if times := bill.due_in(period):
                needs.append((Fraction(bill.amount_minor * times), 1))
            elif due and not bill.whole:
                needs.append((Fraction(bill.amount_minor), months_between(period, month_of(due)) + 1))
        return needs
