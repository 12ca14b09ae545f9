"""Detection: payments that repeat without a plan, by their days first; amounts of bills may vary.

A series is what one payee got from, or paid into, one account. Its days are held against each period: two payments
are linked when they lie one period apart, give or take a few days. The longest chain counts; a stray payment in
between (a bonus, a second visit) and one late or missing payment do not break it.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

LONGEST_SERIES = 120
LATEST = 6
_AGREE_PERCENT = 5
_SAME_DAY = 3


class Payment(NamedTuple):
    """One payment of a series; the amount signed, in minor units."""

    date: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Repeating:
    """What repeats.

    Args:
        period: weekly, fortnightly, monthly, bimonthly, quarterly, half_yearly, yearly or days.
        interval_days: usual number of days between two payments.
        amount_minor: what is expected next, signed.
        day_of_month: for periods of months, 31 for the last day.
        payments: how many belong to it, of `seen`.
    """

    period: str
    interval_days: int
    rrule: str
    amount_minor: int
    least_minor: int
    most_minor: int
    is_variable: bool
    day_of_month: int | None
    last_date: date
    next_date: date
    payments: int
    seen: int


class _Period(NamedTuple):
    """`days` between two payments; `exact`, `loose`: how many days a usual and an unusual one may be off."""

    name: str
    days: int
    months: int
    exact: int
    loose: int


_PERIODS = (
    _Period("weekly", 7, 0, 1, 2),
    _Period("fortnightly", 14, 0, 2, 3),
    _Period("monthly", 30, 1, 4, 11),
    _Period("bimonthly", 61, 2, 6, 14),
    _Period("quarterly", 91, 3, 8, 18),
    _Period("half_yearly", 182, 6, 12, 25),
    _Period("yearly", 365, 12, 15, 30),
)
_FEWEST_DAYS = 2


def detect(payments: Sequence[Payment]) -> Repeating | None:
    """What repeats in a series, if anything does.

    It takes three payments, or two that are a year apart and of the same amount; two links out of three are exact,
    and two payments out of three belong to it.
    """
    series = sorted(payments)[-LONGEST_SERIES:]
    if len(series) < 2:
        return None
    found = [
        (chain, period) for period in _candidates(series) if (chain := _chain(series, period)) is not None
    ]
    if not found:
        return None
    chain, period = max(found, key=lambda each: (len(each[0]), -each[1].days))
    return _described([series[n] for n in chain], period, len(series))


def _candidates(series: Sequence[Payment]) -> list[_Period]:
    """The known periods, and the usual number of days between two payments where it is none of them."""
    gaps = [gap for one, other in pairwise(series) if (gap := (other.date - one.date).days) > 0]
    usual = median_low(gaps) if gaps else 0
    known = {
        day
        for period in _PERIODS
        for day in range(period.days - period.exact, period.days + period.exact + 1)
    }
    if usual < _FEWEST_DAYS or usual in known:
        return list(_PERIODS)
    return [*_PERIODS, _Period("days", usual, 0, usual // 12, usual // 8)]


def _chain(series: Sequence[Payment], period: _Period) -> list[int] | None:
    """The indices of the best chain of payments one period apart; None where it does not hold."""
    best: list[tuple[int, int, int]] = []  # score, links that are exact, the payment before
    for n, payment in enumerate(series):
        top = (0, 0, -1)
        for m in range(n - 1, -1, -1):
            gap = (payment.date - series[m].date).days
            if gap > 2 * period.days + period.loose:
                break
            score = _score(series[m], payment, gap, period)
            if score:
                exact = best[m][1] + (score >= _EXACT)
                top = max(top, (best[m][0] + score, exact, m))
        best.append(top)
    last = max(range(len(series)), key=lambda n: best[n][:2])
    chain = [last]
    while best[chain[-1]][2] >= 0:
        chain.append(best[chain[-1]][2])
    chain.reverse()
    return chain if _holds(series, chain, best[last][1], period) else None


_EXACT, _SAME_AMOUNT = 10, 1


def _score(one: Payment, other: Payment, gap: int, period: _Period) -> int:
    """How well two payments follow each other: exactly, unusually (late, early, one left out), or not at all."""
    off = abs(gap - period.days)
    same = _SAME_AMOUNT if _agree(one.amount_minor, other.amount_minor) else 0
    if off <= period.exact:
        return _EXACT + same
    if off <= period.loose or abs(gap - 2 * period.days) <= period.exact:
        return _EXACT // 3 + same
    return 0


def _holds(series: Sequence[Payment], chain: Sequence[int], exact: int, period: _Period) -> bool:
    links = len(chain) - 1
    first, last = series[chain[0]], series[chain[-1]]
    if links == 1 and period.name == "yearly":
        return len(series) == 2 and exact == 1 and _agree(first.amount_minor, last.amount_minor)
    return exact >= 2 and exact * 3 >= links * 2 and len(chain) * 3 >= len(series) * 2


def _described(chain: Sequence[Payment], period: _Period, seen: int) -> Repeating:
    amounts = [payment.amount_minor for payment in chain]
    expected = _level(amounts)
    recent = amounts[-LATEST:]
    day = _usual_day([payment.date for payment in chain]) if period.months else None
    last = chain[-1].date
    return Repeating(
        period=period.name,
        interval_days=period.days,
        rrule=_rule(period, day),
        amount_minor=expected if expected is not None else median_low(recent),
        least_minor=min(recent, key=abs),
        most_minor=max(recent, key=abs),
        is_variable=expected is None,
        day_of_month=day,
        last_date=last,
        next_date=_following(last, period, day),
        payments=len(chain),
        seen=seen,
    )


def _agree(one: int, other: int) -> bool:
    return abs(one - other) * 100 <= _AGREE_PERCENT * max(abs(one), abs(other))


def _level(amounts: Sequence[int]) -> int | None:
    """The amount that payments have settled on: two in a row set a new level, one alone does not. None: it varies."""
    for n in range(len(amounts) - 1, max(len(amounts) - 3, 0), -1):
        if _agree(amounts[n], amounts[n - 1]):
            return amounts[n]
    return None


def _usual_day(days: Sequence[date]) -> int:
    """The day of the month that payments have settled on, in the same way; 31 for the month's last day."""
    if all(_is_last(day) for day in days[-LATEST:]) and len({day.day for day in days[-LATEST:]}) > 1:
        return 31
    settled = days[-1].day
    for n in range(len(days) - 1, max(len(days) - 3, 0), -1):
        if abs(days[n].day - days[n - 1].day) <= _SAME_DAY or (_is_last(days[n]) and _is_last(days[n - 1])):
            settled = max(days[n].day, days[n - 1].day)
            break
    # A weekend moves single payments: the day that most of the latest ones have stands for all.
    near = [day.day for day in days[-LATEST:] if abs(day.day - settled) <= _SAME_DAY]
    return max(near, key=lambda day: (near.count(day), -abs(day - settled))) if near else settled


def _is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def _rule(period: _Period, day: int | None) -> str:
    if period.months:
        return f"FREQ=MONTHLY;INTERVAL={period.months};BYMONTHDAY={day}"
    if period.days % 7 == 0:
        return f"FREQ=WEEKLY;INTERVAL={period.days // 7}"
    return f"FREQ=DAILY;INTERVAL={period.days}"


def _following(last: date, period: _Period, day: int | None) -> date:
    """The next date on the usual day, about a period after the last payment."""
    if day is None:
        return last + timedelta(days=period.days)
    about = last + timedelta(days=period.days)
    near = [_in_month(about, months, day) for months in (-1, 0, 1)]
    return min((each for each in near if each > last), key=lambda each: abs((each - about).days))


def _in_month(about: date, months: int, day: int) -> date:
    year, month = divmod(about.year * 12 + about.month - 1 + months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))
