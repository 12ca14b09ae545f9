"""OFX and QFX statements, 1.x and 2.x: every STMTTRN a row, in investment statements those of the cash account only.

Source: OFX Banking Specification 2.3 (and 1.6), chapters 3 (types of amounts and dates), 5.2 (CURRENCY and
ORIGCURRENCY), 11 (bank and card statements), 13 (investments).
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO

from pfms_ledger.bankfiles.dates import EARLIEST_YEAR, YEARS_AHEAD
from pfms_ledger.bankfiles.decode import declared_encoding
from pfms_ledger.bankfiles.entries import Entry, Notes, only_encoding, reading_of
from pfms_ledger.bankfiles.ofx_scan import Scan, Transaction, stated_currency, transactions
from pfms_ledger.bankfiles.ofx_tokens import tokens
from pfms_ledger.bankfiles.routing import AccountMap
from pfms_ledger.bankfiles.statement import AccountFacts, Mapping, Reading, UnreadableFile

_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d\d?$)")


def day_of(value: str, today: date) -> date | None:
    """The day of an OFX date: its first eight digits, never moved between zones."""
    found = _DAY.match(value)
    if not found or not EARLIEST_YEAR <= int(found[1]) <= today.year + YEARS_AHEAD:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None,
    mapping: Mapping,
    account_map: AccountMap,
) -> Reading:
    """An OFX or QFX file; UnreadableFile when it holds no statement or one without any movement."""
    only_encoding(mapping, "An OFX file")
    encoding = declared_encoding(file, mapping.get("encoding"))
    entries = partial(_entries, file, encoding, today)
    return reading_of("ofx", entries, encoding=encoding, account=account, account_map=account_map)


def _entries(file: BinaryIO, encoding: str, today: date, notes: Notes) -> Iterator[Entry]:
    scan, found = Scan(), False
    for row in transactions(tokens(file, encoding), scan):
        found = True
        yield _entry(row, today)
    if not found:
        _refuse_nothing(scan)
    notes.warnings += _warnings(scan)


def _currency(row: Transaction) -> str | None:
    """A transaction's own currency when its amount is in one (CURRENCY, not ORIGCURRENCY), else the statement's."""
    return stated_currency(row.fields.get("CURRENCY/CURSYM", "")) or row.currency


def _refuse_nothing(scan: Scan) -> None:
    if scan.statements["investment"]:
        return
    if scan.statements:
        raise UnreadableFile("nothing_to_import", "The statement holds no transactions.")
    said = f" The bank answered: {scan.message}" if scan.message else ""
    raise UnreadableFile("not_a_statement", f"The file is OFX, but holds no statement of an account.{said}")


def _warnings(scan: Scan) -> list[str]:
    warnings = []
    if scan.trades:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(scan.trades.items()))
        warnings.append(f"Trades are not imported as transactions: {kinds}.")
    if scan.positions:
        warnings.append(f"{scan.positions} positions are not imported.")
    if not scan.ended:
        warnings.append("The file has no end; it may be cut off.")
    return warnings


def _entry(row: Transaction, today: date) -> Entry:
    fields = row.fields
    written = fields.get("DTPOSTED") or fields.get("DTTRAN", "")
    return Entry(
        account=row.account,
        currency=_currency(row),
        written=written,
        day=day_of(written, today),
        amount=fields.get("TRNAMT", ""),
        payee=fields.get("NAME") or fields.get("PAYEE/NAME") or fields.get("EXTDPAYEE/NAME", ""),
        memo=fields.get("MEMO", ""),
        bank_id=fields.get("FITID", ""),
        pending=row.pending,
        type=row.type,
        error=row.error,
    )
