"""OFX as a stream of (tag, value): SGML of 1.x, where leaves aren't closed, and XML of 2.x alike.

No SGML or XML parser is used: nothing is ever fetched or expanded. A document type or entity declared in the file
is refused; the five entities of XML and numbered characters are read in values.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from pfms_ledger.bankfiles.decode import text_of
from pfms_ledger.bankfiles.statement import UnreadableFile

LONGEST_VALUE = 100_000
_STRAY_BRACKETS = 50

_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9._:-]{0,63})(?:\s[^<>]{0,500})?/?>")
_DECLARED = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def tokens(file: BinaryIO, encoding: str) -> Iterator[tuple[str, str]]:
    """Each tag in capitals ("/STMTTRN" for an end) with the text behind it, stripped and unescaped.

    UnreadableFile (entities) for a declared document type or entity, (broken) for a value beyond all bounds.
    """
    rest = ""
    for piece in text_of(file, encoding):
        text = _without_comments(rest + piece)
        cut = _complete(text)
        yield from _split(text[:cut])
        rest = text[cut:]
        if len(rest) > LONGEST_VALUE:
            raise UnreadableFile(
                "broken", f"A value has more than {LONGEST_VALUE} characters; no bank writes that."
            )
    yield from _split(rest)


def _without_comments(text: str) -> str:
    if "<!" not in text:
        return text
    text = _replace(text, "<!--", "-->", lambda _: " ")
    text = _replace(text, "<![CDATA[", "]]>", html.escape)
    if _DECLARED.search(text):
        raise UnreadableFile(
            "entities", "The file declares a document type or entities; no bank statement does."
        )
    return text


def _replace(text: str, begin: str, end: str, by: Callable[[str], str]) -> str:
    """Replace what stands between two marks; linear in the text, which a pattern would not be."""
    kept, at = [], 0
    while (start := text.find(begin, at)) >= 0:
        stop = text.find(end, start + len(begin))
        if stop < 0:
            break
        kept += [text[at:start], by(text[start + len(begin) : stop])]
        at = stop + len(end)
    return "".join([*kept, text[at:]])


def _complete(text: str) -> int:
    """How much of the text can be split: up to its last tag, whose value may go on, or to an open comment."""
    cut = text.rfind("<")
    for _ in range(_STRAY_BRACKETS):
        if cut <= 0 or ">" not in text[cut : cut + 600] or _TAG.match(text, cut):
            break
        cut = text.rfind("<", 0, cut)
    open_comment = max(text.rfind("<!--"), text.rfind("<![CDATA["))
    return max(min(cut, open_comment) if open_comment >= 0 else cut, 0)


def _split(text: str) -> Iterator[tuple[str, str]]:
    parts = _TAG.split(text)
    for at in range(1, len(parts) - 1, 2):
        value = parts[at + 1].strip()
        yield parts[at].upper(), unescape(value) if "&" in value else value


def unescape(value: str) -> str:
    """The value with entities replaced; twice where a bank escaped what was escaped already."""
    value = html.unescape(value)
    return html.unescape(value) if re.search(r"&(?:amp|lt|gt|quot|apos|#\d+);", value) else value
