"""Which rows of a bank file are occurrences of plans.

A row is an occurrence when it lies within five days of it, when its amount is as the plan says or within the plan's
tolerance, and when it names the plan's payee or the plan; a row without any text needs no likeness. The same rule
serves when an occurrence comes due and the bank's row is here already.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from pfms_common.problem import Invalid
from pfms_ledger.domain.matching import LIKE_ENOUGH, MAX_DAYS, BankRow, Pair, similarity
from pfms_ledger.domain.plan import Plan
from pfms_ledger.domain.settling import Marks, amount_on, occurrence_id, open_occurrences

MOST = Decimal(50)
_FAR = timedelta(days=MAX_DAYS)


@dataclass(frozen=True, slots=True)
class Expected:
    """A movement that a plan expects on an account, signed as a bank's row: outflow negative.

    Args:
        within_minor: how far the bank's amount may be from it.
        names: what a bank's text may call it.
        transaction_id: what it became, where it is posted.
    """

    plan_id: UUID
    nominal: date
    account_id: UUID
    date: date
    amount_minor: int
    within_minor: int
    names: tuple[str, ...]
    transaction_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """What pairs name it by."""
        return self.transaction_id or occurrence_id(self.plan_id, self.nominal)

    @property
    def least_minor(self) -> int:
        return self.amount_minor - self.within_minor

    @property
    def most_minor(self) -> int:
        return self.amount_minor + self.within_minor


def check_tolerance(percent: Decimal) -> None:
    if not 0 <= percent <= MOST:
        raise Invalid(
            f"A tolerance lies between 0 and {MOST} percent.",
            errors={"amount_tolerance_percent": [f"must be between 0 and {MOST}"]},
        )


def expected_of(
    plan: Plan, nominal: date, day: date, amount_minor: int, transaction_id: UUID | None = None
) -> list[Expected]:
    """What banks will say of one occurrence: a transfer stands in the files of both its accounts.

    Args:
        amount_minor: signed as the template: a transfer's is positive.
    """
    template = plan.template
    names = tuple(name for name in (template.payee, plan.name) if name)

    def on(account_id: UUID, amount: int) -> Expected:
        within = int(abs(amount) * plan.amount_tolerance.scaleb(-2))
        return Expected(plan.id, nominal, account_id, day, amount, within, names, transaction_id)

    if template.target is None:
        return [on(template.first_account, amount_minor)]
    arrives = template.target.amount_minor is None  # else it is in another currency, at the rate of that day
    return [
        on(template.first_account, -amount_minor),
        *([on(template.target.account_id, amount_minor)] if arrives else []),
    ]


def expected(plan: Plan, marks: Marks, first: date, last: date, open_from: date | None) -> Iterator[Expected]:
    """What rows from `first` to `last` may be: open occurrences, and posted ones whose amount was an estimate."""
    for each in open_occurrences(plan, marks, last + _FAR, open_from):
        if each.date >= first - _FAR:
            yield from expected_of(plan, each.nominal, each.date, amount_on(plan, each.nominal))
    if not plan.amount_tolerance:
        return
    for mark in marks.values():
        if mark.transaction_id is not None and first - _FAR <= mark.date <= last + _FAR:
            yield from expected_of(plan, mark.nominal, mark.date, mark.amount_minor, mark.transaction_id)


def expected_pairs(rows: Iterable[BankRow], expectations: Iterable[Expected]) -> list[Pair]:
    """Every row with every occurrence that it may be."""
    by_day: dict[tuple[UUID, date], list[Expected]] = defaultdict(list)
    for one in expectations:
        by_day[one.account_id, one.date].append(one)
    if not by_day:
        return []
    return [
        Pair(likeness, abs(days), row.row, one.id, abs(row.amount_minor - one.amount_minor))
        for row in rows
        for days in range(-MAX_DAYS, MAX_DAYS + 1)
        for one in by_day.get((row.account_id, row.date + timedelta(days=days)), ())
        if one.least_minor <= row.amount_minor <= one.most_minor
        and ((likeness := _likeness(row, one)) >= LIKE_ENOUGH or not row.text.strip())
    ]


def _likeness(row: BankRow, one: Expected) -> float:  # law floats: a likeness, no money
    return max(similarity(text, name) for text in (row.payee, row.text) for name in one.names)
