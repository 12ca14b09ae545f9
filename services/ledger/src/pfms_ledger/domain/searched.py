"""Searched text: small letters and digits, accents dropped, a blank before each word.

What is kept and what is asked for go through the same folding, so that `cafe`, `Café` and `CAFÉ` find each other.
A word of a query stands anywhere in a text when it is long enough for an index by triplets of letters, else at the
beginning of a word.
"""

import re
import unicodedata
from collections.abc import Iterable

SHORT = 3
"""Characters from which on a word may stand inside another one."""
_NOT_PLAIN = re.compile(r"[^0-9a-z]+")
# Letters that Unicode takes apart into no letter and accent.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def words_of(texts: Iterable[str | None]) -> list[str]:
    """The words of some texts, folded, in their order."""
    joined = " ".join(text for text in texts if text)
    if joined.isascii():
        return _NOT_PLAIN.sub(" ", joined.lower()).split()
    # Twice: taking apart can leave a capital (𝕊), and a small letter can come apart (Unicode 3.13, D146).
    plain = unicodedata.normalize("NFKD", joined.casefold()).casefold()
    apart = unicodedata.normalize("NFKD", plain).translate(_PLAIN)
    return "".join(
        letter if letter.isalnum() else " " for letter in apart if not unicodedata.combining(letter)
    ).split()


def searched(texts: Iterable[str | None]) -> str | None:
    """What is kept of texts that a search looks through; None: nothing to find."""
    words = words_of(texts)
    return " " + " ".join(words) if words else None


def patterns_of(query: str, most: int) -> list[str]:
    """LIKE patterns that a text must all fit, from the first `most` words of a query."""
    words = dict.fromkeys(words_of([query]))
    return [f"%{word}%" if len(word) >= SHORT else f"% {word}%" for word in list(words)[:most]]
