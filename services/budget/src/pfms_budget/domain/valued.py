"""Figures that are made of what accounts hold, account by account: the first month's start, openings and fx."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from pfms_budget.domain.behind import Convert
from pfms_budget.domain.cells import Cell, Kind, Tally
from pfms_budget.domain.counting import Scope, counts_as
from pfms_budget.domain.explained import Kind as TermKind
from pfms_budget.domain.explained import Term
from pfms_budget.domain.held import Held
from pfms_common.period import Period


def balances(held: Held, day: date, convert: Convert) -> list[Term]:
    """What accounts held at the end of a day, by account in its own currency, as terms in the book's."""
    return [
        Term(TermKind.BALANCE, convert(account, minor, day), "balance", id=account, day=day, held=minor)
        for account, minor in sorted(held.items())
        if minor
    ]


def openings(cells: Iterable[tuple[Cell, Tally]], scope: Scope) -> list[Term]:
    """The opening balances among the cells of a month."""
    return [
        Term(TermKind.OPENING, scope.worth(cell, tally), "opening", id=cell.account_id, held=tally.minor)
        for cell, tally in cells
        if cell.kind == Kind.OPENING and cell.account_id in scope.cash
    ]


def fx(
    cells: Iterable[tuple[Cell, Tally]],
    scope: Scope,
    period: Period,
    before: Held,
    after: Held,
    convert: Convert,
) -> list[Term]:
    """What rates did in a month to the money of accounts in other currencies.

    Args:
        cells: of the month, those in other currencies with their worth.
        before: what counted accounts in other currencies held before the month; `after`: at its end.
    """
    counted: defaultdict[UUID, int] = defaultdict(int)
    moved: defaultdict[UUID, int] = defaultdict(int)
    for cell, tally in cells:
        if cell.account_id not in scope.cash:
            continue
        if cell.account_id not in scope.foreign and counts_as(cell, scope) is None:
            moved[cell.account_id] += tally.minor
        elif cell.account_id in scope.foreign and counts_as(cell, scope):
            counted[cell.account_id] -= scope.worth(cell, tally)
    if not before and not after and not counted:
        return []
    return [
        *balances(after, period.last, convert),
        *_negative(balances(before, period.eve, convert)),
        *_of(TermKind.COUNTED, counted),
        *_of(TermKind.MOVED, moved),
    ]


def _negative(terms: Iterable[Term]) -> list[Term]:
    return [
        Term(term.kind, -term.minor, term.name, id=term.id, day=term.day, held=term.held) for term in terms
    ]


def _of(kind: TermKind, sums: Mapping[UUID, int]) -> list[Term]:
    return [Term(kind, minor, kind.value, id=account) for account, minor in sorted(sums.items()) if minor]
