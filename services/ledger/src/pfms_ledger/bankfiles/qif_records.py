"""QIF as a stream of records: lines of a letter and a value, each record ended by "^", under the header it stands.

Source: "Quicken interchange format (QIF) files", Intuit. A header says what follows: !Type:Bank, !Account …
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pfms_ledger.bankfiles.text import clean

ROWS = {
    "bank": "checking",
    "cash": "cash",
    "ccard": "credit",
    "oth a": "asset",
    "oth l": "liability",
}
"""The types whose records are rows, and the type of account each is about."""
TRADES = frozenset({"invst", "port"})

_HEADER = re.compile(r"!\s*(type|account|option|clear)\s*:?\s*(.*)", re.IGNORECASE)
_LONGEST_VALUE = 2_000
_MOST_FIELDS = 400


@dataclass(slots=True)
class Record:
    """What stands between two "^": the type it stands under, the account named last, its (letter, value) lines.

    `ended` is False where the next header, or the end of the file, comes before the "^".
    """

    type: str
    account: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False

    def value(self, *letters: str) -> str:
        """The first value of the first letter that has one."""
        return next((value for letter in letters for at, value in self.fields if at == letter and value), "")

    def all(self, letter: str) -> str:
        """All values of a letter: some write a long memo on several lines."""
        return " ".join(value for at, value in self.fields if at == letter)

    def has_twice(self, letter: str) -> bool:
        return sum(at == letter for at, _ in self.fields) > 1


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Every record but those of lists of accounts, which only say whose rows the following ones are."""
    current, account = Record("", ""), ""
    for line in lines:
        text = line.strip("\ufeff \t\x1a\x00")
        if header := _HEADER.fullmatch(text):
            if current.fields and current.type != "account":
                yield current
            kind, rest = header[1].lower(), " ".join(header[2].lower().split())
            account = "" if kind == "clear" else account
            kinds = {"type": _type(rest), "account": "account"}
            current = Record(kinds.get(kind, current.type), account)
        elif text.startswith("^"):
            current.ended = True
            if current.type == "account":
                account = clean(current.value("N"), 200)
            else:
                yield current
            current = Record(current.type, account)
        elif text and len(current.fields) < _MOST_FIELDS:
            current.fields.append((text[0], text[1:_LONGEST_VALUE].strip()))
    if current.fields and current.type != "account":
        yield current


def _type(written: str) -> str:
    """The type under one name: "OthA" and "Oth A" are the same."""
    return {"otha": "oth a", "othl": "oth l", "credit card": "ccard"}.get(written, written)
