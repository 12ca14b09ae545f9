"""Which rows of a bank file are transactions people entered already, or that came by a file of another format.

For a batch of rows the caller loads, by one query, the candidates: transactions of the rows' accounts and amounts,
dated within five days of the batch's dates, that are manual, pending or recurring and carry no bank id of their own,
or were imported from another format than this file's and are matched by no row of it yet. `likely_pairs` is called
per batch and its pairs are kept; `assign` runs once over the pairs of the whole file, so that a late row may win a
transaction over an early one that fits less well.
"""

# law floats: how alike two names are is a share, no money
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import NamedTuple
from uuid import UUID

from pfms_ledger.domain.duplicate import folded

MAX_DAYS = 5
LIKE_ENOUGH = 0.6
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transaction that a row may turn out to be; `imported` says that a file of another format brought it."""

    transaction_id: UUID
    account_id: UUID
    date: date
    amount_minor: int
    payee: str
    imported: bool = False


class BankRow(NamedTuple):
    """A new row of a file, as far as matching looks at it; `text` is its payee and memo."""

    row: int
    account_id: UUID
    date: date
    amount_minor: int
    payee: str
    text: str


class Pair(NamedTuple):
    """A row and what it may be, with how alike their names are (0 to 1) and what lies between: days, minor units."""

    similarity: float
    days: int
    row: int
    transaction_id: UUID
    off_minor: int = 0


def similarity(one: str, other: str) -> float:
    """How alike two names are: the better of the ratio of equal characters and the overlap of their words.

    The overlap is the share of the shorter name's words that stand in the other; words of one or two letters and
    numbers count as characters only. An empty name is like nothing.
    """
    first, second = folded(one)[:_LONGEST], folded(other)[:_LONGEST]
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    words, others = _words(first), _words(second)
    fewest = min(len(words), len(others))
    overlap = len(words & others) / fewest if fewest else 0.0
    return max(overlap, SequenceMatcher(None, first, second, autojunk=False).ratio())


def _words(name: str) -> set[str]:
    return {word for word in name.split() if len(word) > 2 and not word.isdigit()}


def likely_pairs(rows: Iterable[BankRow], candidates: Iterable[Candidate]) -> list[Pair]:
    """Every row with every candidate of its account and amount, at most five days away, that is like enough.

    A candidate without payee, and one that a file of another format brought, needs no likeness.
    """
    by_facts: dict[tuple[UUID, int], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_facts[candidate.account_id, candidate.amount_minor].append(candidate)
    pairs = []
    for row in rows:
        for candidate in by_facts.get((row.account_id, row.amount_minor), ()):
            days = abs((row.date - candidate.date).days)
            if days > MAX_DAYS:
                continue
            likeness = max(similarity(row.payee, candidate.payee), similarity(row.text, candidate.payee))
            if likeness >= LIKE_ENOUGH or candidate.imported or not candidate.payee.strip():
                pairs.append(Pair(likeness, days, row.row, candidate.transaction_id))
    return pairs


def assign(pairs: Iterable[Pair]) -> dict[int, UUID]:
    """The transaction of each row that has one: the most alike first, then the nearest; each is used once."""
    ordered = sorted(
        pairs, key=lambda pair: (-pair.similarity, pair.days, pair.off_minor, pair.row, pair.transaction_id)
    )
    assigned: dict[int, UUID] = {}
    used: set[UUID] = set()
    for pair in ordered:
        if pair.row not in assigned and pair.transaction_id not in used:
            assigned[pair.row] = pair.transaction_id
            used.add(pair.transaction_id)
    return assigned
