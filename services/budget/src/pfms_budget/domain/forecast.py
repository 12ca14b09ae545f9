"""The forecast: how much will be on each account, day by day.

It begins with what the accounts hold today. On top come dated flows (what plans, income sources and cards will
bring, and what is in the books with a later date already) and, from tomorrow on, everyday spending in equal parts.
Nothing is in both: what plans posted is no everyday spending (everyday.py), and an occurrence that was posted is not
expected any more (expected.py). Each day's balance is the one before, plus income, less expenses; the order of flows
does not matter.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isqrt
from typing import NamedTuple
from uuid import UUID

from pfms_budget.domain.everyday import DAYS, FEWEST_MONTHS, Everyday

MOST_DAYS = 365


class Origin(StrEnum):
    """Where a flow comes from."""

    PLAN = "plan"
    INCOME_SOURCE = "income_source"
    CARD_MINIMUM = "card_minimum"
    POSTED = "posted"
    """It is in the books, with a date to come."""
    EVERYDAY = "everyday"


class Flow(NamedTuple):
    """Money that will come to an account (above zero) or leave it; minor units of the account's currency.

    `counter_id` is the other account of a transfer, which has a flow of its own there. `subject_id` is the plan,
    the source or the card. `nominal`: the day that the plan's rule names.
    """

    day: date
    account_id: UUID
    minor: int
    origin: Origin
    name: str = ""
    counter_id: UUID | None = None
    category_id: UUID | None = None
    subject_id: UUID | None = None
    nominal: date | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The end of a day, in minor units; `expenses` is above zero where money goes out.

    balance = the balance of the day before + income − expenses.
    """

    date: date
    balance: int
    income: int
    expenses: int
    confidence: Decimal
    """From 0 to 1: 1 is today."""


@dataclass(frozen=True, slots=True)
class Warned:
    """An account that falls below a threshold: the first day of it, and its balance then."""

    account_id: UUID
    date: date
    balance: int


def daily(everyday: Mapping[UUID, int], today: date, days: int) -> list[Flow]:
    """Everyday spending from tomorrow on: until the n-th day n/30 of it, rounded down, so 30 days are the whole."""
    flows = []
    for account_id, minor in everyday.items():
        for n in range(1, days + 1):
            part = minor * n // DAYS - minor * (n - 1) // DAYS
            if part:
                flows.append(Flow(today + timedelta(days=n), account_id, -part, Origin.EVERYDAY))
    return flows


def path(
    start: int,
    flows: Iterable[Flow],
    scope: Collection[UUID],
    today: date,
    days: int,
    confidences: Sequence[Decimal],
) -> list[Day]:
    """Today, with what is still to come today, and so many days after it.

    Args:
        start: what the accounts of `scope` hold together today.
        flows: in one currency; those of other accounts and of other days are passed over.
        confidences: of today and each of the days.
    """
    income, expenses, between = ([0] * (days + 1) for _ in range(3))
    for flow in flows:
        n = (flow.day - today).days
        if flow.account_id not in scope or not 0 <= n <= days:
            continue
        if flow.counter_id in scope:
            between[n] += flow.minor
        elif flow.minor > 0:
            income[n] += flow.minor
        else:
            expenses[n] -= flow.minor
    made, balance = [], start
    for n in range(days + 1):
        # Between two currencies a transfer's sides are not worth the same.
        came, went = income[n] + max(between[n], 0), expenses[n] - min(between[n], 0)
        balance += came - went
        made.append(Day(today + timedelta(days=n), balance, came, went, confidences[n]))
    return made


def confidences(everyday: Everyday, days: int) -> list[Decimal]:
    """How far each day can be relied on: 1 / (1 + n/365 + v·√(n/30)) on the n-th day, rounded down to hundredths.

    v is how much months differ: their median distance from the median, as a part of it, at most 1, which it also is
    where there were fewer than three months.
    """
    if everyday.months < FEWEST_MONTHS:
        varies = 1000
    else:
        varies = min(1000 * everyday.spread // everyday.minor, 1000) if everyday.minor else 0
    made = []
    for n in range(days + 1):
        doubt = 1000 + 1000 * n // 365 + varies * isqrt(1_000_000 * n // DAYS) // 1000
        made.append(Decimal(100_000 // doubt).scaleb(-2))
    return made


def warnings(paths: Mapping[UUID, Sequence[Day]], threshold: int) -> list[Warned]:
    """The first day of each time that an account is below the threshold, by day."""
    found = []
    for account_id, days in paths.items():
        above = True
        for day in days:
            if above and day.balance < threshold:
                found.append(Warned(account_id, day.date, day.balance))
            above = day.balance >= threshold
    return sorted(found, key=lambda each: (each.date, each.account_id))
