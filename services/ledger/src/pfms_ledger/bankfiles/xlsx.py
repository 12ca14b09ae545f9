"""Excel workbooks (.xlsx): each sheet streamed record by record from its XML, whatever size it claims to have."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from pfms_ledger.bankfiles.cells import (
    EPOCH_1900,
    EPOCH_1904,
    day_text,
    is_date_format,
    number_text,
    unit_of_format,
)
from pfms_ledger.bankfiles.lines import LONGEST_LINE
from pfms_ledger.bankfiles.package import Attributes, Package, local
from pfms_ledger.bankfiles.statement import UnreadableFile
from pfms_ledger.bankfiles.table import WIDEST, Record

MOST_SHEETS = 200
_MOST_TEXT_BYTES = 48 * 1024 * 1024
_MOST_TEXTS = 2_000_000
_MOST_STYLES = 100_000
LAST_LINE = 1_048_576
_ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")


class Texts:
    """The workbook's shared texts, packed: as strings each would cost some fifty bytes beyond its letters."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("L", [0])

    def add(self, text: str) -> None:
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))
        if len(self._bytes) > _MOST_TEXT_BYTES or len(self._ends) > _MOST_TEXTS:
            raise UnreadableFile(
                "too_large", "The workbook holds more text than any statement; save it as CSV."
            )

    def __getitem__(self, index: int) -> str:
        """IndexError for a text that is not there."""
        if index < 0:
            raise IndexError(index)
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode()


@dataclass(frozen=True, slots=True)
class Style:
    """How a number is shown: as a day or not, and with which currency."""

    is_date: bool = False
    unit: str = ""


@dataclass(slots=True)
class Book:
    """An open workbook: its visible sheets by name, in its order."""

    package: Package
    sheets: dict[str, str] = field(default_factory=dict)
    epoch: date = EPOCH_1900
    texts: Texts = field(default_factory=Texts)
    styles: list[Style] = field(default_factory=list)

    def names(self) -> list[str]:
        return list(self.sheets)

    def records(self, sheet: str) -> Iterator[Record]:
        """The rows of a sheet that hold anything; `line` is the row's number in it."""
        rows = _Rows(self)
        for _ in self.package.parse(
            self.sheets[sheet], rows.start, EndElementHandler=rows.end, CharacterDataHandler=rows.text
        ):
            yield from rows.done
            rows.done.clear()


def open_book(file: BinaryIO) -> Book:
    """The workbook of a zip; UnreadableFile when it is another kind of archive, damaged or too large."""
    package = Package(file)
    main = next((part for _, kind, part in package.relations("") if kind == "officeDocument"), None)
    if main is None or main not in package:
        what = (
            "an OpenDocument file; save it as .xlsx or CSV"
            if "mimetype" in package
            else "an archive; unpack it"
        )
        raise UnreadableFile("format_not_read", f"The file is {what}.")
    if not main.endswith(".xml"):
        raise UnreadableFile("format_not_read", "The file is a binary workbook; save it as .xlsx or CSV.")
    book = Book(package)
    shown, hidden = _sheets(book, main)
    parts: dict[str, str] = {}
    for number, (key, kind, part) in enumerate(package.relations(main)):
        if number > 10 * MOST_SHEETS:
            raise UnreadableFile("broken", "The workbook refers to more parts than any has.")
        if part not in package:
            continue
        if kind == "worksheet":
            parts[key] = part
        elif kind == "sharedStrings":
            _read_texts(book, part)
        elif kind == "styles":
            _read_styles(book, part)
    visible = {name: parts[key] for name, key in shown if key in parts}
    book.sheets = visible or {name: parts[key] for name, key in hidden if key in parts}
    if not book.sheets:
        raise UnreadableFile("format_not_read", "The file is an Office document without any sheet.")
    return book


