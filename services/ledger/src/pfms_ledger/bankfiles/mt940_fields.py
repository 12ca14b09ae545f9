"""MT940 and MT942 as a stream of fields: a tag and the lines that belong to it.

Banks wrap long texts wherever the line is full, so that a time of day may stand where a tag would: ":26:37 Fo". A tag
is one only where the order of fields allows it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

END = "-"

_TAG = re.compile(r":(\d{2}[A-Z]?):(.*)", re.DOTALL)
_HEAD = frozenset({
    "13", "13D", "20", "21", "25", "25P", "28", "28C", "28D", "34F", "60F", "60M", "61", "62F", "62M", "64", "65",
    "86", "90C", "90D",
})  # fmt: skip
_BEHIND_ROWS = frozenset({"60F", "60M", "61", "62F", "62M", "64", "65", "86", "90C", "90D"})
_CLOSING = frozenset({"62F", "62M", "90C", "90D"})
_TIME = re.compile(r"\d{2}(?!\d)")
_END = re.compile(r"-{1,3}[^A-Za-z0-9]?\s*")
_MOST_LINES = 100


class Field(NamedTuple):
    """A field's tag, END for the mark behind a message, and its lines; never more of them than matter."""

    tag: str
    lines: list[str]


def fields(lines: Iterable[str]) -> Iterator[Field]:
    """Every field in the file's order; what stands outside of messages, such as envelopes, is left out."""
    current: Field | None = None
    among_rows = False
    for line in lines:
        tagged = _TAG.fullmatch(line)
        if tagged and _is_tag(tagged[1], tagged[2], among_rows=among_rows):
            if current:
                yield current
            current = Field(tagged[1], [tagged[2]])
            among_rows = tagged[1] == "61" or (among_rows and tagged[1] not in _CLOSING and tagged[1] != "20")
        elif _END.fullmatch(line):
            if current:
                yield current
                yield Field(END, [])
            current, among_rows = None, False
        elif current and len(current.lines) < _MOST_LINES:
            current.lines.append(line)
    if current:
        yield current


def _is_tag(tag: str, value: str, *, among_rows: bool) -> bool:
    if not among_rows:
        return tag in _HEAD
    return tag in _BEHIND_ROWS or (tag == "20" and not _TIME.match(value))
