"""The transactions behind a figure, each with what of it counts there.

They are judged cell by cell as the month was (counting.py). What the ledger states no worth for was converted by
account, kind, category and day together; here each transaction gets what the sum rose by with it, in the order of
ids, so that the parts add up to what was counted.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pfms_budget.domain import counting
from pfms_budget.domain.cells import Cell, Cells, Tally
from pfms_budget.domain.counting import Scope, counts_as, payments
from pfms_budget.domain.figure import Figure

MADE_OF_TRANSACTIONS = frozenset({"income", "held_income", "excluded", "actual", "cash", "on_card", "paid"})

_OF_MONTH = {
    "income": counting.Figure.INCOME,
    "held_income": counting.Figure.HELD_INCOME,
    "excluded": counting.Figure.EXCLUDED,
}

type Convert = Callable[[UUID, int, date], int]
"""Minor units of an account's currency on a day, in minor units of the book's."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A transaction on one account.

    `minor` is what counts in the figure, in the book's currency, with the figure's sign; `ledger_minor` is all that
    the transaction moved on the account, in the account's currency. `is_converted`: by the budget, at the day's rate.
    """

    transaction_id: UUID
    account_id: UUID
    day: date
    minor: int
    ledger_minor: int
    is_converted: bool


class Behind:
    """Finds the transactions that count in a figure, one after the other.

    Args:
        figure: one that is made of transactions.
        scope: what judges them.
        convert: for accounts in another currency than the book's.
    """

    def __init__(self, figure: Figure, scope: Scope, convert: Convert) -> None:
        self._figure, self._scope, self._convert = figure, scope, convert
        self._unstated: defaultdict[Cell, int] = defaultdict(int)

    def counted(self, transaction_id: UUID, cells: Cells) -> list[Counted]:
        """On which accounts it counts, with what. Whoever begins with a day tells its transactions from the first on,
        in the order of their ids.
        """
        found: dict[UUID, int] = {}
        for cell, tally in cells.items():
            share = _share(self._figure, cell, self._worth(cell, tally), self._scope)
            if share is not None:
                found[cell.account_id] = found.get(cell.account_id, 0) + share
        return [self._on(account_id, transaction_id, minor, cells) for account_id, minor in found.items()]

    def _worth(self, cell: Cell, tally: Tally) -> int:
        if cell.account_id not in self._scope.foreign or not tally.unstated:
            return self._scope.worth(cell, tally)
        before = self._unstated[cell]
        self._unstated[cell] = after = before + tally.unstated
        rise = self._convert(cell.account_id, after, cell.day) - self._convert(
            cell.account_id, before, cell.day
        )
        return tally.base + rise

    def _on(self, account_id: UUID, transaction_id: UUID, minor: int, cells: Cells) -> Counted:
        on = [(cell, tally) for cell, tally in cells.items() if cell.account_id == account_id]
        moved = sum(tally.minor for _, tally in on)
        is_converted = account_id in self._scope.foreign and any(tally.unstated for _, tally in on)
        return Counted(transaction_id, account_id, on[0][0].day, minor, moved, is_converted)


def _share(figure: Figure, cell: Cell, worth: int, scope: Scope) -> int | None:
    """What of a cell counts in the figure; None where it does not."""
    counts = counts_as(cell, scope)
    if figure.kind == "paid":
        paid = [minor for card, minor in payments(cell, worth, scope) if card == figure.line]
        return sum(paid) if paid else None
    if figure.kind in _OF_MONTH:
        return worth if counts is _OF_MONTH[figure.kind] else None
    if counts is not counting.Figure.SPENDING or cell.category_id != figure.line:
        return None
    is_asked = {
        "actual": True,
        "cash": cell.account_id in scope.cash,
        "on_card": cell.account_id == figure.of[-1],
    }
    return -worth if is_asked[figure.kind] else None
