"""Tags: words of a person's own on transactions and their splits, the same word in any case.

Each stands once on a transaction and once on a split, as it was written first.
"""

from collections.abc import Iterable
from dataclasses import replace

from pfms_ledger.domain.names import fold
from pfms_ledger.domain.transaction import Transaction


def each_once(tags: Iterable[str]) -> tuple[str, ...]:
    """The first spelling of each."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(fold(tag), tag)
    return tuple(first.values())


def spellings(tag: str, known: Iterable[str]) -> list[str]:
    """Those of the known tags that are this one."""
    wanted = fold(tag)
    return [each for each in known if fold(each) == wanted]


def without(tags: Iterable[str], taken: Iterable[str]) -> tuple[str, ...]:
    """The tags that are none of the taken ones."""
    gone = set(map(fold, taken))
    return tuple(tag for tag in tags if fold(tag) not in gone)


def retagged(transaction: Transaction, tag: str, to: str) -> Transaction:
    """The transaction with one tag become another; one that it has already stands once."""
    return replace(
        transaction,
        tags=_renamed(transaction.tags, tag, to),
        splits=tuple(replace(split, tags=_renamed(split.tags, tag, to)) for split in transaction.splits),
    )


def _renamed(tags: tuple[str, ...], tag: str, to: str) -> tuple[str, ...]:
    renamed = fold(tag), fold(to)
    return each_once(to if fold(each) in renamed else each for each in tags)
