"""How a table is read: what its header and values settle, and the questions for what they leave open.

A guess that may be wrong is asked. Keys of the mapping that were sent are settled by that and never guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice

from pfms_common.currency import CURRENCIES
from pfms_ledger.bankfiles import columns as look
from pfms_ledger.bankfiles.amount import UNITS
from pfms_ledger.bankfiles.asked import date_order, decimal_question
from pfms_ledger.bankfiles.choose import choose
from pfms_ledger.bankfiles.columns import Head
from pfms_ledger.bankfiles.fees import column_series, fee_column, verdict
from pfms_ledger.bankfiles.mapping import COLUMN_KEYS, reference
from pfms_ledger.bankfiles.sign_guess import (
    Verdict,
    contradiction,
    evidence,
    of_debit_and_credit,
    of_flags,
    of_signs,
    series,
    uneven,
)
from pfms_ledger.bankfiles.statement import AccountFacts, Mapping, Question, UnreadableFile
from pfms_ledger.bankfiles.table import Record, Table
from pfms_ledger.bankfiles.tally import Tally, decimal_of, tally
from pfms_ledger.bankfiles.words import far_east

HEAD_RECORDS = 2_000
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]+")


@dataclass(slots=True)
class Guess:
    """A table's mapping in the making: what is settled, in JSON form and as column indexes, and what is asked.

    `currency` is what the file states for all its rows outside of a currency column; `units` are the currencies
    its symbols allow ("$" is many).
    """

    table: Table
    head: Head
    given: Mapping
    mapping: Mapping
    columns: dict[str, int | None]
    questions: list[Question]
    counts: Tally
    currency: str | None = None
    units: frozenset[str] = frozenset()
    warnings: list[str] = field(default_factory=list)

    def add(self, found: Verdict) -> None:
        self.mapping.update({key: value for key, value in found.settled.items() if key not in self.given})
        self.questions.extend(found.questions)
        self.warnings.extend(found.warnings)

    def data(self) -> Iterator[Record]:
        return islice(self.table.records(), self.head.start, None)

    def exponents(self, account: AccountFacts | None) -> set[int]:
        codes = {code for _, code in self.counts.keys if code}
        if not codes:
            codes = {self.currency or (account.currency if account else "")}
        return {CURRENCIES[code].exponent for code in codes if code in CURRENCIES} or {2}


def guess(table: Table, given: Mapping, account: AccountFacts | None, today: date) -> Guess:
    """The mapping of a table as far as it is known.

    UnreadableFile when it holds neither days nor amounts, or no row; MappingDoesNotFit when a column that was
    sent doesn't exist.
    """
    plan = _begin(table, given)
    plan.counts = tally(plan.data(), plan.columns)
    _refuse_nothing(plan)
    _find_currency(plan)
    _decide_decimal(plan, account)
    _decide_order(plan, today)
    if not {question.field for question in plan.questions} & {"decimal", "amount"}:
        _decide_fee(plan)
        _decide_sign(plan, account)
    return plan


def _begin(table: Table, given: Mapping) -> Guess:
    records = table.head(HEAD_RECORDS)
    if "skip_rows" in given:
        at = next((i for i, record in enumerate(records) if record.line > given["skip_rows"]), len(records))
        header = bool(given.get("header", True))
    else:
        found = look.find_header(records) if given.get("header", True) else None
        header = bool(given.get("header", found is not None))
        at = found if found is not None else look.first_row(records)
    head = look.look_at(records, min(at + header, len(records)), header=header)
    choice = choose(head, given)
    names = head.names
    asked = choice.open_keys()
    settled = {
        **table.settings,
        "skip_rows": records[at].line - 1 if at < len(records) else 0,
        "header": header,
        **{key: reference(index, names) for key, index in choice.columns.items() if key not in asked},
    }
    columns = {key: choice.columns.get(key) for key in COLUMN_KEYS}
    return Guess(table, head, given, settled | given, columns, choice.questions, Tally())


def _refuse_nothing(plan: Guess) -> None:
    """A table without rows, or in which nothing looks like a day or an amount, is no bank table."""
    columns = plan.head.columns
    if plan.counts.rows and any(c.days or c.money for c in columns):
        return
    asked = {question.field for question in plan.questions}
    if asked & {"date", "amount"} and any(c.days for c in columns):
        return
    if plan.head.header and not any(record.cells for record in plan.head.records):
        raise UnreadableFile("nothing_to_import", "The table has a header and no rows.")
    if asked and any(c.firm for c in columns):
        return
    raise UnreadableFile(
        "not_a_statement", "The table holds no days and no amounts; it is no bank statement."
    )


def _find_currency(plan: Guess) -> None:
    """The currency in the money columns' names ("Betrag (EUR)"), else the one their cells are written with."""
    money = [i for key in ("amount", "debit", "credit") if (i := plan.columns[key]) is not None]
    named = {code for index in money for code in _codes_in(plan.head.columns[index].name)}
    units = [
        unit
        for t in (plan.counts.money.get(k) for k in ("amount", "debit", "credit"))
        if t
        for unit in t.units()
    ]
    common = frozenset.intersection(*units) if units and all(units) else frozenset[str]()
    if len(named) == 1:
        plan.currency = named.pop()
    elif len(common) == 1:
        plan.currency = next(iter(common))
    plan.units = common


