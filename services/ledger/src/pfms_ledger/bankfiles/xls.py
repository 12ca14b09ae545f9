"""Old Excel workbooks (.xls), read by xlrd: pure Python, which holds one sheet at a time in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO

import xlrd
from xlrd.biffh import XL_WORKSHEET
from xlrd.sheet import Sheet

from pfms_ledger.bankfiles.cells import EPOCH_1900, EPOCH_1904, day_text, number_text
from pfms_ledger.bankfiles.package import encrypted
from pfms_ledger.bankfiles.statement import UnreadableFile
from pfms_ledger.bankfiles.table import WIDEST, Record
from pfms_ledger.bankfiles.text import clean

MOST_BYTES = 16 * 1024 * 1024
"""A full sheet of 65,536 rows fits; xlrd keeps the file and its texts in memory."""
MOST_CELLS = 4_000_000
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MOST_SHEETS = 200
_LONGEST = 32_767


class _Quiet:
    """Where xlrd tells what it thinks of a file."""

    def write(self, _: str) -> None:
        pass


@contextmanager
def _damage_named() -> Iterator[None]:
    """xlrd raises whatever a damaged file leads it to; all of it means that the file can't be read."""
    try:
        yield
    except UnreadableFile:
        raise
    except Exception as error:
        if "encrypted" in str(error):
            raise encrypted() from error
        raise UnreadableFile(
            "broken", "The workbook can't be read; save it anew, as .xlsx or CSV."
        ) from error


class _Sheet(Sheet):  # type: ignore[misc]  # xlrd has no types
    """Counts its cells while they come: one far to the right fills its row with empty ones."""

    cells = 0

    def put_cell_ragged(self, rowx: int, colx: int, ctype: int | None, value: object, xf_index: int) -> None:
        if colx >= WIDEST:
            return
        wide = len(self._cell_types[rowx]) if rowx < self.nrows else 0
        self.cells += max(0, colx + 1 - wide)
        if self.cells > MOST_CELLS:
            raise UnreadableFile(
                "too_large", f"A sheet has more than {MOST_CELLS:,} cells; save it as .xlsx or CSV."
            )
        super().put_cell_ragged(rowx, colx, ctype, value, xf_index)


@dataclass(slots=True)
class Book:
    """An open workbook: the numbers of its visible sheets by name, in its order."""

    opened: Any
    epoch: date
    sheets: dict[str, int]
    _loaded: dict[str, Any] = field(default_factory=dict)

    def names(self) -> list[str]:
        return list(self.sheets)

    def records(self, sheet: str) -> Iterator[Record]:
        """The rows of a sheet that hold anything; `line` is the row's number in it."""
        if sheet not in self._loaded:
            self._loaded = {sheet: self._load(self.sheets[sheet])}
        found = self._loaded[sheet]
        for row in range(found.nrows):
            types, values = found.row_types(row), found.row_values(row)
            cells = [self._text(kind, value) for kind, value in zip(types, values, strict=True)]
            if any(cells):
                yield Record(row + 1, cells, broken=False)

    def _load(self, number: int) -> Any:
        """What `Book.get_sheet` does, with a sheet that knows its bounds."""
        book = self.opened
        if not book.on_demand:  # the oldest formats hold one sheet, which is there already
            return book.sheet_by_index(number)
        with _damage_named():
            book._position = book._sh_abs_posn[number]  # noqa: SLF001  # xlrd offers no place for a bound
            book.getbof(XL_WORKSHEET)
            sheet = _Sheet(book, book._position, book.sheet_names()[number], number)  # noqa: SLF001
            sheet.read(book)
        return sheet

    def _text(self, kind: int, value: Any) -> str:
        if kind == xlrd.XL_CELL_TEXT:
            return clean(value, _LONGEST)
        if kind == xlrd.XL_CELL_NUMBER:
            return number_text(repr(value))
        if kind == xlrd.XL_CELL_DATE:
            return day_text(repr(value), self.epoch)
        if kind == xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if value else "FALSE"
        return xlrd.error_text_from_code.get(value, "#ERROR") if kind == xlrd.XL_CELL_ERROR else ""


def open_book(file: BinaryIO) -> Book:
    """The workbook of an OLE file; UnreadableFile when it holds none, is damaged, locked or too large."""
    file.seek(0)
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadableFile(
            "too_large",
            f"An .xls workbook may have {MOST_BYTES // 1024 // 1024} MiB; save it as .xlsx or CSV.",
        )
    if _ENCRYPTED_PACKAGE in content:
        raise encrypted()
    with _damage_named():
        opened = xlrd.open_workbook(file_contents=content, on_demand=True, ragged_rows=True, logfile=_Quiet())
        names = [clean(name, 100) for name in opened.sheet_names()[:_MOST_SHEETS]]
        visibility = opened._sheet_visibility  # noqa: SLF001  # known of a sheet only once it is loaded
        shown = {name: n for n, name in enumerate(names) if not visibility[n]}
        book = Book(
            opened,
            EPOCH_1904 if opened.datemode else EPOCH_1900,
            shown or {name: n for n, name in enumerate(names)},
        )
    if not book.sheets:
        raise UnreadableFile("nothing_to_import", "The workbook has no sheet.")
    return book
