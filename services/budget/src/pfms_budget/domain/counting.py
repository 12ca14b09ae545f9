"""What counts in the budget: which figure of a month a movement of money belongs to.

Accounts on the budget, in the book's base currency, are counted. On them a split of an income category is
income, and every other split is spending of its category, or of the uncategorised line; a refund is negative
spending. What others owe, and pay back, is neither: it stands in categories of kind receivable and is left out like
what is excluded. A transfer between two counted accounts changes nothing; one that crosses the budget's edge is
spending or income of its splits. An account that is not known yet is not counted, and lies beyond the edge.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from pfms_budget.domain.cells import Cell, Kind, Tally
from pfms_common.period import Period

type Line = UUID | None
"""A category, or None: the one line of everything that has none."""


@dataclass(frozen=True, slots=True)
class Account:
    """What the budget asks of an account. A closed account still counts; a deleted one is not given."""

    on_budget: bool
    currency: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What judges the cells: the counted accounts, the categories that are income, those that others owe in.

    `unconverted` are the accounts on the budget that are left out whole for want of a rate.
    """

    counted: frozenset[UUID]
    income: frozenset[UUID]
    unconverted: tuple[UUID, ...] = ()
    receivable: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class LineSum:
    """A line's spending in one period (above zero: money went out) and how many transactions made it."""

    actual: int
    transaction_count: int


@dataclass(frozen=True, slots=True)
class PeriodSums:
    """What the counted accounts did in one period, in minor units; money that came in is above zero."""

    income: int = 0
    held_income: int = 0
    openings: int = 0
    excluded: int = 0
    lines: Mapping[Line, LineSum] = field(default_factory=dict)


class Figure(Enum):
    """Where a cell counts."""

    INCOME = auto()
    HELD_INCOME = auto()
    OPENING = auto()
    EXCLUDED = auto()
    SPENDING = auto()


def scope_of(
    accounts: Mapping[UUID, Account],
    income: Iterable[UUID],
    base_currency: str,
    receivable: Iterable[UUID] = (),
) -> Scope:
    """The scope of a book from its known accounts, its categories of type income and of kind receivable, and its
    base currency.
    """
    on_budget = {account_id: account for account_id, account in accounts.items() if account.on_budget}
    counted = frozenset(key for key, account in on_budget.items() if account.currency == base_currency)
    return Scope(counted, frozenset(income), tuple(sorted(on_budget.keys() - counted)), frozenset(receivable))


def counts_as(cell: Cell, scope: Scope) -> Figure | None:
    """The figure that a cell counts in; None when it touches no figure.

    Income marked as counting in the next period is held for it; the mark means nothing on other splits.
    """
    if cell.account_id not in scope.counted:
        return None
    if cell.kind == Kind.OPENING:
        return Figure.OPENING
    if cell.counter_id in scope.counted:
        return None
    if cell.kind == Kind.EXCLUDED or cell.category_id in scope.receivable:
        return Figure.EXCLUDED
    if cell.category_id not in scope.income:
        return Figure.SPENDING
    return Figure.HELD_INCOME if cell.kind == Kind.NEXT_PERIOD else Figure.INCOME


def month_lines(
    cells: Iterable[tuple[Cell, Tally]], scope: Scope, periods: Sequence[Period]
) -> dict[str, PeriodSums]:
    """The sums of every given period by its key, from the cells dated in it; others are passed over.

    Args:
        cells: in any order; cells of several days may have been added up on any one day of their period.
        scope: what judges them.
        periods: ordered and not overlapping.
    """
    firsts = [period.first for period in periods]
    by_figure: defaultdict[tuple[str, Figure], int] = defaultdict(int)
    by_line: defaultdict[str, dict[Line, LineSum]] = defaultdict(dict)
    for cell, tally in cells:
        at = bisect_right(firsts, cell.day) - 1
        figure = counts_as(cell, scope)
        if at < 0 or cell.day > periods[at].last or figure is None:
            continue
        key = periods[at].key
        if figure is Figure.SPENDING:
            line = by_line[key].get(cell.category_id, LineSum(0, 0))
            by_line[key][cell.category_id] = LineSum(
                line.actual - tally.minor, line.transaction_count + tally.transactions
            )
        else:
            by_figure[key, figure] += tally.minor
    return {
        period.key: PeriodSums(
            income=by_figure[period.key, Figure.INCOME],
            held_income=by_figure[period.key, Figure.HELD_INCOME],
            openings=by_figure[period.key, Figure.OPENING],
            excluded=by_figure[period.key, Figure.EXCLUDED],
            lines=by_line[period.key],
        )
        for period in periods
    }


def balance(cells: Iterable[tuple[Cell, Tally]], scope: Scope) -> int:
    """What the counted accounts hold together, from all their cells up to a day, in minor units."""
    return sum(tally.minor for cell, tally in cells if cell.account_id in scope.counted)
