"""Texts out of bank files, fit to be stored: no control characters, one blank between words, bounded."""

import re
import unicodedata

LONGEST_PAYEE = 200
LONGEST_MEMO = 1_000
LONGEST_ID = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]+")


def clean(text: str, longest: int = LONGEST_MEMO) -> str:
    """The text in NFC without control characters and lone surrogates, blanks folded, cut at `longest`."""
    if len(text) <= longest and text.isascii() and text.isprintable():
        return " ".join(text.split())
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    return " ".join(text[: 4 * longest].split())[:longest].rstrip()
