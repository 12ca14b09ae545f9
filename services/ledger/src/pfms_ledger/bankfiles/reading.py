"""The door: a file in, a Reading out, whatever the format."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import BinaryIO

from pfms_ledger.bankfiles import camt, mt940, ofx, qif, tables, workbook
from pfms_ledger.bankfiles.detect import detect
from pfms_ledger.bankfiles.routing import AccountMap
from pfms_ledger.bankfiles.statement import AccountFacts, Mapping, Reading, UnreadableFile

_READERS: dict[str, Callable[..., Reading]] = {
    "ofx": ofx.read,
    "qfx": ofx.read,
    "qif": qif.read,
    "mt940": mt940.read,
    "camt": camt.read,
    "csv": tables.read,
    "xlsx": workbook.read_xlsx,
    "xls": workbook.read_xls,
}
_NAMES = {
    "json": "JSON",
    "pdf": "PDF",
    "html": "a web page",
    "xml": "XML of an unknown kind",
    "archive": "a compressed archive",
    "image": "a picture",
}


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None = None,
    mapping: Mapping | None = None,
    account_map: AccountMap | None = None,
) -> Reading:
    """Read a bank file as far as it can be read without asking.

    `file` is a seekable binary stream, which the Reading keeps using: read its rows before closing it, and one
    iteration at a time. `account` is where rows go that name no account of their own; `mapping` holds the answers
    so far and `account_map` the account for each key of the file (None: leave its rows out). Years of two digits,
    and which dates lie in the future, are told by `today` (the book's).

    UnreadableFile when the file can't be imported at all, MappingDoesNotFit when an answer doesn't fit the file;
    no other error, whatever the bytes are.
    """
    found = detect(file)
    reader = _READERS.get(found)
    if reader is None:
        if found == "book":
            raise UnreadableFile(
                "format_not_read", "The file is an export of a book: POST /restores reads it."
            )
        raise UnreadableFile(
            "format_not_read",
            f"The file is {_NAMES[found]}, which isn't read; export OFX, CAMT, MT940, QIF, CSV or XLSX instead.",
        )
    reading = reader(file, today=today, account=account, mapping=mapping or {}, account_map=account_map or {})
    return replace(reading, format=found)
