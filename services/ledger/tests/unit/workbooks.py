"""Workbooks written in the test: with openpyxl, or an old one record by record, since nothing writes those now."""

import struct
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO

from openpyxl import Workbook

SECTOR = 512
CHAIN_END, FREE, TABLE_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def xlsx(**sheets: Sequence[Sequence[object]]) -> bytes:
    """A workbook of these sheets, row by row."""
    return xlsx_with(lambda _: None, **sheets)


def xlsx_with(change: Callable[[Workbook], None], **sheets: Sequence[Sequence[object]]) -> bytes:
    """The same, after `change` did something to it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    change(book)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(parts: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", kind) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return file.getvalue()


def xls(rows: Sequence[Sequence[object]], *, datemode: int = 0) -> bytes:
    """An Excel 97 workbook of one sheet; a pair (serial, "date") is a cell that shows a day."""
    formats = b"".join(_record(0xE0, struct.pack("<HHHBBBBIiH", 0, number, *[0] * 8)) for number in (0, 14))
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 6)) + _record(
        0x22, struct.pack("<H", datemode)
    )
    name = b"Bank"
    listed = struct.pack("<IBBBB", 0, 0, 0, len(name), 0) + name
    at = len(start) + len(formats) + 4 + len(listed) + 4
    listed = struct.pack("<I", at) + listed[4:]
    cells = b"".join(
        _cell(row, column, value)
        for row, line in enumerate(rows)
        for column, value in enumerate(line)
        if value is not None
    )
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 6)) + cells + _record(0x0A, b"")
    return _ole(start + formats + _record(0x85, listed) + _record(0x0A, b"") + sheet)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _cell(row: int, column: int, value: object) -> bytes:
    if isinstance(value, str):
        text = value.encode("utf-16-le")
        return _record(0x204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
    number, style = (value[0], 1) if isinstance(value, tuple) else (value, 0)
    return _record(0x203, struct.pack("<HHHd", row, column, style, number))


def _ole(stream: bytes) -> bytes:
    """A compound document with the one stream that a workbook needs."""
    data = stream.ljust(4096, b"\0")
    data = data.ljust(-(-len(data) // SECTOR) * SECTOR, b"\0")
    count = len(data) // SECTOR
    chain = [TABLE_SECTOR, CHAIN_END, *range(3, count + 2), CHAIN_END]
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[FREE] * (SECTOR // 4 - len(chain)))
    folder = _entry("Root Entry", 5, 1, CHAIN_END, 0) + _entry("Workbook", 2, FREE, 2, len(data))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0") + struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, CHAIN_END, 0, CHAIN_END, 0
    )
    header += struct.pack("<109I", 0, *[FREE] * 108)
    return header + table + folder.ljust(SECTOR, b"\0") + data


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack(
        "<HBBIII16xI8x8xIII", len(text), kind, 1, FREE, FREE, child, 0, start, size, 0
    )
