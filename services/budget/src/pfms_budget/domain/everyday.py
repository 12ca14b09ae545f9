"""Everyday spending: what a household spends besides what it plans, as minor units per 30 days.

The rule: the median of what was spent in each of the last whole months, at most six. With fewer than three of them,
the mean of the last 30 days. What plans posted is left out, since the forecast has it with its own date, and so are
outliers: single amounts far out (above the third quartile by more than three times the distance between the
quartiles; the outer fence of J. W. Tukey), unless the same line had one in at least every other month, which is a
habit and no accident.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from pfms_common.money import allocate
from pfms_common.period import Period, month_of, months, previous_month

MOST_MONTHS, FEWEST_MONTHS = 6, 3
DAYS = 30
_FEWEST_AMOUNTS = 8
"""With fewer amounts nothing can be said about which are far out."""


class Spent(NamedTuple):
    """Spending of one day in one line of one account; minor units, above zero: money went out."""

    day: date
    account_id: UUID
    line: UUID | None
    minor: int


@dataclass(frozen=True, slots=True)
class Everyday:
    """Minor units per 30 days.

    Args:
        by_account: they add up to `minor`.
        months: of how many whole months the median is; 0: the mean of the last 30 days.
        spread: the median distance of a month from the median, in minor units.
        outliers: how many amounts were left out.
    """

    minor: int = 0
    by_account: Mapping[UUID, int] = field(default_factory=dict)
    months: int = 0
    spread: int = 0
    outliers: int = 0


def history(first_day: date | None, today: date) -> list[Period]:
    """The whole months before today's that lie after the first movement, at most six."""
    if first_day is None:
        return []
    last = previous_month(month_of(today))
    whole = [period for period in months(month_of(first_day), last) if period.first >= first_day]
    return whole[-MOST_MONTHS:]


def first_day_asked(today: date) -> date:
    """No movement before it has a say."""
    last = month_of(today)
    for _ in range(MOST_MONTHS):
        last = previous_month(last)
    return min(last.first, today - timedelta(days=DAYS))


def everyday(spent: Iterable[Spent], first_day: date | None, today: date) -> Everyday:
    """The rule, for accounts in one currency.

    Args:
        spent: in any order; what plans posted left out.
        first_day: of the first movement; None: there was none.
    """
    periods = history(first_day, today)
    if len(periods) < FEWEST_MONTHS:
        periods = []
    begins = periods[0].first if periods else today - timedelta(days=DAYS - 1)
    ends = periods[-1].last if periods else today
    asked = [each for each in spent if begins <= each.day <= ends]
    usual = _without_outliers(asked, max(len(periods), 1))
    if periods:
        sums = dict.fromkeys((period.key for period in periods), 0)
        for each in usual:
            sums[month_of(each.day).key] += each.minor
        typical = max(median([*sums.values()]), Fraction(0))
        spread = median([abs(minor - typical) for minor in sums.values()])
    else:
        typical, spread = Fraction(max(sum(each.minor for each in usual), 0)), Fraction(0)
    minor = round(typical)
    return Everyday(minor, _by_account(minor, usual), len(periods), round(spread), len(asked) - len(usual))


def median(values: Sequence[int | Fraction]) -> Fraction:
    """The middle one, or the mean of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return Fraction(ordered[half] + ordered[~half]) / 2  # law floats: Fractions, which are exact


def _without_outliers(spent: Sequence[Spent], whole_months: int) -> list[Spent]:
    fence = _outer_fence([each.minor for each in spent if each.minor > 0])
    if fence is None:
        return list(spent)
    far: defaultdict[tuple[UUID, UUID | None], set[str]] = defaultdict(set)
    for each in spent:
        if each.minor > fence:
            far[each.account_id, each.line].add(month_of(each.day).key)
    accidents = {key for key, keys in far.items() if 2 * len(keys) < whole_months or whole_months == 1}
    return [each for each in spent if each.minor <= fence or (each.account_id, each.line) not in accidents]


def _outer_fence(amounts: Sequence[int]) -> int | None:
    if len(amounts) < _FEWEST_AMOUNTS:
        return None
    ordered, quarter = sorted(amounts), len(amounts) // 4
    lower, upper = ordered[quarter], ordered[~quarter]
    return upper + 3 * (upper - lower)


def _by_account(minor: int, spent: Iterable[Spent]) -> dict[UUID, int]:
    """By largest remainder, in proportion to what each account spent."""
    sums: defaultdict[UUID, int] = defaultdict(int)
    for each in spent:
        sums[each.account_id] += each.minor
    payers = {key: sums[key] for key in sorted(sums) if sums[key] > 0}
    if not minor or not payers:
        return {}
    return dict(zip(payers, allocate(minor, list(payers.values())), strict=True))
