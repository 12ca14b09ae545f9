"""Whether a statement adds up: opening balance and booked rows against the closing balance.

One that doesn't is imported all the same, with a warning: rows are what happened, a balance is what the bank says of
them, and statements with pages missing in between are common.
"""

from dataclasses import dataclass, field

from pfms_ledger.bankfiles.amount import AmountUnreadableError, stated_minor

_FINEST = 5


def _finest(amount: str) -> int | None:
    """The amount in units so small that no currency has smaller ones, None when it can't be read."""
    try:
        return stated_minor(amount, _FINEST)
    except AmountUnreadableError:
        return None


@dataclass(slots=True)
class Statement:
    """The balances of one statement by currency, and the sum of its rows so far; unreadable ones make it unknown."""

    account: str = ""
    opening: dict[str, int | None] = field(default_factory=dict)
    closing: dict[str, int | None] = field(default_factory=dict)
    _sums: dict[str, int | None] = field(default_factory=dict)

    def open(self, currency: str, amount: str) -> None:
        self.opening.setdefault(currency, _finest(amount))

    def close(self, currency: str, amount: str) -> None:
        self.closing[currency] = _finest(amount)

    def add(self, currency: str, amount: str) -> None:
        known, minor = self._sums.get(currency, 0), _finest(amount)
        self._sums[currency] = None if known is None or minor is None else known + minor

    def adds_up(self) -> bool:
        """Whether every pair of balances fits; True where the statement doesn't say enough to tell."""
        for currency, closing in self.closing.items():
            opening, moved = self.opening.get(currency), self._sums.get(currency, 0)
            if None not in (opening, moved, closing) and (opening or 0) + (moved or 0) != closing:
                return False
        return True


@dataclass(slots=True)
class Balances:
    """The statements of a file, and how many of them do not add up."""

    statements: int = 0
    wrong: int = 0
    first: str = ""

    def ended(self, statement: Statement) -> None:
        self.statements += 1
        if not statement.adds_up():
            self.wrong += 1
            self.first = self.first or statement.account

    def warnings(self) -> list[str]:
        if not self.wrong:
            return []
        first = f", the first of account {self.first[:60]}" if self.first else ""
        counted = f"{self.wrong} of {self.statements}{first}"
        said = "Statements whose opening balance and rows do not make the closing balance"
        return [f"{said}: {counted}. Rows may be missing there; those in the file are imported."]
