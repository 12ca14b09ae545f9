"""Daily cells: every movement of money on every account, added up by day, account and kind.

A cell says what happened and judges nothing: whether an account is on the budget and whether a category is
income may be known later, and may change, so both are asked only when months are derived (counting.py). A
transfer therefore stands on both of its accounts, each time naming the other. All cells of an account up to a
day add up to its balance, and a change of a transaction is the difference of its cells: since differences
are only ever added, the order in which changes arrive does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from operator import add
from typing import NamedTuple
from uuid import UUID

from pfms_common.money import allocate

type Cells = Mapping["Cell", "Tally"]


class Kind(StrEnum):
    SPLIT = "split"
    NEXT_PERIOD = "next_period"
    """A split of a transaction marked as counting in the next period, which holds if it is income."""
    EXCLUDED = "excluded"
    """What a transaction that is excluded from the budget moved."""
    OPENING = "opening"


class Cell(NamedTuple):
    """Where a movement is added up; `counter_id` is the other account of a transfer."""

    day: date
    account_id: UUID
    kind: Kind
    category_id: UUID | None
    counter_id: UUID | None


class Tally(NamedTuple):
    """What a cell holds: signed minor units of the account's currency, and how many transactions.

    `base` is what the ledger says that it was worth on its day, in the book's currency; `unstated` the part of
    `minor` of which it does not say that, to be converted at the day's rate. In an account of the book's own currency
    neither means anything.
    """

    minor: int
    transactions: int
    base: int = 0
    unstated: int = 0


NOTHING = Tally(0, 0)


@dataclass(frozen=True, slots=True)
class Split:
    """`base`: in the book's currency; None where no rate says it."""

    category_id: UUID | None
    minor: int
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A standard transaction, refund or adjustment; outflow is negative."""

    day: date
    account_id: UUID
    splits: Sequence[Split]
    excluded: bool = False
    counts_next_period: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money from one account to another.

    `sent` and `received` are above zero, each in its account's currency, and equal where that is the same;
    `sent_base` and `received_base` are what they are in the book's.
    The splits, if there are any, add up to `sent` or to −`sent`.
    """

    day: date
    from_id: UUID
    to_id: UUID
    sent: int
    received: int
    splits: Sequence[Split] = ()
    excluded: bool = False
    counts_next_period: bool = False
    sent_base: int | None = None
    received_base: int | None = None


def cells_of(moved: Transaction | Transfer | None) -> dict[Cell, Tally]:
    """The cells that one transaction adds to; none for one that is deleted.

    A transfer inside one account (between its pots) moves nothing.
    """
    cells: dict[Cell, Tally] = {}
    if moved is None:
        return cells
    for account_id, counter_id, splits in _sides(moved):
        for split in splits:
            if moved.excluded:
                cell = Cell(moved.day, account_id, Kind.EXCLUDED, None, None)
            else:
                kind = Kind.NEXT_PERIOD if moved.counts_next_period else Kind.SPLIT
                cell = Cell(moved.day, account_id, kind, split.category_id, counter_id)
            before = cells.get(cell, NOTHING)
            cells[cell] = Tally(
                before.minor + split.minor,
                1,
                before.base + (split.base or 0),
                before.unstated + (split.minor if split.base is None else 0),
            )
    return cells


def opening_cells(account_id: UUID, opened_on: date, opening_balance: int) -> dict[Cell, Tally]:
    """The cell of an account's opening balance, which no transaction counts for."""
    cell = Cell(opened_on, account_id, Kind.OPENING, None, None)
    return {cell: Tally(opening_balance, 0, 0, opening_balance)} if opening_balance else {}


def change(old: Cells, new: Cells) -> dict[Cell, Tally]:
    """What must be added to the stored cells when a transaction's cells turn from `old` to `new`."""
    return added_up([{cell: Tally(*(-each for each in tally)) for cell, tally in old.items()}, new])


def added_up(parts: Iterable[Cells]) -> dict[Cell, Tally]:
    """The sum of several changes, without the cells in which nothing is left."""
    total: dict[Cell, Tally] = {}
    for part in parts:
        for cell, tally in part.items():
            before = total.get(cell)
            total[cell] = Tally(*map(add, before, tally)) if before else tally
    return {cell: tally for cell, tally in total.items() if tally != NOTHING}


def _sides(moved: Transaction | Transfer) -> list[tuple[UUID, UUID | None, Sequence[Split]]]:
    """Each account a transaction moves money on, the other account of a transfer, and the splits as seen there."""
    if isinstance(moved, Transaction):
        return [(moved.account_id, None, moved.splits)]
    if moved.from_id == moved.to_id:
        return []
    splits = moved.splits or [Split(None, moved.sent)]
    sent_base = None if moved.sent_base is None else -moved.sent_base
    return [
        (moved.from_id, moved.to_id, _scaled(splits, -moved.sent, sent_base)),
        (moved.to_id, moved.from_id, _scaled(splits, moved.received, moved.received_base)),
    ]


def _scaled(splits: Sequence[Split], total: int, base: int | None) -> list[Split]:
    """The splits in the same proportions, adding up to `total`: seen from the other side, or in its currency. In the
    book's they are what the ledger says of them, where it is in their own currency, else they add up to `base`.
    """
    amounts = [split.minor for split in splits]
    stated = [split.base for split in splits if split.base is not None]
    bases: Sequence[int | None]
    if len(stated) == len(splits) and abs(sum(amounts)) == abs(total):
        bases = [each if sum(amounts) == total else -each for each in stated]
    else:
        bases = [None] * len(amounts) if base is None else _proportional(amounts, base)
    return [
        Split(split.category_id, part, in_base)
        for split, part, in_base in zip(splits, _proportional(amounts, total), bases, strict=True)
    ]


def _proportional(amounts: Sequence[int], total: int) -> list[int]:
    whole = sum(amounts)
    if abs(whole) == abs(total):
        return [minor * total // whole for minor in amounts]
    return _converted(amounts, whole, total)


def _converted(amounts: Sequence[int], whole: int, total: int) -> list[int]:
    """Amounts of either sign that add up to `whole`, by largest remainder as amounts that add up to `total`."""
    along = [max(minor if whole > 0 else -minor, 0) for minor in amounts]
    against = [max(-minor if whole > 0 else minor, 0) for minor in amounts]
    gross = round(Fraction(total * sum(along), abs(whole)))
    parts = allocate(gross, along)
    if not any(against):
        return parts
    return [part - back for part, back in zip(parts, allocate(gross - total, against), strict=True)]
