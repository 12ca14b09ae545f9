"""Which periods a book's budget has: calendar months, or the cycle in which its people are paid.

A calendar is the list of cycles that a book went over to, each from a day on. Cycles say on which days periods begin;
a period ends on the eve of the next one. The engine knows nothing of this: it takes the list of periods.
"""

from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain, dropwhile, pairwise, repeat, takewhile

from pfms_common.holiday import days_off
from pfms_common.period import Period
from pfms_common.problem import Invalid

SHORTEST, LONGEST = 7, 92
"""Days of a period that is set by hand."""
LATEST = 3653
"""A change of cycles may be decided so many days ahead."""
YEARS_OF_WORKING_DAYS = 40
"""So many years of last working days are kept with a rule, from its first on: a holiday that is decreed later, or a
better calendar of holidays, moves no period that has figures.
"""
_DAY = timedelta(days=1)


class Cycle(StrEnum):
    CALENDAR_MONTH = "calendar_month"
    MONTHLY = "monthly"
    LAST_WORKING_DAY = "last_working_day"
    TWO_WEEKS = "two_weeks"
    FOUR_WEEKS = "four_weeks"
    BY_HAND = "by_hand"


_WEEKS = {Cycle.TWO_WEEKS: 2, Cycle.FOUR_WEEKS: 4}
_LEAST = {Cycle.TWO_WEEKS: 7, Cycle.BY_HAND: 1}
_HALF_A_MONTH = 14


@dataclass(frozen=True, slots=True)
class Rule:
    """On which days periods begin.

    Args:
        day: of a month, for MONTHLY; where a month lacks it, its last.
        anchor: a day on which one of the weekly periods begins.
        holidays: country, or a part of one, whose public holidays are no working days; None: only weekends are none.
        days: the first days themselves, in order, BY_HAND and for LAST_WORKING_DAY; after the last of them periods go
            on monthly from its day of the month.
    """

    cycle: Cycle
    day: int | None = None
    anchor: date | None = None
    holidays: str | None = None
    days: tuple[date, ...] = ()

    @property
    def least(self) -> int:
        """The days that a bridge into this cycle has at least: half a usual period; by hand any number."""
        return _LEAST.get(self.cycle, _HALF_A_MONTH)

    def begins(self, since: date) -> Iterator[date]:
        """Every first day from `since` on, without an end."""
        if self.days:
            after = _monthly(self.days[-1].day, self.days[-1] + _DAY)
            return dropwhile(lambda day: day < since, chain(self.days, after))
        if self.anchor:
            return _weekly(self.anchor, _WEEKS[self.cycle], since)
        return _monthly(self.day or 1, since)


CALENDAR_MONTHS = Rule(Cycle.CALENDAR_MONTH)


@dataclass(frozen=True, slots=True)
class Change:
    """A book goes over to another cycle.

    Args:
        first: the first day of the first period by the new rule.
        bridge: the first day of the last period by the old one, which ends on the eve of `first`.
    """

    first: date
    bridge: date
    rule: Rule


@dataclass(frozen=True, slots=True)
class Calendar:
    """Calendar months, and the changes from them on, oldest first."""

    changes: tuple[Change, ...] = ()

    def of(self, day: date) -> Period:
        """The period that `day` lies in."""
        return next(self._from(day))

    def before(self, period: Period) -> Period:
        return self.of(period.eve)

    def after(self, period: Period) -> Period:
        return self.of(period.last + _DAY)

    def between(self, first: date, last: date) -> list[Period]:
        """In order, without a gap, from the one that `first` lies in to the one that `last` lies in."""
        return list(takewhile(lambda period: period.first <= last, self._from(first)))

    def with_rule(self, rule: Rule, since: date) -> "Calendar":
        """The calendar that goes over to a rule at the first day it names from `since` on.

        The period that `since` lies in is the bridge: it ends where the rule's first one begins, which may be earlier
        or later than before, but leaves it no shorter than half a period. Where the rule begins on the very day on
        which that period does, nothing is bridged. What was decided for later is void.
        """
        bridge, first = self.of(since), next(rule.begins(since))
        if first == bridge.first:
            bridge = self.before(bridge)
        else:
            first = next(rule.begins(max(since, bridge.first + timedelta(days=rule.least))))
        kept = tuple(change for change in self.changes if change.first <= bridge.first)
        return Calendar((*kept, Change(first, bridge.first, rule)))

    def _from(self, day: date) -> Iterator[Period]:
        begins = chain.from_iterable(self._begins(day))
        for (first, rule), (following, _) in pairwise(begins):
            if following > day:
                is_month = rule.cycle is Cycle.CALENDAR_MONTH
                yield Period(f"{first:%Y-%m}" if is_month else first.isoformat(), first, following - _DAY)

    def _begins(self, day: date) -> Iterator[Iterator[tuple[date, Rule]]]:
        """First days with their rules, by rule, from one on that is not after `day`."""
        rules = [Change(date.min, date.min, CALENDAR_MONTHS), *self.changes]
        n = max(bisect_right(rules, day, key=lambda change: change.first) - 1, 0)
        if n + 1 < len(rules) and rules[n + 1].bridge <= day:
            day = rules[n + 1].bridge
        ends = [*(following.bridge for following in rules[n + 1 :]), date.max]
        for change, until in zip(rules[n:], ends, strict=True):
            since = max(change.first, day - timedelta(days=LONGEST))
            yield zip(takewhile(until.__ge__, change.rule.begins(since)), repeat(change.rule))


