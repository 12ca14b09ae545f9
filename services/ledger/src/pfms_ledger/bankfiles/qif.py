"""QIF: every record of a bank, cash, card or other account a row; what trades and lists hold is counted only.

A QIF file says neither its currency nor the order of its days nor its decimal separator: the first is the
account's, the others are decided over the whole file and asked where they stay open. It says nothing of its maker
either, so that no answer is remembered for another file.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles.amount import AmountReader, AmountUnreadableError
from pfms_ledger.bankfiles.asked import date_order, decimal_question
from pfms_ledger.bankfiles.dates import Parts, day, parts_of
from pfms_ledger.bankfiles.decode import accepted, encoding_of
from pfms_ledger.bankfiles.lines import lines_of
from pfms_ledger.bankfiles.mapping import check
from pfms_ledger.bankfiles.qif_records import ROWS, TRADES, Record, records
from pfms_ledger.bankfiles.routing import AccountMap, Routes, account_questions, accounts_found, refuse_many
from pfms_ledger.bankfiles.signs import speaks_of_opening
from pfms_ledger.bankfiles.statement import (
    MAX_ROWS,
    OPENING_TWICE,
    AccountFacts,
    Mapping,
    MappingDoesNotFit,
    Question,
    Reading,
    StatementRow,
    UnreadableFile,
)
from pfms_ledger.bankfiles.tally import MoneyTally, decimal_of
from pfms_ledger.bankfiles.text import LONGEST_PAYEE, clean

KEYS = ("encoding", "date_order", "decimal", "invert")
_SAMPLES = 5
_OPENING_WITHIN = 100
_MOST_DAYS = 50_000
_MOST_KINDS = 100
_AROUND_MARKS = re.compile(r"\s*([/.\-'])\s*")
_APOSTROPHE = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})'(\d{1,2}|\d{4})")
_TRANSFER = re.compile(r"\[(.+)\]")
_ENOUGH_UNSIGNED = 3


@dataclass(slots=True)
class _Counts:
    """What one pass over the file counts."""

    rows: int = 0
    by_account: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    types: dict[str, str] = field(default_factory=dict)
    days: set[Parts] = field(default_factory=set)
    example: str = ""
    money: MoneyTally = field(default_factory=MoneyTally)
    trades: Counter[str] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    transfers: int = 0
    opening: bool = False
    samples: list[list[str]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        if record.type in ROWS:
            self._add_row(record)
        elif record.fields:
            kinds, kind = (
                (self.trades, record.value("N")) if record.type in TRADES else (self.lists, record.type)
            )
            kind = clean(kind, 40) or "other"
            kinds[kind if kind in kinds or len(kinds) < _MOST_KINDS else "other"] += 1

    def _add_row(self, record: Record) -> None:
        if not record.fields:
            self.empty += 1
            return
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise UnreadableFile(
                "too_many_rows", f"The file has more than {MAX_ROWS} rows; import it in parts."
            )
        self.by_account[record.account, None] += 1
        self.types[record.account] = ROWS[record.type]
        written = record.value("D")
        parts = _parts(written)
        if parts is not None and len(self.days) < _MOST_DAYS:
            self.days.add(parts)
            self.example = self.example or written
        if amount := record.value("T", "U"):
            self.money.add(amount)
        self.transfers += bool(_TRANSFER.match(record.value("L")))
        if self.rows <= _OPENING_WITHIN:
            self.opening = self.opening or speaks_of_opening(f"{record.value('P')} {record.value('M')}")
        if len(self.samples) < _SAMPLES:
            self.samples.append([clean(letter + value, 200) for letter, value in record.fields[:20]])


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None,
    mapping: Mapping,
    account_map: AccountMap,
) -> Reading:
    """A QIF file as far as it can be read without asking; UnreadableFile when it holds neither rows nor trades."""
    given = check(mapping)
    for key in given.keys() - set(KEYS):
        raise MappingDoesNotFit(key, f"A QIF file is mapped by nothing but {', '.join(KEYS)}.")
    encoding = accepted(given["encoding"]) if given.get("encoding") else encoding_of(file, lambda _: 0)
    counts = _Counts()
    for record in records(lines_of(file, encoding)):
        counts.add(record)
    if not counts.rows and not counts.trades:
        raise UnreadableFile("nothing_to_import", "The file holds no transactions." + _lists(counts))
    routes = Routes(account, account_map)
    accounts = accounts_found(counts.by_account.items(), routes, counts.types)
    refuse_many(accounts)
    settled, questions = _decide(counts, given, account, _exponents(counts, routes), today)
    settled["encoding"] = encoding
    return Reading(
        format="qif",
        mapping=settled,
        accounts=accounts,
        rows=lambda: _rows(file, settled, routes, today),
        questions=[*questions, *account_questions(accounts, routes)],
        samples=counts.samples,
        warnings=_warnings(counts)
        + ([OPENING_TWICE] if counts.opening and account and account.opened else []),
        shape="qif",
    )


def _exponents(counts: _Counts, routes: Routes) -> set[int]:
    codes = {routes.of(name, currency).currency for name, currency in counts.by_account}
    return {CURRENCIES[code].exponent for code in codes if code} or {2}


def _decide(
    counts: _Counts, given: Mapping, account: AccountFacts | None, exponents: set[int], today: date
) -> tuple[Mapping, list[Question]]:
    """The mapping with what the file settles, and the questions for the rest."""
    settled = {key: value for key, value in given.items() if value is not None}
    questions: list[Question] = []
    if not given.get("date_order"):
        order = date_order(counts.days, today, counts.example)
        if isinstance(order, Question):
            questions.append(order)
        else:
            settled["date_order"] = order
    if not given.get("decimal"):
        found = decimal_of([counts.money], exponents)
        if len(found) == 1:
            settled["decimal"] = found[0]
        else:
            questions.append(decimal_question(found, counts.rows))
    if given.get("invert") is None:
        if question := _sign_question(counts, account):
            questions.append(question)
        else:
            settled["invert"] = False
    return settled, questions


def _sign_question(counts: _Counts, account: AccountFacts | None) -> Question | None:
    """Asked where the signs look turned round or left out: what is spent is below zero in QIF, on cards too."""
    marks = counts.money.marks()
    spent = marks["-"] + marks["DR"]
    received = marks.total() - spent
    if len(counts.by_account) != 1 or not received:
        return None
    card = (account and account.type == "credit") or "credit" in counts.types.values()
    if (card and received >= spent) or (not spent and received >= _ENOUGH_UNSIGNED):
        reason = f"Amounts above zero: {received}, below: {spent}. Is what was spent written above zero?"
        return Question("invert", [False, True], reason, counts.rows)
    return None


def _warnings(counts: _Counts) -> list[str]:
    warnings = []
    if counts.trades:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.trades.items()))
        warnings.append(f"Trades are not imported as transactions: {kinds}.")
    if counts.empty:
        warnings.append(f"Empty records left out: {counts.empty}.")
    if counts.transfers:
        warnings.append(
            f"Rows that name another account as the other side of a transfer: {counts.transfers}. Each is imported as"
            " a row of its own account."
        )
    if counts.lists:
        warnings.append(_lists(counts).strip())
    return warnings


def _lists(counts: _Counts) -> str:
    if not counts.lists:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.lists.items()))
    return f" Records of types that are no account's are left out: {kinds}."


def _parts(written: str) -> Parts | None:
    """The parts of a day as Quicken writes it: "6/ 1/94", with an apostrophe before years since 2000, "6/1' 4"."""
    text = _AROUND_MARKS.sub(r"\1", written)
    if found := _APOSTROPHE.fullmatch(text):
        text = f"{found[1]}{found[2]}{found[3]}{found[2]}{found[4].zfill(2)}"
    return parts_of(text)


def _rows(file: BinaryIO, settled: Mapping, routes: Routes, today: date) -> Iterator[StatementRow]:
    amounts = AmountReader(settled.get("decimal", "."))

    def found_day(written: str) -> date | None:
        parts = _parts(written)
        return day(parts, settled.get("date_order", "ymd"), today) if parts else None

    number = 0
    for record in records(lines_of(file, settled["encoding"])):
        if record.type in ROWS and record.fields:
            number += 1
            yield _row(number, record, routes, amounts, found_day, invert=settled.get("invert", False))


def _row(
    number: int,
    record: Record,
    routes: Routes,
    amounts: AmountReader,
    found_day: Callable[[str], date | None],
    *,
    invert: bool,
) -> StatementRow:
    route = routes.of(record.account, None)
    payee, said = clean(record.value("P"), LONGEST_PAYEE), clean(record.all("M"))
    # The category is no part of the text: who files a row elsewhere and exports again has no new row.
    text = f"{payee} {said}".strip()
    memo = clean("; ".join(filter(None, [said, _purpose(record)])))
    if not payee:
        payee, memo = clean(memo, LONGEST_PAYEE), memo if len(memo) > LONGEST_PAYEE else ""
    written = record.value("D")
    posted = found_day(written)
    minor, error = None, _broken(record) or route.error
    try:
        minor = _minor(record, amounts, route.currency)
        minor = -minor if invert else minor
    except AmountUnreadableError as unreadable:
        error = error or str(unreadable)
    if posted is None:
        error = error or (f"{written[:40]!r} is no date." if written else "The record has no date.")
    return StatementRow(
        number,
        posted,
        minor,
        route.currency,
        payee,
        memo,
        text,
        None,
        False,  # a tuple of fields, in their order
        "cleared",
        route.key,
        error,
        None if error else "zero amount" if minor == 0 else route.skipped,
    )


def _broken(record: Record) -> str | None:
    if not record.ended:
        return "The record has no end; the file may be cut off there."
    if record.has_twice("T") or record.has_twice("D"):
        return "Two days or amounts stand in this record; the end of the first is missing."
    return None


def _minor(record: Record, amounts: AmountReader, currency: str | None) -> int:
    written = record.value("T", "U")
    if not written:
        raise AmountUnreadableError("The record has no amount.")
    minor, shape = amounts.read(written, CURRENCIES[currency].exponent if currency else 2)
    if shape.units and currency not in shape.units:
        raise AmountUnreadableError(f"{written[:40]!r} isn't written in {currency}.")
    return -minor if shape.mark in ("-", "DR") else minor


def _purpose(record: Record) -> str:
    """The category, or the other account in brackets; of a split record its parts, as they are written."""
    parts: list[str] = []
    for letter, value in record.fields:
        if letter == "S":
            parts.append(value)
        elif letter in "E$%" and parts and value:
            parts[-1] = f"{parts[-1]} {value}".strip()
    return "; ".join(filter(None, parts)) or record.value("L")
