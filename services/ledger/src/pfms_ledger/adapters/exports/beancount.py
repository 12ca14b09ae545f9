"""A ledger for beancount, whose balances are ours.

Source: "Beancount Language Syntax" (names of accounts, strings, metadata).
"""

import re
from collections.abc import Iterable
from unicodedata import category

from pfms_ledger.adapters.exports.accounts import OPENED, Names
from pfms_ledger.domain.entry import Entry, decimal

_DASHES = re.compile("-+")
_FLAGS = {"pending": "!", "cleared": "*", "reconciled": "*"}


def part(name: str) -> str:
    """A name as one part of an account's: letters, digits and dashes, a capital or a digit first."""
    word = (
        _DASHES.sub("-", "".join(sign if _is_of_words(sign) else "-" for sign in name)).strip("-")
        or "Unnamed"
    )
    first = word[0].upper()
    return f"{first}{word[1:]}" if category(first[0]) in {"Lu", "Nd"} else f"X-{word}"


def _is_of_words(sign: str) -> bool:
    return category(sign)[0] == "L" or category(sign) == "Nd"


def head(names: Names, base: str | None) -> str:
    options = ['option "title" "PFMS"\n', f'option "operating_currency" "{base}"\n\n' if base else "\n"]
    return "".join([*options, *(f"{OPENED} open {name}\n" for name in names.everything()), "\n"])


def text_of(entries: Iterable[Entry], names: Names) -> str:
    return "".join(_entry(entry, names) for entry in entries)


def _entry(entry: Entry, names: Names) -> str:
    texts = [entry.payee or "", entry.description or ("" if entry.payee else entry.type)]
    lines = [f"{entry.date} {_FLAGS[entry.status]} {_string(texts[0])} {_string(texts[1])}"]
    more = {"id": str(entry.id), "note": entry.note, "tags": ", ".join(entry.tags)}
    lines += [f"  {name}: {_string(text)}" for name, text in more.items() if text]
    lines += [
        f"  {names.of(leg)}  {decimal(leg.amount_minor, leg.currency)} {leg.currency}" for leg in entry.legs
    ]
    return "\n".join(lines) + "\n\n"


def _string(text: str) -> str:
    """On one line, quotes and backslashes escaped."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
