"""The reader of text tables: from the bytes to a Reading, by guess and by the answers that were sent."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from pfms_ledger.bankfiles.decode import accepted, encoding_of
from pfms_ledger.bankfiles.guess import Guess, guess
from pfms_ledger.bankfiles.mapping import check
from pfms_ledger.bankfiles.routing import (
    AccountMap,
    Routes,
    account_questions,
    accounts_found,
    refuse_other_currency,
)
from pfms_ledger.bankfiles.rows import Plan, read_rows
from pfms_ledger.bankfiles.signs import speaks_of_opening
from pfms_ledger.bankfiles.statement import (
    OPENING_TWICE,
    AccountFacts,
    Mapping,
    MappingDoesNotFit,
    Reading,
    StatementRow,
)
from pfms_ledger.bankfiles.table import Record, Table, open_table
from pfms_ledger.bankfiles.text import clean
from pfms_ledger.bankfiles.words import fold, roles_of

_SAMPLES = 5
_SPLIT = re.compile(r'[,;\t|"]+')


def read(
    file: BinaryIO,
    *,
    today: date,
    account: AccountFacts | None,
    mapping: Mapping,
    account_map: AccountMap,
) -> Reading:
    """A table of text, as far as it can be read without asking.

    UnreadableFile when it is no table with days and amounts, MappingDoesNotFit when the mapping doesn't fit it.
    """
    given = check(mapping)
    if given.get("sheet") is not None:
        raise MappingDoesNotFit("sheet", "A file of text has no sheets.")
    encoding = accepted(given["encoding"]) if given.get("encoding") else encoding_of(file, known_words)
    table = open_table(file, encoding, given.get("delimiter"))
    return read_table(table, given, today=today, account=account, account_map=account_map)


def read_table(
    table: Table,
    given: Mapping,
    *,
    today: date,
    account: AccountFacts | None,
    account_map: AccountMap,
    shape: str | None = None,
) -> Reading:
    """A table wherever it stands; `shape` where more than its own header makes it known again."""
    plan = guess(table, given, account, today)
    routes = Routes(account, account_map, len(_currencies(plan)) > 1)
    accounts = accounts_found(_keys(plan), routes)
    refuse_other_currency(accounts, routes, plan.units)
    questions = [*plan.questions, *account_questions(accounts, routes)]
    return Reading(
        format="",
        mapping=plan.mapping,
        accounts=accounts,
        rows=lambda: _rows(plan, routes, today),
        questions=questions,
        samples=samples_of(plan.head.records),
        warnings=[*plan.warnings, *_opening(plan, account)],
        shape=shape or _shape(plan),
    )


def samples_of(records: list[Record]) -> list[list[str]]:
    return [[clean(cell, 200) for cell in record.cells] for record in records[:_SAMPLES]]


def _opening(plan: Guess, account: AccountFacts | None) -> list[str]:
    texts = [index for key in ("payee", "memo") if (index := plan.columns[key]) is not None]
    cells = (record.cells for record in plan.head.records)
    stated = any(speaks_of_opening(" ".join(row[i] for i in texts if i < len(row))) for row in cells)
    return [OPENING_TWICE] if stated and account and account.opened else []


def known_words(text: str) -> int:
    """How many headers with other than ASCII letters the dictionary knows, in the line near the top with most.

    Headers of ASCII letters say nothing about the encoding: they are the same in all of them.
    """
    lines = [_SPLIT.split(line[:2000]) for line in text.split("\n", 60)[:60] if not line.isascii()]
    return max(
        (sum(not cell.isascii() and bool(roles_of(cell)) for cell in line) for line in lines), default=0
    )


def _keys(plan: Guess) -> list[tuple[tuple[str, str | None], int]]:
    """Counts of rows by account name and currency; one nameless account where no column tells them apart."""
    if not plan.counts.keys:
        return [(("", plan.currency), plan.counts.rows)]
    return [((name, code or plan.currency), count) for (name, code), count in plan.counts.keys.items()]


def _currencies(plan: Guess) -> set[str | None]:
    return {code for _, code in plan.counts.keys if code}


def _rows(plan: Guess, routes: Routes, today: date) -> Iterator[StatementRow]:
    mapping, debits = plan.mapping, plan.counts.money.get("debit")
    by = Plan(
        columns=plan.columns,
        names=plan.head.names if plan.head.header else [],
        decimal=mapping.get("decimal") or ".",
        date_order=mapping.get("date_order") or "ymd",
        sign_values=mapping.get("sign_values") or {},
        unsigned=mapping.get("unsigned") or "in",
        invert=bool(mapping.get("invert")),
        reversals=debits is not None and bool(debits.marks()[""] + debits.marks()["+"]),
        currency=plan.currency,
        routes=routes,
        shared_ids=plan.counts.ids.shared(),
        today=today,
    )
    return read_rows(plan.data(), by)


def _shape(plan: Guess) -> str:
    """Equal for tables of the same make: the folded header, or what kind of cells each column holds."""
    columns = plan.head.columns
    kinds = [
        "day" if c.is_days() else "money" if c.is_money() else "text" if c.filled else "" for c in columns
    ]
    names = [fold(name) for name in plan.head.names] if plan.head.header else kinds
    return hashlib.sha256("\x1f".join([*plan.table.make, *names]).encode()).hexdigest()[:32]
