"""What counts in the budget: which figure of a month a movement of money belongs to.

Accounts on the budget are counted, those in another currency by what each movement was worth on its day; one whose
worth is not known is left out whole. On them a split of an income category is income, and every other split is
spending of its category, or of the uncategorised line; a refund is negative spending. A card whose debt is kept
apart holds no money: what is spent on it is known by card (card.py), and what is excluded on it counts nowhere, nor
does its opening balance. What others owe, and pay back, is neither income nor spending: it stands in categories of
kind receivable and is left out like what is excluded. A transfer between two accounts that hold money changes
nothing; one to a card pays it, by the amount that left; one that crosses the budget's edge is spending or income of
its splits. An account that is not known yet is not counted, and lies beyond the edge.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from pfms_budget.domain.card import OnCards, ordered
from pfms_budget.domain.cells import Cell, Kind, Tally
from pfms_common.period import Period

type Line = UUID | None
"""A category, or None: the one line of everything that has none."""


@dataclass(frozen=True, slots=True)
class Account:
    """What the budget asks of an account. A closed account still counts; a deleted one is not given."""

    on_budget: bool
    currency: str
    keeps_debt: bool = False
    """A card of the policy `liability`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What judges the cells: the counted accounts, the categories that are income, those that others owe in.

    Args:
        cash: the accounts whose balances are the budget's money.
        income: categories.
        unconverted: accounts on the budget that are left out whole for want of a rate.
        receivable: categories.
        cards: accounts that hold debt and no money.
        foreign: those of `cash` and `cards` in another currency than the book's, with that currency.
    """

    cash: frozenset[UUID]
    income: frozenset[UUID]
    unconverted: tuple[UUID, ...] = ()
    receivable: frozenset[UUID] = frozenset()
    cards: frozenset[UUID] = frozenset()
    foreign: Mapping[UUID, str] = field(default_factory=dict)

    def worth(self, cell: Cell, tally: Tally) -> int:
        """What a cell is in the book's currency, in minor units."""
        return tally.base if cell.account_id in self.foreign else tally.minor


@dataclass(frozen=True, slots=True)
class LineSum:
    """A line's spending in one period (above zero: money went out), how many transactions made it, and which part of
    it was on cards.
    """

    actual: int
    transaction_count: int
    on_cards: OnCards = ()


@dataclass(frozen=True, slots=True)
class PeriodSums:
    """What the counted accounts did in one period, in minor units; money that came in is above zero."""

    income: int = 0
    held_income: int = 0
    openings: int = 0
    excluded: int = 0
    fx: int = 0
    """What rates did to the money held in other currencies."""
    paid: OnCards = ()
    """What each card was paid: transfers into it, and income on it."""
    lines: Mapping[Line, LineSum] = field(default_factory=dict)


class Figure(Enum):
    """Where a cell counts."""

    INCOME = auto()
    HELD_INCOME = auto()
    OPENING = auto()
    EXCLUDED = auto()
    SPENDING = auto()
    PAYMENT = auto()
    """Of a card: from an account that holds money, or between two cards."""


def scope_of(
    accounts: Mapping[UUID, Account],
    income: Iterable[UUID],
    base_currency: str,
    receivable: Iterable[UUID] = (),
    stated: Collection[UUID] = (),
) -> Scope:
    """The scope of a book from its known accounts, its categories of type income and of kind receivable, its base
    currency, and those accounts in another one whose worth is known on every day that it is asked for.
    """
    on_budget = {account_id: account for account_id, account in accounts.items() if account.on_budget}
    foreign = {
        key: account.currency for key, account in on_budget.items() if account.currency != base_currency
    }
    unconverted = sorted(foreign.keys() - set(stated))
    counted = {key: account for key, account in on_budget.items() if key not in unconverted}
    return Scope(
        cash=frozenset(key for key, account in counted.items() if not account.keeps_debt),
        income=frozenset(income),
        unconverted=tuple(unconverted),
        receivable=frozenset(receivable),
        cards=frozenset(key for key, account in counted.items() if account.keeps_debt),
        foreign={key: currency for key, currency in foreign.items() if key in counted},
    )


