"""A journal for hledger, whose balances are ours: the legs as they stand, no amount left to be inferred.

Source: hledger manual 1.25, "Journal format".
"""

import re
from collections.abc import Iterable

from pfms_common.currency import currency
from pfms_ledger.adapters.exports.accounts import Names
from pfms_ledger.domain.entry import Chart, Entry, decimal

_UNSAFE = re.compile(r"[\s:;|()\[\]{}\"*!=@]+")
_STATUS = {"pending": "!", "cleared": "*", "reconciled": "*"}


def part(name: str) -> str:
    """A name as one part of an account's: two spaces would end it, a colon begin the next."""
    return _UNSAFE.sub(" ", name).strip() or "unnamed"


def head(chart: Chart, names: Names) -> str:
    units = [f"commodity {_unit(code)}\n" for code in chart.currencies()]
    accounts = [f"account {name}\n" for name in names.everything()]
    return "".join(["decimal-mark .\n", *units, "\n", *accounts, "\n"])


def text_of(entries: Iterable[Entry], names: Names) -> str:
    return "".join(_entry(entry, names) for entry in entries)


def _entry(entry: Entry, names: Names) -> str:
    title = _line(entry.payee or entry.description or entry.type)
    lines = [f"{entry.date} {_STATUS[entry.status]} ({entry.id}) {title}"]
    lines += [f"    ; {_line(text)}" for text in (entry.description, entry.note) if text]
    if entry.tags:
        lines.append(f"    ; tags: {_line(' '.join(entry.tags))}")
    lines += [
        f"    {names.of(leg)}  {decimal(leg.amount_minor, leg.currency)} {leg.currency}" for leg in entry.legs
    ]
    return "\n".join(lines) + "\n\n"


def _line(text: str) -> str:
    """On one line, and no comment: a semicolon would begin one."""
    return " ".join(text.replace(";", ",").split())


def _unit(code: str) -> str:
    exponent = currency(code).exponent
    return f"1000.{'0' * exponent} {code}"
