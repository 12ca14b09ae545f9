"""The money of a table without header: which column is the amount, found by values and by the balance chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from pfms_ledger.bankfiles.amount import AmountReader, AmountUnreadableError
from pfms_ledger.bankfiles.chain import chain, spans
from pfms_ledger.bankfiles.columns import Column, Head, sign_column
from pfms_ledger.bankfiles.signs import direction_of

_MOST_COLUMNS = 7
_EXPONENT = 4


@dataclass(frozen=True, slots=True)
class Found:
    """Columns by index; `candidates` are left where nothing proves one of them."""

    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    balance: int | None = None
    candidates: tuple[int, ...] = ()


def signed(reader: AmountReader, cell: str) -> int | None:
    """An amount with the sign it is written with, in ten-thousandths; None for no amount."""
    try:
        minor, shape = reader.read(cell, _EXPONENT)
    except AmountUnreadableError:
        return None
    return -minor if shape.mark in ("-", "DR") else minor


def find_money(head: Head, decimal: str) -> Found:
    """The amount, or debit and credit, and the balance, as far as they can be known without names."""
    columns = [c for c in head.columns if c.is_firm() and not c.is_days()][:_MOST_COLUMNS]
    reader = AmountReader(decimal)
    series = {c.index: [_cell(reader, record.cells, c.index) for record in head.records] for c in columns}
    full = [c for c in columns if c.money * 2 >= head.dated]
    return (
        _pair_with_balance(columns, series)
        or _amount_with_balance(full, series, _flags(head))
        or _amount_between_balances(full, series)
        or _only_amount(full)
    )


def _flags(head: Head) -> list[int]:
    """1 or -1 for each row by a column that says in or out, 1 throughout where there is none."""
    column = sign_column(head)
    if column is None:
        return [1] * len(head.records)
    words = [
        record.cells[column.index] if column.index < len(record.cells) else "" for record in head.records
    ]
    return [-1 if direction_of(word) == "out" else 1 for word in words]


def _cell(reader: AmountReader, cells: list[str], index: int) -> int | None:
    return signed(reader, cells[index]) if index < len(cells) and cells[index].strip() else None


def _pair_with_balance(columns: list[Column], series: dict[int, list[int | None]]) -> Found | None:
    for debit, credit, balance in permutations([c.index for c in columns], 3):
        if not _exclusive(series[debit], series[credit]):
            continue
        net = [_net(d, c) for d, c in zip(series[debit], series[credit], strict=True)]
        if chain(net, series[balance]).sign == 1:
            return Found(debit=debit, credit=credit, balance=balance)
    return None


def _exclusive(first: Sequence[int | None], second: Sequence[int | None]) -> bool:
    pairs = [(a or 0, b or 0) for a, b in zip(first, second, strict=True)]
    return all(not (a and b) and a >= 0 and b >= 0 for a, b in pairs) and any(a for a, _ in pairs)


def _net(debit: int | None, credit: int | None) -> int | None:
    return None if debit is None and credit is None else (credit or 0) - (debit or 0)


def _amount_with_balance(
    columns: list[Column], series: dict[int, list[int | None]], flags: list[int]
) -> Found | None:
    for amount, balance in permutations([c.index for c in columns], 2):
        for amounts in (
            [value or 0 for value in series[amount]],
            [abs(value or 0) * flag for value, flag in zip(series[amount], flags, strict=True)],
        ):
            found = chain(amounts, series[balance])
            if found.sign and max(found.as_written, found.inverted) + found.quiet == found.pairs:
                return Found(amount=amount, balance=balance)
    return None


def _amount_between_balances(columns: list[Column], series: dict[int, list[int | None]]) -> Found | None:
    for opening, amount, closing in permutations([c.index for c in columns], 3):
        if (amount > opening or amount > closing) and spans(
            series[opening], series[amount], series[closing]
        ) == 1:
            return Found(amount=amount, balance=closing)
    return None


def _only_amount(columns: list[Column]) -> Found:
    if len(columns) == 1:
        return Found(amount=columns[0].index)
    return Found(candidates=tuple(c.index for c in columns))