def counts_as(cell: Cell, scope: Scope) -> Figure | None:
    """The figure that a cell counts in; None when it touches no figure.

    Income marked as counting in the next period is held for it; the mark means nothing on other splits.
    """
    on_card = cell.account_id in scope.cards
    if not on_card and cell.account_id not in scope.cash:
        return None
    if cell.kind == Kind.OPENING:
        return None if on_card else Figure.OPENING
    if cell.counter_id in scope.cards:
        return Figure.PAYMENT
    is_excluded = cell.kind == Kind.EXCLUDED or cell.category_id in scope.receivable
    # Of a card's payment, the side that the money left is the one that counts.
    if cell.counter_id in scope.cash or (is_excluded and on_card):
        return None
    if is_excluded:
        return Figure.EXCLUDED
    income = Figure.HELD_INCOME if cell.kind == Kind.NEXT_PERIOD else Figure.INCOME
    return income if cell.category_id in scope.income else Figure.SPENDING


def payments(cell: Cell, worth: int, scope: Scope) -> list[tuple[UUID, int]]:
    """What each card was paid by a cell: a transfer into it, or income on it; what left it is below zero.

    Of a transfer between two cards the sending side counts, for both.
    """
    figure = counts_as(cell, scope)
    on_card = cell.account_id in scope.cards
    if figure is None or figure is Figure.SPENDING:
        return []
    own = [(cell.account_id, worth)] if on_card else []
    if figure is not Figure.PAYMENT:
        return own
    return [(cell.counter_id, -worth), *own] if cell.counter_id and (worth < 0 or not on_card) else []


def month_lines(
    cells: Iterable[tuple[Cell, Tally]],
    scope: Scope,
    periods: Sequence[Period],
    revalued: Mapping[str, int] | None = None,
) -> dict[str, PeriodSums]:
    """The sums of every given period by its key, from the cells dated in it; others are passed over.

    Args:
        cells: in any order; cells of several days may have been added up on any one day of their period. In other
            currencies nothing is unstated any more (`stated`).
        scope: what judges them.
        periods: ordered and not overlapping.
        revalued: by period key by how much what is held in other currencies is worth more at the end of it than
            before it, in the book's currency; without any nothing is.
    """
    firsts = [period.first for period in periods]
    sums: defaultdict[str, _Sums] = defaultdict(_Sums)
    for cell, tally in cells:
        at = bisect_right(firsts, cell.day) - 1
        if at >= 0 and cell.day <= periods[at].last:
            sums[periods[at].key].count(cell, tally, scope)
    held = revalued or {}
    return {period.key: sums[period.key].total(held.get(period.key, 0)) for period in periods}


def balance(cells: Iterable[tuple[Cell, Tally]], scope: Scope) -> int:
    """What the counted accounts in the book's currency hold together, from all their cells up to a day, in minor
    units; what those in others hold is worth something else every day (held.py).
    """
    return sum(
        tally.minor
        for cell, tally in cells
        if cell.account_id in scope.cash and cell.account_id not in scope.foreign
    )


class _Sums:
    """One period's sums while its cells are counted. `moved` is all that moved on the accounts of `cash`: in the
    book's currency as it is, in others nothing, for what they hold is valued at the period's end.
    """

    def __init__(self) -> None:
        self.figures: defaultdict[Figure, int] = defaultdict(int)
        self.spent: defaultdict[Line, int] = defaultdict(int)
        self.counts: defaultdict[Line, int] = defaultdict(int)
        self.on_cards: defaultdict[Line, dict[UUID, int]] = defaultdict(dict)
        self.paid: defaultdict[UUID, int] = defaultdict(int)
        self.counted = self.moved = 0

    def count(self, cell: Cell, tally: Tally, scope: Scope) -> None:
        figure, worth = counts_as(cell, scope), scope.worth(cell, tally)
        if cell.account_id in scope.cash:
            self.moved += 0 if cell.account_id in scope.foreign else tally.minor
            self.counted += worth if figure else 0
        for card, minor in payments(cell, worth, scope):
            self.paid[card] += minor
        if figure is Figure.SPENDING:
            self.spent[cell.category_id] -= worth
            self.counts[cell.category_id] += tally.transactions
            if cell.account_id in scope.cards:
                line = self.on_cards[cell.category_id]
                line[cell.account_id] = line.get(cell.account_id, 0) - worth
        elif figure:
            self.figures[figure] += worth

    def total(self, revalued: int) -> PeriodSums:
        return PeriodSums(
            income=self.figures[Figure.INCOME],
            held_income=self.figures[Figure.HELD_INCOME],
            openings=self.figures[Figure.OPENING],
            excluded=self.figures[Figure.EXCLUDED],
            fx=self.moved + revalued - self.counted,
            paid=ordered(list(self.paid.items())),
            lines={
                line: LineSum(spent, self.counts[line], ordered(list(self.on_cards[line].items())))
                for line, spent in self.spent.items()
            },
        )
