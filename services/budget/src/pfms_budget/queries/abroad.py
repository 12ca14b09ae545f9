"""What is read of books with accounts in other currencies, and of no others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.counting import Scope
from pfms_budget.domain.held import missing, revalued, worth
from pfms_common.period import Period
from pfms_common.rate import Rate, Rates

_RATES = """
SELECT book_id, base, quote, date, rate FROM rate
WHERE book_id = ANY ($1) AND rate IS NOT NULL
"""
# All days of these accounts: what is held abroad is valued at the end of every period.
_MOVED = """
SELECT c.* FROM unnest($1::uuid[], $2::uuid[]) AS u (book_id, account_id), LATERAL (
    SELECT book_id, account_id, day, sum(minor)::text AS minor, bool_or(unstated <> 0) AS is_unstated
    FROM cell WHERE book_id = u.book_id AND account_id = u.account_id
    GROUP BY book_id, account_id, day ORDER BY day) c
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What an account moved on a day in its own currency; whether anything of it has no worth stated."""

    account_id: UUID
    day: date
    minor: int
    is_unstated: bool


@dataclass(frozen=True, slots=True)
class Abroad:
    """A book's accounts on the budget in other currencies than its own, what moved on them, and its rates."""

    base: str = ""
    foreign: Mapping[UUID, str] = field(default_factory=dict)
    moved: Sequence[Moved] = ()
    rates: Rates = field(default_factory=Rates)

    @property
    def missing(self) -> set[UUID]:
        """The accounts that cannot be counted."""
        unstated = [(each.account_id, each.day) for each in self.moved if each.is_unstated]
        return missing(unstated, self.foreign, self.rates, self.base)

    def worth(self, scope: Scope, day: date) -> int:
        """What counted accounts hold on a day, in the book's currency."""
        return worth(self.held(scope, day), self.foreign, self.rates, self.base, day)

    def held(self, scope: Scope, day: date) -> dict[UUID, int]:
        """What each counted account holds at the end of a day, in its own currency."""
        return self._moved(scope, date.min, day)

    def revalued(self, scope: Scope, periods: Sequence[Period]) -> dict[str, int]:
        """By period by how much that is more at its end than before it; ordered and gapless periods."""
        if not self.foreign or not periods:
            return {}
        before = self.held(scope, periods[0].eve)
        within = {period.key: self._moved(scope, period.first, period.last) for period in periods}
        return revalued(before, within, periods, self.foreign, self.rates, self.base)

    def _moved(self, scope: Scope, first: date, last: date) -> dict[UUID, int]:
        held: defaultdict[UUID, int] = defaultdict(int)
        for each in self.moved:
            if first <= each.day <= last and each.account_id in scope.cash:
                held[each.account_id] += each.minor
        return held


NOWHERE = Abroad()


async def read(
    connection: asyncpg.Connection, foreign: Mapping[UUID, Mapping[UUID, str]], bases: Mapping[UUID, str]
) -> dict[UUID, Abroad]:
    """By book; `foreign`: the accounts with their currencies, of books that have any."""
    books = list(foreign)
    if not books:
        return {}
    rates: defaultdict[UUID, list[Rate]] = defaultdict(list)
    for book, base, quote, day, rate in await connection.fetch(_RATES, books):
        rates[book].append(Rate(base, quote, day, rate))
    keys = [(book, account) for book, accounts in foreign.items() for account in accounts]
    moved: defaultdict[UUID, list[Moved]] = defaultdict(list)
    for book, account, day, minor, is_unstated in await connection.fetch(
        _MOVED, *map(list, zip(*keys, strict=True))
    ):
        moved[book].append(Moved(account, day, int(minor), is_unstated))
    return {book: Abroad(bases[book], foreign[book], moved[book], Rates(rates[book])) for book in books}
