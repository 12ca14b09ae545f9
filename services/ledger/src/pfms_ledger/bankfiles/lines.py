"""A text file line by line, without ever holding the whole file."""

from collections.abc import Iterator
from typing import BinaryIO

from pfms_ledger.bankfiles.decode import text_of
from pfms_ledger.bankfiles.statement import UnreadableFile

LONGEST_LINE = 100_000


def lines_of(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Every line without its end, whichever of the three ends it has; what stands behind the last end is the last.

    UnreadableFile (broken) for a line beyond all bounds.
    """
    rest = ""
    for piece in text_of(file, encoding):
        text = rest + piece
        if text.endswith("\r"):
            text, held = text[:-1], "\r"
        else:
            held = ""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rest = lines.pop() + held
        yield from lines
        if len(rest) > LONGEST_LINE:
            raise too_long()
    yield rest.removesuffix("\r")


def too_long() -> UnreadableFile:
    return UnreadableFile(
        "broken", f"A line has more than {LONGEST_LINE} characters; no bank file is like that."
    )
