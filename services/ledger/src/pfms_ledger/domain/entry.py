"""An entry as it leaves the book: what happened, the legs it posted, and the names of what they stand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pfms_common.currency import currency as currency_of
from pfms_common.money import format_minor
from pfms_ledger.domain.posting import Leg

OWED = frozenset({"credit", "loan", "liability"})
"""Types of accounts that hold what is owed."""


@dataclass(frozen=True, slots=True)
class Account:
    """What an export says of an account."""

    id: UUID
    name: str
    type: str
    currency: str
    balance_minor: int = 0
    last_four: str | None = None

    @property
    def is_owed(self) -> bool:
        return self.type in OWED


@dataclass(frozen=True, slots=True)
class Category:
    """A category with its path from the top: ("Food", "Groceries")."""

    id: UUID
    path: tuple[str, ...]
    type: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that legs stand on."""

    accounts: Mapping[UUID, Account]
    categories: Mapping[UUID, Category]

    def currencies(self) -> list[str]:
        return sorted({account.currency for account in self.accounts.values()})


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction, or the opening balance of an account (`type` opening, `id` the account's).

    `memos`: those of its splits, in the order of its category legs.
    """

    id: UUID
    date: date
    type: str
    status: str
    payee: str | None
    description: str | None
    note: str | None
    tags: Sequence[str]
    memos: Sequence[str | None]
    legs: Sequence[Leg]


def decimal(amount_minor: int, currency: str) -> str:
    """Minor units as a decimal number with all decimals of the currency: -1250 EUR is -12.50."""
    return format_minor(amount_minor, currency_of(currency))


@dataclass(frozen=True, slots=True)
class Line:
    """A part of what happened on one account."""

    account_id: UUID
    amount_minor: int
    currency: str
    category_id: UUID | None = None
    memo: str | None = None


def lines_of(entry: Entry) -> list[Line]:
    """One line a split; those of an account add up to what the entry did to it.

    The splits of a transfer say what left for, so they stand on the account that the money left.
    """
    on_accounts = [leg for leg in entry.legs if leg.account_id is not None]
    on_categories = [leg for leg in entry.legs if leg.kind == "category"]
    memos = [*entry.memos, *[None] * len(on_categories)]
    lines: list[Line] = []
    for leg in on_accounts:
        if leg.account_id is None:
            continue
        is_alone = len(on_accounts) == 1
        whole = -sum(part.amount_minor for part in on_categories)
        if on_categories and whole == leg.amount_minor and (is_alone or leg.amount_minor < 0):
            lines += [
                Line(leg.account_id, -part.amount_minor, leg.currency, part.category_id, memo)
                for part, memo in zip(on_categories, memos, strict=False)
            ]
        else:
            lines.append(Line(leg.account_id, leg.amount_minor, leg.currency))
    return lines