def _sheets(book: Book, main: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(name, relation) of the visible sheets and of the hidden ones."""
    shown: list[tuple[str, str]] = []
    hidden: list[tuple[str, str]] = []

    def start(tag: str, attributes: Attributes) -> None:
        name = local(tag)
        if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            book.epoch = EPOCH_1904
        elif name == "sheet":
            key = next((value for of, value in attributes.items() if of.endswith(":id")), "")
            listed = shown if attributes.get("state", "visible") == "visible" else hidden
            listed.append((attributes.get("name", "")[:100], key))
            if len(listed) > MOST_SHEETS:
                raise UnreadableFile("broken", f"The workbook has more than {MOST_SHEETS} sheets.")

    for _ in book.package.parse(main, start):
        pass
    return shown, hidden


def _read_texts(book: Book, part: str) -> None:
    gathered = _Gathered()

    def start(tag: str, _: Attributes) -> None:
        gathered.open(local(tag))

    def end(tag: str) -> None:
        name = local(tag)
        gathered.close(name)
        if name == "si":
            book.texts.add(gathered.take())

    for _ in book.package.parse(part, start, EndElementHandler=end, CharacterDataHandler=gathered.text):
        pass


def _read_styles(book: Book, part: str) -> None:
    codes: dict[int, str] = {}
    inside = False

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal inside
        name = local(tag)
        if name == "numFmt":
            codes[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")[:500]
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            number = int(attributes.get("numFmtId", "0"))
            code = codes.get(number)
            book.styles.append(Style(is_date_format(number, code), unit_of_format(code)))
        if len(codes) + len(book.styles) > _MOST_STYLES:
            raise UnreadableFile("broken", f"The workbook has more than {_MOST_STYLES} styles.")

    def end(tag: str) -> None:
        nonlocal inside
        if local(tag) == "cellXfs":
            inside = False

    for _ in book.package.parse(part, start, EndElementHandler=end):
        pass


class _Gathered:
    """The text of one cell as its pieces come, without the phonetic readings that stand between them."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._listens = self._aside = False

    def open(self, name: str) -> None:
        if name == "rPh":
            self._aside = True
        elif name in ("t", "v"):
            self._listens = not self._aside

    def close(self, name: str) -> None:
        self._listens = False
        if name == "rPh":
            self._aside = False

    def text(self, piece: str) -> None:
        if self._listens:
            self._length += len(piece)
            if self._length > LONGEST_LINE:
                raise UnreadableFile("broken", f"A cell has more than {LONGEST_LINE} characters.")
            self._pieces.append(piece)

    def take(self) -> str:
        """What was gathered; the next cell begins empty."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        self._listens = self._aside = False
        return _ESCAPED.sub(" ", text)


class _Rows:
    """Handlers of expat that make records of a sheet's elements; those that are whole wait in `done`."""

    def __init__(self, book: Book) -> None:
        self.done: list[Record] = []
        self._book = book
        self._line = self._column = 0
        self._cells: list[str] = []
        self._kind = self._style = ""
        self._gathered = _Gathered()
        self.text = self._gathered.text

    def start(self, tag: str, attributes: Attributes) -> None:
        name = local(tag)
        if name == "c":
            self._column = _column(attributes.get("r", "")) or self._column + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._gathered.take()
        elif name == "row":
            # A row that goes back is damage; its place behind the last one keeps line numbers apart.
            self._line = max(int(attributes.get("r", self._line + 1)), self._line + 1)
            if self._line > LAST_LINE:
                raise UnreadableFile("too_many_rows", f"A sheet has at most {LAST_LINE} rows.")
            self._column = 0
            self._cells = []
        else:
            self._gathered.open(name)

    def end(self, tag: str) -> None:
        name = local(tag)
        if name == "c":
            text = self._gathered.take()
            if text and self._column <= WIDEST:
                text = self._meaning(text)
                self._cells.extend([""] * (self._column - len(self._cells)))
                self._cells[self._column - 1] = text
        elif name == "row" and self._cells:
            self.done.append(Record(self._line, self._cells, broken=False))
            self._cells = []
        else:
            self._gathered.close(name)

    def _meaning(self, text: str) -> str:
        if self._kind == "s":
            return self._book.texts[int(text)]
        if self._kind == "b":
            return "FALSE" if text == "0" else "TRUE"
        if self._kind != "n":
            return text
        styles, number = self._book.styles, int(self._style)
        style = styles[number] if 0 <= number < len(styles) else Style()
        if style.is_date:
            return day_text(text, self._book.epoch)
        return f"{number_text(text)} {style.unit}".rstrip()


def _column(reference: str) -> int:
    """1 for A7, 28 for AB7, 0 where the reference names no column."""
    column = 0
    for letter in reference[:3]:
        if not "A" <= letter <= "Z":
            break
        column = 26 * column + ord(letter) - 64
    return column
