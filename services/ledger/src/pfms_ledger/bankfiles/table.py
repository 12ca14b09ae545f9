"""Tables of text: lines, quotes and delimiters, record by record, without ever holding the whole file.

A quotation mark that is never closed would swallow the rows behind it; here it spoils its own line only.
"""

import csv
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple

from pfms_ledger.bankfiles.amount import money_shape, plain, shape_of
from pfms_ledger.bankfiles.dates import parts_of
from pfms_ledger.bankfiles.lines import LONGEST_LINE, lines_of, too_long
from pfms_ledger.bankfiles.statement import MAX_ROWS, UnreadableFile

WIDEST = 200
"""Columns that are looked at; what stands further right is no part of a bank's table."""
_LONGEST_FIELD_LINES = 200
_MOST_BROKEN = 50
_MOST_LINES = 10 * MAX_ROWS
_HEAD_CHARACTERS = 4_000_000
DELIMITERS = (",", ";", "\t", "|", "^", "~")
_HEAD_RECORDS = 600


class Record(NamedTuple):
    """The cells of one line (or of the lines a quoted cell spans) and its first line, counted from 1."""

    line: int
    cells: list[str]
    broken: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Records, which each call of `records` reads anew from the start.

    `settings` are the keys of the mapping that say how they are told apart, `make` what files of one make share
    besides their header.
    """

    records: Callable[[], Iterator[Record]]
    settings: Mapping[str, object]
    make: tuple[str, ...]

    def head(self, count: int) -> list[Record]:
        """The first records, at most `count` and not more than fit into a few megabytes."""
        head: list[Record] = []
        left = _HEAD_CHARACTERS
        for record in islice(self.records(), count):
            head.append(record)
            left -= sum(map(len, record.cells)) + 50 * len(record.cells)
            if left < 0:
                break
        return head


def is_row(cells: Iterable[str]) -> bool:
    """Whether a record holds both a day and an amount, each filling a cell of its own."""
    dated = money = False
    for cell in cells:
        if not dated and parts_of(cell):
            dated = True
        elif not money and cell and money_shape(shape_of(plain(cell))[0]):
            money = True
        if dated and money:
            return True
    return False


def _records(lines: Iterator[str], delimiter: str) -> Iterator[Record]:
    first, broken = 0, False

    def numbered() -> Iterator[str]:
        nonlocal first, broken
        for number, text, cut in _closed(lines, delimiter):
            first, broken = first or number, broken or cut
            yield text

    for cells in csv.reader(numbered(), delimiter=delimiter, skipinitialspace=delimiter != "\t"):
        yield Record(first, cells, broken)
        first, broken = 0, False


def _closed(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, str, bool]]:
    """(number, line, whether a mark that is never closed was closed at its end).

    After some such lines the file is taken to be careless with marks, and none is followed any further.
    """
    waiting: deque[tuple[int, str]] = deque()
    numbered = enumerate(lines, 1)
    inside = failed = 0
    while True:
        number, text = waiting.popleft() if waiting else next(numbered, (0, ""))
        if not number:
            return
        if len(text) > LONGEST_LINE:
            raise too_long()
        if number > _MOST_LINES:
            raise UnreadableFile(
                "too_many_rows", f"The file has more than {_MOST_LINES} lines; import it in parts."
            )
        if inside or '"' not in text or text.count('"') % 2 == 0 or not _open([text], delimiter):
            inside = max(inside - 1, 0)
            yield number, text + "\n", False
            continue
        if failed < _MOST_BROKEN:
            waiting.extend(islice(numbered, _LONGEST_FIELD_LINES - len(waiting)))
            inside = _closing(text, [after for _, after in waiting], delimiter)
        failed += not inside
        yield (number, text + "\n", False) if inside else (number, text + '"\n', True)


def _open(lines: list[str], delimiter: str) -> bool:
    """Whether a quoted cell that began in the first line is still open behind the last."""
    ended = [line + "\n" for line in lines]
    reader = csv.reader([*ended, ""], delimiter=delimiter, skipinitialspace=delimiter != "\t")
    next(reader)
    return reader.line_num > len(lines)


def _closing(text: str, following: list[str], delimiter: str) -> int:
    """How many of the lines behind belong to the open cell; 0 when it is never closed or would swallow rows."""
    lines, length = [text], len(text)
    for used, after in enumerate(following, 1):
        lines.append(after)
        length += len(after)
        if length > LONGEST_LINE or (after and is_row(next(csv.reader([after], delimiter=delimiter)))):
            return 0
        if '"' in after and not _open(lines, delimiter):
            return used
    return 0


def open_table(file: BinaryIO, encoding: str, delimiter: str | None = None) -> Table:
    """The table of a file; the delimiter, where none is given, is the one that separates days from amounts.

    UnreadableFile when no delimiter makes a table of it.
    """
    if delimiter is not None:
        return _text_table(file, encoding, delimiter)
    scores = {
        candidate: _score(_text_table(file, encoding, candidate).head(_HEAD_RECORDS))
        for candidate in DELIMITERS
    }
    best = max(scores, key=lambda candidate: scores[candidate])
    if scores[best][2] < 2:
        raise UnreadableFile("not_a_statement", "The file is no table and no statement of a format we know.")
    return _text_table(file, encoding, best)


def _text_table(file: BinaryIO, encoding: str, delimiter: str) -> Table:
    return Table(
        lambda: _records(lines_of(file, encoding), delimiter),
        {"encoding": encoding, "delimiter": delimiter, "sheet": None},
        ("csv", delimiter),
    )


def _score(records: list[Record]) -> tuple[int, int, int]:
    """(rows with day and amount, rows of the commonest width, that width); larger is better."""
    rows = sum(is_row(record.cells) for record in records)
    widths = Counter(len(record.cells) for record in records if len(record.cells) > 1)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0])) if widths else (0, 0)
    return rows, count, width