def _codes_in(name: str) -> set[str]:
    codes = {word for word in _WORD.findall(name) if word in CURRENCIES}
    for word in _WORD.findall(name):
        units = UNITS.get(word.casefold(), frozenset())
        if len(units) == 1 and not word.isascii():
            codes |= units
    return codes


def _decide_decimal(plan: Guess, account: AccountFacts | None) -> None:
    if plan.given.get("decimal"):
        return
    tallies = plan.counts.money
    paid = [tallies[key] for key in ("amount", "debit", "credit", "fee") if key in tallies]
    found = decimal_of(paid, plan.exponents(account))
    written = any(s in ".," for t in paid for shape in t.shapes().values() for s in shape.separators)
    if "balance" in tallies and (len(found) > 1 or not written):
        beside = decimal_of([tallies["balance"]], plan.exponents(account))
        found = beside if len(beside) == 1 else found
    if len(found) == 1:
        plan.mapping["decimal"] = found[0]
    else:
        plan.questions.append(decimal_question(found, plan.counts.rows))


def _decide_order(plan: Guess, today: date) -> None:
    if plan.given.get("date_order"):
        return
    if plan.columns["date"] is None:
        return
    days = plan.counts.days
    cells = [*plan.head.names, *(cell for record in plan.head.records[:20] for cell in record.cells)]
    found = date_order(days, today, _example(plan), year_first=any(map(far_east, cells)))
    if isinstance(found, str):
        plan.mapping["date_order"] = found
    else:
        plan.questions.append(replace(found, rows=plan.counts.rows - plan.counts.undated))


def _example(plan: Guess) -> str:
    index = plan.columns["date"] or 0
    return next(
        (r.cells[index].strip() for r in plan.head.records if len(r.cells) > index and r.cells[index]), ""
    )


def _decide_fee(plan: Guess) -> None:
    fee = fee_column(plan.head)
    named_net = plan.head.role("net")
    if "fee" in plan.given or fee is None or plan.columns["amount"] in {c.index for c in named_net}:
        return
    decimal = plan.mapping["decimal"]
    fees = column_series(plan.head, fee.index, decimal)
    balances = column_series(plan.head, plan.columns["balance"], decimal)
    name = reference(fee.index, plan.head.names)
    found = verdict(series(plan.head, plan.columns, decimal), fees, balances)
    if found == "taken":
        plan.columns["fee"], plan.mapping["fee"] = fee.index, name
    elif found == "open":
        del plan.mapping["fee"]
        reason = (
            f"Is the fee in {name!r} taken off on top of the amount, or (null) is it in the amount already?"
        )
        plan.questions.append(Question("fee", [name, None], reason, fee.nonzero))


def _decide_sign(plan: Guess, account: AccountFacts | None) -> None:
    columns = plan.columns
    found = evidence(
        plan.head, columns, plan.mapping["decimal"], card=bool(account and account.type == "credit")
    )
    plan.warnings.extend(uneven(found.chain))
    if columns["debit"] is not None or columns["credit"] is not None:
        plan.add(of_debit_and_credit(plan.given, plan.counts, found))
        return
    if columns["sign"] is None:
        plan.add(of_signs(plan.given, plan.counts, found))
        return
    name = plan.mapping["sign"]
    question = None if "sign" in plan.given else contradiction(plan.counts, name)
    if question:
        del plan.mapping["sign"]
        plan.questions.append(question)
    else:
        plan.add(of_flags(plan.given, plan.counts, plan.given.get("sign_values") or {}, name))
