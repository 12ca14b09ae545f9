"""Fees beside amounts: whether a row moved the gross amount, the net one, or the amount less its fee."""

from typing import Literal

from pfms_ledger.bankfiles.amount import AmountReader
from pfms_ledger.bankfiles.chain import Chain, chain
from pfms_ledger.bankfiles.columns import Column, Head
from pfms_ledger.bankfiles.headerless import signed

type Series = list[int | None]


def column_series(head: Head, index: int | None, decimal: str) -> Series:
    """A column's amounts as written, in ten-thousandths."""
    reader = AmountReader(decimal)
    return [
        signed(reader, record.cells[index]) if index is not None and index < len(record.cells) else None
        for record in head.records
    ]


def fee_column(head: Head) -> Column | None:
    """A column of fees that aren't all zero."""
    return next((c for c in head.role("fee") if c.is_money() and c.nonzero), None)


def net_is_gross_less_fee(head: Head, gross: Column, net: Column, decimal: str) -> bool:
    """Whether net is gross with the fee added or taken off on every row that states both, or equals it."""
    fee = fee_column(head)
    fees = column_series(head, fee.index if fee else None, decimal)
    rows = zip(
        column_series(head, gross.index, decimal), fees, column_series(head, net.index, decimal), strict=True
    )
    known = [
        (before, off or 0, after) for before, off, after in rows if before is not None and after is not None
    ]
    added = all(before + off == after for before, off, after in known)
    taken = all(before - off == after for before, off, after in known)
    return bool(known) and (added or taken)


def verdict(amounts: Series, fees: Series, balances: Series) -> Literal["apart", "taken", "open"]:
    """Whether the balance shows fees to be taken off the amounts, or to be apart from them (already in them)."""
    less = [None if a is None else a - abs(f or 0) for a, f in zip(amounts, fees, strict=True)]
    apart, taken = chain(amounts, balances), chain(less, balances)
    if taken.sign and _fits(taken) > _fits(apart):
        return "taken"
    return "apart" if apart.sign and _fits(apart) > _fits(taken) else "open"


def _fits(found: Chain) -> int:
    return max(found.as_written, found.inverted)