def last_working_days(since: date, holidays: str | None) -> tuple[date, ...]:
    """The last day of each month that is neither on a weekend nor a public holiday, from `since` on."""
    months = [(since.year + n // 12, n % 12 + 1) for n in range(since.month - 1, 12 * YEARS_OF_WORKING_DAYS)]
    days = (_last_working_day(year, month, holidays) for year, month in months)
    return tuple(day for day in days if day >= since)


def holder(old: Period, periods: Sequence[Period]) -> Period:
    """The one that holds most days of `old`, of several the first."""
    return max(periods, key=lambda new: (min(old.last, new.last) - max(old.first, new.first)).days)


@dataclass(frozen=True, slots=True)
class Move:
    """A period that gets what was planned for others, oldest first; two may meet in one."""

    target: Period
    sources: tuple[Period, ...]

    @property
    def is_needed(self) -> bool:
        """Something gets another key."""
        return [source.key for source in self.sources] != [self.target.key]

    @property
    def meet(self) -> bool:
        return len(self.sources) > 1


def moves(before: Calendar, after: Calendar, planned: Iterable[date]) -> list[Move]:
    """Where what is planned from the bridge on goes; what is planned for the bridge stays there.

    Args:
        planned: first days of periods from the bridge on for which something is planned.
    """
    bridge = after.changes[-1].bridge
    found: defaultdict[Period, list[Period]] = defaultdict(list)
    for old in map(before.of, sorted(planned)):
        periods = after.between(old.first, old.last)
        found[periods[0] if old.first == bridge else holder(old, periods)].append(old)
    return [Move(target, tuple(sources)) for target, sources in found.items()]


def check_by_hand(days: Sequence[date], since: date) -> None:
    """Invalid unless these first days lie in order, a sensible number of days apart, from `since` on."""
    if days[0] < since:
        raise Invalid(
            f"The first period by hand begins on {days[0]}, before {since}, when the new cycle may begin.",
            errors={"first_days.0": [f"must be {since} or later"]},
        )
    for n, (one, other) in enumerate(pairwise(days), start=1):
        if not SHORTEST <= (other - one).days <= LONGEST:
            raise Invalid(
                f"A period has {SHORTEST} to {LONGEST} days; the one from {one} on would have {(other - one).days}.",
                errors={f"first_days.{n}": [f"must be {SHORTEST} to {LONGEST} days after the one before"]},
            )


def check_since(since: date, running: Period) -> None:
    """Invalid for a day before the running period, since periods that are over keep their figures; or years ahead."""
    latest = running.first + timedelta(days=LATEST)
    if not running.first <= since <= latest:
        must = f"must be {running.first}, when the running period began, to {latest}"
        raise Invalid(f"`from` {must}: periods before the running one never change.", errors={"from": [must]})


def _monthly(day: int, since: date) -> Iterator[date]:
    year, month = since.year, since.month
    while True:
        first = date(year, month, min(day, monthrange(year, month)[1]))
        if first >= since:
            yield first
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _weekly(anchor: date, weeks: int, since: date) -> Iterator[date]:
    step = timedelta(weeks=weeks)
    first = anchor - (anchor - since) // step * step
    while True:
        yield first
        first += step


def _last_working_day(year: int, month: int, holidays: str | None) -> date:
    free = days_off(holidays, year) if holidays else frozenset()
    day = date(year, month, monthrange(year, month)[1])
    while day.weekday() >= 5 or day in free:
        day -= _DAY
    return day
