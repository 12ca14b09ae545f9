"""Net worth: what the accounts hold less what they owe, by currency; a balance below zero is owed.

Shown at the end of each month, and on the last day asked for.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from pfms_common.problem import Invalid

MOST_POINTS = 600


@dataclass(frozen=True, slots=True)
class MonthSum:
    """What the postings of one month did to an account, in minor units of its currency; `month` is its first day."""

    account_id: UUID
    currency: str
    month: date
    sum_minor: int


@dataclass(frozen=True, slots=True)
class Worth:
    """One currency on one day; `liabilities_minor` is positive, `balances` are those of accounts begun by then."""

    date: date
    currency: str
    assets_minor: int
    liabilities_minor: int
    balances: Mapping[UUID, int]

    @property
    def net_worth_minor(self) -> int:
        return self.assets_minor - self.liabilities_minor


def month_ends(first: date, last: date) -> list[date]:
    """The last days of the months from that of `first` on, and `last` itself."""
    if last < first:
        raise Invalid("The last day is before the first.", errors={"to": ["must not be before `from`"]})
    months = (last.year - first.year) * 12 + last.month - first.month
    if months >= MOST_POINTS:
        raise Invalid(
            f"That is more than {MOST_POINTS} months.",
            errors={"from": [f"at most {MOST_POINTS} months before `to`"]},
        )
    ends = []
    for n in range(months):
        year, month = divmod(first.year * 12 + first.month - 1 + n, 12)
        ends.append(date(year, month + 1, monthrange(year, month + 1)[1]))
    return [*ends, last]


def is_month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def net_worth(sums: Iterable[MonthSum], days: Sequence[date]) -> list[Worth]:
    """The worth on each day, by currency, from the month sums up to each day's month; days and months rise."""
    waiting = sorted(sums, key=lambda each: each.month)
    by_currency: dict[str, dict[UUID, int]] = {}
    shown: list[Worth] = []
    place = 0
    for day in days:
        while place < len(waiting) and waiting[place].month <= day:
            one = waiting[place]
            balances = by_currency.setdefault(one.currency, {})
            balances[one.account_id] = balances.get(one.account_id, 0) + one.sum_minor
            place += 1
        for currency, balances in sorted(by_currency.items()):
            held = sum(balance for balance in balances.values() if balance > 0)
            owed = -sum(balance for balance in balances.values() if balance < 0)
            shown.append(Worth(day, currency, held, owed, dict(balances)))
    return shown
