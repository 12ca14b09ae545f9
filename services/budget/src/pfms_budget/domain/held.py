"""Money in other currencies: what moved is counted at its day's rate, what is held at that of the period's last day.

The difference is a figure of its own in the month, fx: what rates did to the money. An account for which a rate is
missing, on a day of a movement or at the end of a period, cannot be counted at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from pfms_budget.domain.cells import Cell, Tally
from pfms_common.period import Period
from pfms_common.rate import Rates

type Held = Mapping[UUID, int]
"""By account, in its own currency, in minor units."""


def stated(
    cells: Iterable[tuple[Cell, Tally]], foreign: Mapping[UUID, str], rates: Rates, base: str
) -> list[tuple[Cell, Tally]]:
    """The cells, with what the ledger does not say converted at its day's rate.

    Args:
        cells: dated on their own day wherever something is unstated.
        foreign: accounts in another currency than the book's, with that currency.
        base: the book's currency.
    """
    return [
        (cell, _converted(cell, tally, foreign[cell.account_id], rates, base))
        if cell.account_id in foreign and tally.unstated
        else (cell, tally)
        for cell, tally in cells
    ]


def missing(
    unstated: Iterable[tuple[UUID, date]],
    foreign: Mapping[UUID, str],
    rates: Rates,
    base: str,
) -> set[UUID]:
    """The accounts that no rate converts on one of their days, which cannot be counted.

    Args:
        unstated: account and day of movements of which the ledger does not say what they were worth. Of all others
            it found a rate on their day, which is one for every later day as well.
    """
    return {account for account, day in unstated if not rates.at(foreign[account], base, day)}


def worth(held: Held, foreign: Mapping[UUID, str], rates: Rates, base: str, day: date) -> int:
    """What balances in other currencies are in the book's on a day, each rounded half-even on its own."""
    return sum(in_base(minor, foreign[account], rates, base, day) for account, minor in held.items() if minor)


def revalued(
    before: Held,
    moved: Mapping[str, Held],
    periods: Sequence[Period],
    foreign: Mapping[UUID, str],
    rates: Rates,
    base: str,
) -> dict[str, int]:
    """By period key by how much what is held is worth more at its end than it was before it.

    Args:
        before: balances on the day before the first period.
        moved: by period key what moved on each account.
        periods: ordered and gapless.
    """
    changed: dict[str, int] = {}
    held: defaultdict[UUID, int] = defaultdict(int, before)
    if not periods:
        return changed
    then = worth(held, foreign, rates, base, periods[0].eve)
    for period in periods:
        for account, minor in moved.get(period.key, {}).items():
            held[account] += minor
        now = worth(held, foreign, rates, base, period.last)
        changed[period.key], then = now - then, now
    return changed


def _converted(cell: Cell, tally: Tally, currency: str, rates: Rates, base: str) -> Tally:
    return tally._replace(
        base=tally.base + in_base(tally.unstated, currency, rates, base, cell.day), unstated=0
    )


def in_base(minor: int, currency: str, rates: Rates, base: str, day: date) -> int:
    """Nothing where no rate says it: such an account is not counted (`missing`)."""
    by_unit = rates.by_unit(currency, base, day)
    return round(minor * by_unit) if by_unit else 0
