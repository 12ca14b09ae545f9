"""The reader of workbooks: which of their sheets is meant, and that one read as a table."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import BinaryIO, Protocol

from pfms_ledger.bankfiles import xls, xlsx
from pfms_ledger.bankfiles.columns import find_header
from pfms_ledger.bankfiles.mapping import check
from pfms_ledger.bankfiles.routing import AccountMap
from pfms_ledger.bankfiles.statement import AccountFacts, Mapping, MappingDoesNotFit, Question, Reading
from pfms_ledger.bankfiles.table import Record, Table, is_row
from pfms_ledger.bankfiles.tables import read_table, samples_of
from pfms_ledger.bankfiles.words import fold

_HEAD_RECORDS = 200


class Workbook(Protocol):
    """What both kinds of workbooks are: named sheets, each a stream of records."""

    def names(self) -> list[str]: ...

    def records(self, sheet: str) -> Iterator[Record]: ...


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None,
    mapping: Mapping,
    account_map: AccountMap,
    open_book: Callable[[BinaryIO], Workbook],
) -> Reading:
    """The one sheet with a table, or the one that was chosen; which it is, is asked where several have one.

    UnreadableFile when the file is no workbook or its sheet no table, MappingDoesNotFit when the mapping doesn't
    fit it.
    """
    given = check(mapping)
    for key in ("encoding", "delimiter"):
        if key in given:
            raise MappingDoesNotFit(key, f"A workbook has no {key}.")
    book = open_book(file)
    names = book.names()
    chosen = given.get("sheet")
    if chosen is not None and chosen not in names:
        listed = ", ".join(names[:20])
        raise MappingDoesNotFit(
            "sheet", f"The workbook has no sheet {chosen[:60]!r}; its sheets are {listed}."
        )
    tables = {name: Table(partial(book.records, name), {"sheet": name}, ("sheet",)) for name in names}
    rows = {
        name: sum(is_row(record.cells) for record in tables[name].records()) for name in names[1:] and names
    }
    with_rows = [name for name in names if rows.get(name)]
    shape = _shape(tables, with_rows) if len(with_rows) > 1 else None
    if chosen is None and len(with_rows) > 1:
        return _asking(tables, rows, with_rows, given, shape or "")
    table = tables[chosen or (with_rows or names)[0]]
    return read_table(table, given, today=today, account=account, account_map=account_map, shape=shape)


read_xlsx = partial(read, open_book=xlsx.open_book)
read_xls = partial(read, open_book=xls.open_book)


def _asking(
    tables: dict[str, Table], rows: dict[str, int], with_rows: list[str], given: Mapping, shape: str
) -> Reading:
    listed = ", ".join(f"{name} ({rows[name]})" for name in with_rows[:20])
    reason = f"Several sheets hold rows with a day and an amount: {listed}. Which one is to be imported?"
    return Reading(
        format="",
        mapping=dict(given),
        accounts=[],
        rows=lambda: iter(()),
        questions=[Question("sheet", list(with_rows), reason, sum(rows.values()))],
        samples=samples_of(tables[with_rows[0]].head(_HEAD_RECORDS)),
        shape=shape,
    )


def _shape(tables: dict[str, Table], with_rows: list[str]) -> str:
    """Equal for workbooks of the same make: the names of the sheets that hold a table, and their headers."""
    parts: list[str] = []
    for name in with_rows:
        head = tables[name].head(_HEAD_RECORDS)
        at = find_header(head)
        header = [] if at is None else head[at].cells
        parts += [name, *(fold(cell) for cell in header), "\x1e"]
    return hashlib.sha256("\x1f".join(["sheets", *parts]).encode()).hexdigest()[:32]
