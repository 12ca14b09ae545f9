"""A file of fifty megabytes needs no more memory than one of five: what is held does not grow with it."""

import hashlib
import tracemalloc
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from services.ledger.tests.unit.workbooks import packed, parts_of, xlsx

from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import AccountFacts

MIB = 1024 * 1024
FEW, MANY = 2_500, 5_000


def memo(row: int) -> str:
    """Two kilobytes that no other row has and no packing makes small."""
    return hashlib.shake_128(str(row).encode()).hexdigest(1_000)


def table(rows: int) -> bytes:
    return (
        "Date,Text,Amount\n" + "".join(f"2024-03-28,{memo(n)},-{n}.50\n" for n in range(1, rows))
    ).encode()


def statement(rows: int) -> bytes:
    listed = "".join(
        f"<STMTTRN><DTPOSTED>20240328<TRNAMT>-{n}.50<FITID>{n}<NAME>A<MEMO>{memo(n)}</STMTTRN>"
        for n in range(1, rows)
    )
    return (
        "OFXHEADER:100\nENCODING:USASCII\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR"
        f"<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>{listed}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


def workbook(rows: int) -> bytes:
    parts = parts_of(xlsx(Bank=[["Date", "Text", "Amount"]]))
    name = "xl/worksheets/sheet1.xml"
    lines = "".join(
        f'<row r="{n + 1}"><c r="A{n}" t="d"><v>2024-03-28</v></c>'
        f'<c r="B{n}" t="inlineStr"><is><t>{memo(n)}</t></is></c><c r="C{n}"><v>-{n}.5</v></c></row>'
        for n in range(1, rows)
    )
    return packed(parts | {name: parts[name].replace(b"</sheetData>", lines.encode() + b"</sheetData>")})


def peak_of(content: bytes) -> int:
    """The most memory that reading it took beyond the file itself."""
    file = BytesIO(content)
    tracemalloc.start()
    try:
        reading = read(file, today=date(2026, 11, 21), account=AccountFacts("EUR"))
        for batch in reading.batches():
            assert not any(row.error for row in batch)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("written", [table, statement, workbook])
def test_twice_the_rows_take_no_more_memory(written: Callable[[int], bytes]) -> None:
    few, many = written(FEW), written(MANY)
    grown = len(many) - len(few)
    assert grown > MIB

    # Whoever held the rows would hold all that was added; caches and other threads come and go by some hundred KiB.
    assert peak_of(many) < peak_of(few) + grown // 2
