"""The rows of a table, read by a mapping in which nothing is open any more."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.amount import AmountReader, AmountUnreadableError, MoneyShape
from pfms_ledger.bankfiles.columns import currency_of
from pfms_ledger.bankfiles.dates import Order, Parts, day, parts_of, why_no_day
from pfms_ledger.bankfiles.routing import Route, Routes
from pfms_ledger.bankfiles.shared_ids import SharedIds
from pfms_ledger.bankfiles.signs import direction_of, state_of
from pfms_ledger.bankfiles.statement import StatementRow
from pfms_ledger.bankfiles.table import Record
from pfms_ledger.bankfiles.text import LONGEST_ID, LONGEST_PAYEE, clean

_LONGEST_CONTINUATION = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a row is read by: columns as indexes, and the settled parts of the mapping.

    `reversals` says that the debit column has amounts without minus, so that one with a minus is money back.
    """

    columns: dict[str, int | None]
    names: list[str]
    decimal: str
    date_order: Order
    sign_values: Mapping[str, str]
    unsigned: str
    invert: bool
    reversals: bool
    currency: str | None
    routes: Routes
    shared_ids: SharedIds
    today: date


class NothingMovedError(Exception):
    """The row says that no money moved in or out; the message is why."""


@dataclass(slots=True)
class _Reader:
    plan: Plan
    amounts: AmountReader
    day: Callable[[str], date | None]

    def cell(self, cells: list[str], key: str) -> str:
        index = self.plan.columns[key]
        return cells[index].strip() if index is not None and index < len(cells) else ""


def read_rows(records: Iterable[Record], plan: Plan) -> Iterator[StatementRow]:
    """One row per record with a day or money; a record of words alone continues the text of the row before."""

    @lru_cache(maxsize=8192)
    def meant(parts: Parts) -> date | None:
        return day(parts, plan.date_order, plan.today)

    def found_day(text: str) -> date | None:
        parts = parts_of(text)
        return meant(parts) if parts else None

    reader = _Reader(plan, AmountReader(plan.decimal), found_day)
    waiting: StatementRow | None = None
    for record in records:
        if not record.broken and not _is_data(reader, record.cells):
            waiting = _continued(waiting, record.cells, plan) if waiting else None
            continue
        if waiting is not None:
            yield waiting
        waiting = _row(reader, record)
    if waiting is not None:
        yield waiting


def _is_data(reader: _Reader, cells: list[str]) -> bool:
    """A row has a day or something in a column of amounts, and isn't the header once more."""
    filled = reader.cell(cells, "amount") or reader.cell(cells, "debit") or reader.cell(cells, "credit")
    if filled:
        return not (reader.plan.names and [cell.strip() for cell in cells] == reader.plan.names)
    return parts_of(reader.cell(cells, "date")) is not None


def _continued(row: StatementRow, cells: list[str], plan: Plan) -> StatementRow:
    """The row with the words of a continuation line in its memo; trailers and long notices are left out."""
    texts = {plan.columns["payee"], plan.columns["memo"]}
    words = [(index, cell.strip()) for index, cell in enumerate(cells) if cell.strip()]
    more = " ".join(word for _, word in words)
    if not words or len(more) > _LONGEST_CONTINUATION or any(index not in texts for index, _ in words):
        return row
    return row._replace(memo=clean(f"{row.memo} {more}"), text=clean(f"{row.text} {more}"))


