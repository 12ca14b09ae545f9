"""Which part of a book changed, so that only the months from there on are derived."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pfms_common.period import Period

type Days = frozenset[date]


@dataclass(frozen=True, slots=True)
class Touched:
    """Days on which cells, allocations or holds changed.

    `since`: every day from this one on may have; date.min where what judges the cells changed.
    """

    days: Days = frozenset()
    since: date | None = None

    def __or__(self, other: "Touched") -> "Touched":
        both = [day for day in (self.since, other.since) if day]
        return Touched(self.days | other.days, min(both, default=None))

    def __bool__(self) -> bool:
        return bool(self.days) or self.since is not None

    @property
    def first(self) -> date | None:
        """The earliest day that changed."""
        return min([*self.days, *([self.since] if self.since else [])], default=None)

    def months(self, periods: Sequence[Period]) -> set[date]:
        """The first days of the touched periods; what lies before the first one touches the first."""
        firsts = [period.first for period in periods]
        fresh = {firsts[max(bisect_right(firsts, day) - 1, 0)] for day in self.days} if firsts else set()
        return fresh | {period.first for period in periods if self.since and period.last >= self.since}


EVERYTHING = Touched(since=date.min)
