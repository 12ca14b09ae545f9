"""MT940 statements and MT942 interim reports: every field :61: a row.

Source: SWIFT Standards MT, category 9, MT940 and MT942, field 61 (statement line): value date YYMMDD, entry date
MMDD, mark, funds code, amount, type, reference // reference of the bank. The mark says the direction: C in, D out; a
reversal turns it round, so that RC, the reversal of a credit, is money out and RD money in; EC and ED are only
expected.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import BinaryIO

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.balances import Balances, Statement
from pfms_ledger.bankfiles.dates import Parts, day
from pfms_ledger.bankfiles.decode import accepted, encoding_of
from pfms_ledger.bankfiles.entries import Entry, Notes, only_encoding, reading_of
from pfms_ledger.bankfiles.lines import lines_of
from pfms_ledger.bankfiles.mt940_fields import END, Field, fields
from pfms_ledger.bankfiles.mt940_words import payee_and_memo
from pfms_ledger.bankfiles.routing import AccountMap
from pfms_ledger.bankfiles.statement import AccountFacts, Mapping, Reading, UnreadableFile
from pfms_ledger.bankfiles.text import clean

_INCOMING = {"C": True, "D": False, "RC": False, "RD": True, "EC": True, "ED": False}
_ROW = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}|\s{4})?(?P<mark>[RE]?[CD])[A-Z]?\s{0,2}(?P<amount>\d[\d.,]*)"
    r"(?:[A-Z][A-Z0-9 ]{3}(?P<reference>.*))?",
    re.ASCII,
)
_BALANCE = re.compile(r"([CD])\d{6}([A-Z]{3})([\d.,]+)\s*", re.ASCII)
_BANK_ID = re.compile(r"(?=(?:\D*\d){3})\S{6,35}", re.ASCII)
_NO_ID = re.compile(r"[0\W]*|NONREF|NOTPROVIDED", re.IGNORECASE)
_REFERENCE = 16


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None,
    mapping: Mapping,
    account_map: AccountMap,
) -> Reading:
    """An MT940 or MT942 file; UnreadableFile when it holds no movement."""
    only_encoding(mapping, "An MT940 file")
    given = mapping.get("encoding")
    encoding = accepted(given) if given else encoding_of(file, lambda _: 0)
    entries = partial(_entries, file, encoding, today)
    return reading_of("mt940", entries, encoding=encoding, account=account, account_map=account_map)


def _entries(file: BinaryIO, encoding: str, today: date, notes: Notes) -> Iterator[Entry]:
    scan = _Scan(today)
    for field in fields(lines_of(file, encoding)):
        if (entry := scan.take(field)) is not None:
            yield entry
    if (entry := scan.end()) is not None:
        yield entry
    if not scan.rows:
        raise UnreadableFile("nothing_to_import", "The statement holds no movements.")
    notes.warnings += scan.warnings()


class _Scan:
    """Where in a file of statements the scan is: the statement, and the row whose words are still to come."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.statement = Statement()
        self.code = ""
        self.balances = Balances()
        self.rows = 0
        self._row: list[str] | None = None
        self._words: list[str] = []
        self._no_such_day = 0

    @property
    def currency(self) -> str | None:
        """The statement's currency, None for XXX and anything else that is none."""
        return self.code if self.code in CURRENCIES else None

    def take(self, field: Field) -> Entry | None:
        """Follow a field; the row before it is given out once it is whole."""
        if field.tag == "86":
            if self._row is not None:
                self._words += field.lines
            return None
        entry = self._whole()
        if field.tag == "61":
            self._row = field.lines
            self.rows += 1
        elif field.tag in ("20", END):
            self._next_statement()
        elif field.tag in ("25", "25P"):
            self.statement.account = clean(field.lines[0], 200)
        elif field.tag in ("60F", "60M", "62F", "62M"):
            self._balance(field)
        elif field.tag == "34F":
            self.code = field.lines[0][:3]
        return entry

    def end(self) -> Entry | None:
        entry = self._whole()
        self._next_statement()
        return entry

    def warnings(self) -> list[str]:
        warnings = self.balances.warnings()
        if self._no_such_day:
            said = "Value dates that do not exist, such as 30 February"
            warnings.append(f"{said}: {self._no_such_day}. The entry date counts there.")
        return warnings

    def _next_statement(self) -> None:
        if self.statement != Statement():
            self.balances.ended(self.statement)
        self.statement, self.code = Statement(), ""

    def _balance(self, field: Field) -> None:
        found = _BALANCE.fullmatch(field.lines[0])
        if not found:
            return
        amount = found[3] if found[1] == "C" else f"-{found[3]}"
        if field.tag.startswith("60"):
            self.code = found[2]
            self.statement.open(found[2], amount)
        else:
            self.statement.close(found[2], amount)

    def _whole(self) -> Entry | None:
        if self._row is None:
            return None
        (first, *more), words = self._row, self._words
        self._row, self._words = None, []
        found = _ROW.fullmatch(first.rstrip())
        if not found:
            self.statement.add(self.code, "")
            error = f"{first[:40]!r} is no movement that can be read."
            return Entry(self.statement.account, self.currency, first[:6], None, "", "", first, error=error)
        return self._entry(found, more, words)

    def _entry(self, found: re.Match[str], more: list[str], words: list[str]) -> Entry:
        customer, _, banks = (found["reference"] or "").partition("//")
        payee, memo = payee_and_memo(words)
        extra = " ".join(line.strip() for line in more)
        pending = found["mark"][0] == "E"
        amount = found["amount"] if _INCOMING[found["mark"]] else f"-{found['amount']}"
        if not pending:
            self.statement.add(self.code, amount)
        bank_id = banks.strip()
        return Entry(
            account=self.statement.account,
            currency=self.currency,
            written=found["value"],
            day=self._day(found["value"], (found["entry"] or "").strip()),
            amount=amount,
            payee=payee or ("" if banks else _name_behind(customer)),
            memo=f"{memo} {extra}".strip(),
            bank_id=bank_id if _BANK_ID.fullmatch(bank_id) and not _NO_ID.fullmatch(bank_id) else "",
            # SWIFT promises no uniqueness: some banks write the machine or the minute here.
            id_shared=True,
            pending=pending,
        )

    def _day(self, value: str, entry: str) -> date | None:
        """The value date; where the calendar has no such day, the entry date nearest to it."""
        year, month, number = int(value[:2]), int(value[2:4]), int(value[4:])
        found = day(Parts(year, month, number, "ymd", 2), "ymd", self.today)
        if found or not entry or not 1 <= month <= 12:
            return found
        near = day(Parts(year, month, 1, "ymd", 2), "ymd", self.today)
        if near is None:
            return None
        days = [
            other
            for years in (-1, 0, 1)
            if (
                other := day(
                    Parts(near.year + years, int(entry[:2]), int(entry[2:]), "ymd", 2), "ymd", self.today
                )
            )
        ]
        self._no_such_day += bool(days)
        return min(days, key=lambda other: abs((other - near).days), default=None)


def _name_behind(reference: str) -> str:
    """What stands behind a reference that is padded to its sixteen places: some banks write the name there."""
    padded = reference[:_REFERENCE]
    return reference[_REFERENCE:] if padded.strip() != padded else ""