def _row(reader: _Reader, record: Record) -> StatementRow:
    cells, plan = record.cells, reader.plan
    payee = clean(reader.cell(cells, "payee"), LONGEST_PAYEE)
    memo = clean(reader.cell(cells, "memo"))
    if not payee and len(memo) <= LONGEST_PAYEE:
        payee, memo = memo, ""
    state = state_of(reader.cell(cells, "status")) if plan.columns["status"] is not None else None
    route = _route(reader, cells)
    bank_id = reader.cell(cells, "bank_id")
    posted = reader.day(reader.cell(cells, "date"))
    minor, error, skipped = _money(reader, cells, route)
    if record.broken:
        error = (
            "A quotation mark in this line is never closed; the line can't be told from the ones behind it."
        )
    elif posted is None:
        written = reader.cell(cells, "date")
        error = why_no_day(written, plan.date_order, plan.today) if written else "The row has no date."
    elif state == "failed" and not error:
        skipped = f"status {clean(reader.cell(cells, 'status'), 40)!r}"
    return StatementRow(
        record.line,
        posted,
        minor,
        route.currency,
        payee,
        memo,
        f"{payee} {memo}".strip(),
        clean(bank_id, LONGEST_ID) or None,
        bank_id in plan.shared_ids,
        "pending" if state == "pending" else "cleared",
        route.key,
        error,
        None if error else skipped or route.skipped,
    )


def _route(reader: _Reader, cells: list[str]) -> Route:
    plan = reader.plan
    stated = currency_of(reader.cell(cells, "currency")) if plan.columns["currency"] is not None else None
    return plan.routes.of(reader.cell(cells, "account")[:200], stated or plan.currency)


def _money(reader: _Reader, cells: list[str], route: Route) -> tuple[int | None, str | None, str | None]:
    """(signed minor units, error, why it is skipped)."""
    if route.currency is None:
        return None, route.error, None
    try:
        minor = _amount(reader, cells, route.currency)
    except AmountUnreadableError as unreadable:
        return None, str(unreadable), None
    except NothingMovedError as nothing:
        return None, None, str(nothing)
    return minor, route.error, None if minor else "zero amount"


def _amount(reader: _Reader, cells: list[str], currency: str) -> int:
    plan, exponent = reader.plan, CURRENCIES[currency].exponent

    def read(cell: str) -> tuple[int, MoneyShape]:
        minor, shape = reader.amounts.read(cell, exponent)
        if shape.units and currency not in shape.units:
            raise AmountUnreadableError(f"{cell[:40]!r} isn't written in {currency}.")
        return minor, shape

    cell = reader.cell(cells, "amount")
    if plan.columns["amount"] is None:
        minor = _debit_or_credit(reader, cells, read)
    elif not cell:
        raise AmountUnreadableError("The row has no amount.")
    else:
        minor, shape = read(cell)
        minor = minor if _comes_in(reader, cells, shape) else -minor
    minor = -minor if plan.invert else minor
    fee = reader.cell(cells, "fee")
    return minor - read(fee)[0] if fee else minor


def _comes_in(reader: _Reader, cells: list[str], shape: MoneyShape) -> bool:
    plan = reader.plan
    if plan.columns["sign"] is not None:
        word = reader.cell(cells, "sign")
        meaning = plan.sign_values.get(word) or direction_of(word)
        if meaning is None:
            raise AmountUnreadableError(f"{word[:40]!r} doesn't say whether money came in or went out.")
        if meaning == "skip":
            raise NothingMovedError(f"{word[:40]!r} is neither in nor out")
        return meaning == "in"
    if shape.mark:
        return shape.mark in ("+", "CR")
    return plan.unsigned != "out"


def _debit_or_credit(reader: _Reader, cells: list[str], read: Callable[[str], tuple[int, MoneyShape]]) -> int:
    debit, credit = reader.cell(cells, "debit"), reader.cell(cells, "credit")
    if not debit and not credit:
        raise AmountUnreadableError("The row has no amount.")
    out, out_shape = read(debit) if debit else (0, None)
    into, in_shape = read(credit) if credit else (0, None)
    if out and into:
        raise AmountUnreadableError("The row has an amount in both columns, money out and money in.")
    if out_shape and out_shape.mark == "-" and reader.plan.reversals:
        out = -out
    if in_shape and in_shape.mark == "-":
        into = -into
    return into - out
