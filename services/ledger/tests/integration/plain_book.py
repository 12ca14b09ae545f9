"""A book as plain integers: what the ledger must hold after a history, told by other code than the ledger's."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple


class Line(NamedTuple):
    """What moved on an account, signed, in minor units; `pot`: the part of it that was meant."""

    account: str
    amount: int
    pot: str | None = None


class State(NamedTuple):
    """A transaction as one version left it. `document`: the answer that acknowledged it."""

    date: str
    lines: tuple[Line, ...]
    document: dict
    is_pending: bool = False


@dataclass
class Account:
    id: str
    currency: str
    opening: int
    opened_on: str
    documents: list[dict]


@dataclass
class Entry:
    """A transaction with all its versions; None: it was deleted. `place` orders those of one date."""

    id: str
    place: int
    states: list[State | None]

    @property
    def now(self) -> State | None:
        return self.states[-1]

    @property
    def version(self) -> int:
        return len(self.states)


@dataclass
class Book:
    accounts: list[Account]
    pots: dict[str, str]
    """Of each pot its account."""
    entries: dict[str, Entry] = field(default_factory=dict)

    def balance(self, account: Account, day: str = "9999-12-31", *, cleared: bool = False) -> int:
        opening = account.opening if account.opened_on <= day else 0
        return opening + sum(
            line.amount
            for state in self._until(day)
            for line in state.lines
            if line.account == account.id and not (cleared and state.is_pending)
        )

    def pot(self, pot: str, day: str = "9999-12-31") -> tuple[int, int]:
        """What is in it, and what its account paid: emptied posting by posting, as a person would."""
        held = paid = 0
        for state in self._until(day):
            for line in state.lines:
                if line.pot == pot:
                    held += line.amount
                    if held < 0:
                        held, paid = 0, paid - held
        return held, paid

    def free(self, account: Account, day: str) -> int:
        parts = [self.pot(pot, day)[0] for pot, of in self.pots.items() if of == account.id]
        return self.balance(account, day) - sum(parts)

    def days(self) -> list[str]:
        """The days on which something stands."""
        opened = {account.opened_on for account in self.accounts}
        return sorted(opened | {state.date for state in self._until("9999-12-31")})

    def worth(self, day: str) -> dict[str, int]:
        """By currency, of every account together."""
        ordered = sorted(self.accounts, key=lambda account: account.currency)
        return {
            currency: sum(self.balance(account, day) for account in accounts)
            for currency, accounts in groupby(ordered, key=lambda account: account.currency)
        }

    def _until(self, day: str) -> list[State]:
        """What stands, in order of date and then of making."""
        living = [(entry.now, entry.place) for entry in self.entries.values() if entry.now is not None]
        ordered = sorted(living, key=lambda pair: (pair[0].date, pair[1]))
        return [state for state, _ in ordered if state.date <= day]
