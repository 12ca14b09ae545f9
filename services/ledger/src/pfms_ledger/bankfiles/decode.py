"""Which encoding a text file has: its BOM, else strict UTF-8, else the candidate whose words make most sense.

Sense is measured on the non-ASCII letters of the head: header words the dictionary knows count most; then letters
that stand where letters stand, in a script's common range. A wrong guess can garble names, never amounts or days,
because those are ASCII in every candidate.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from pfms_ledger.bankfiles.detect import HEAD_BYTES, decode_head
from pfms_ledger.bankfiles.statement import MappingDoesNotFit, UnreadableFile

CHUNK = 1 << 20
_HEAD = 256 * 1024

_BOMS = [
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
]
SINGLE_BYTE = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859-2", "iso8859-15", "koi8-r", "cp866",
    "cp850", "cp852", "mac-roman", "cp1255", "cp1256", "cp874",
)  # fmt: skip
MULTI_BYTE = ("gb18030", "big5", "cp932", "euc_jp", "cp949")
_ACCEPTED = {
    codecs.lookup(name).name
    for name in (*SINGLE_BYTE, *MULTI_BYTE, "ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be",
                 "utf-32", "latin-1", "gbk", "gb2312", "shift_jis", "euc_kr", "mac-cyrillic", "cp437", "iso8859-9")
}  # fmt: skip
_STATED = re.compile(
    r"CHARSET\s*:\s*([\w-]+)|encoding\s*=\s*[\"']([\w-]+)[\"']|ENCODING\s*:\s*(UTF-?8|UNICODE)\b",
    re.IGNORECASE,
)
_CODE_PAGES = {
    "8859-1": "cp1252",
    "iso-8859-1": "cp1252",
    "936": "gb18030",
    "950": "big5",
    "932": "cp932",
    "949": "cp949",
}
_HIGH_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f][^\W\d_]*")


def accepted(name: object) -> str:
    """The codec of a name sent in a mapping; MappingDoesNotFit when it is none of those that are read."""
    try:
        found = codecs.lookup(str(name)).name
    except (LookupError, ValueError):
        found = ""
    if found not in _ACCEPTED:
        raise MappingDoesNotFit(
            "encoding", f"The encoding {json.dumps(name)[:40]} isn't known; try utf-8 or windows-1252."
        )
    return found


def encoding_of(file: BinaryIO, known_words: Callable[[str], int]) -> str:
    """The codec to read the whole file with; `known_words` counts the dictionary's header words in a text.

    UnreadableFile (not_text) when nothing makes text of it.
    """
    file.seek(0)
    head = file.read(_HEAD)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if wide := _without_bom(head):
        return wide
    if is_utf8(file):
        return "utf-8"
    cut = head[: head.rfind(b"\n") + 1] or head
    scores = {name: _sense(cut, name, known_words) for name in (*SINGLE_BYTE, *MULTI_BYTE)}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] <= -10:
        raise UnreadableFile("not_text", "The file is no text in any encoding that is read.")
    return best


def _without_bom(head: bytes) -> str | None:
    even, odd = head[0:2000:2], head[1:2000:2]
    if odd.count(0) > 0.3 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.3 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def declared_encoding(file: BinaryIO, answered: object = None) -> str:
    """The codec: the one that was answered, a BOM's, UTF-8 where the bytes are that, else what the header states."""
    if answered:
        return accepted(answered)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) or 0 in head[:200] or is_utf8(file):
        return encoding_of(file, lambda _: 0)
    stated = _STATED.search(decode_head(head))
    name = next((group for group in stated.groups() if group), "") if stated else ""
    try:
        codec = accepted(_CODE_PAGES.get(name.lower()) or (f"cp{name}" if name.isdigit() else name))
    except MappingDoesNotFit:
        codec = ""
    return codec if codec and not codec.startswith(("utf", "ascii")) else encoding_of(file, lambda _: 0)


def is_utf8(file: BinaryIO) -> bool:
    """Whether every byte of the file belongs to a UTF-8 text."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sense(head: bytes, name: str, known_words: Callable[[str], int]) -> float:
    try:
        text = head.decode(name)
    except UnicodeDecodeError:
        return -100.0
    words = [match.group() for match in _HIGH_WORD.finditer(text[:60_000])]
    letters = sum(map(len, words)) or 1
    likely = _likely_far_eastern if name in MULTI_BYTE else _likely_alphabetic
    kana = any("\u3041" <= c <= "\u30fe" for word in words for c in word)
    foreign = kana and name in ("gb18030", "big5", "cp949")
    return min(known_words(text), 40) + 2 * sum(map(likely, words)) / letters - (1 if foreign else 0)


def _likely_alphabetic(word: str) -> float:
    """Letters of a word that fit: none where symbols or capitals stand inside, fewer where accents crowd."""
    high = [c for c in word if c > "\x7f"]
    if not all(c.isalpha() for c in high) or (
        re.search(r"[^\W\d_A-Z][A-ZÀ-ÖØ-ÞА-ЯŠŽŸ]", word) and not word.isupper()
    ):
        return -len(word)
    latin = [c for c in high if c < "\u0250"]
    crowded = len(latin) > 1 and len(latin) * 2 > len(word)
    mixed = latin and len(latin) != len(high)
    return -len(word) if crowded or mixed else len(word)


def _likely_far_eastern(word: str) -> float:
    return sum(_common(c) for c in word)


def _common(character: str) -> float:
    """1 for kana, Hangul and the first level of Chinese and Japanese character sets, -1 for what is rare."""
    if character < "\x80" or "\u3041" <= character <= "\u30fe" or "\uac00" <= character <= "\ud7a3":
        return 1.0
    if "\uff61" <= character <= "\uff9f" or not "\u4e00" <= character <= "\u9fff":
        return -1.0
    levels = (("gb2312", 0xB0, 0xD7), ("euc_jp", 0xB0, 0xCF), ("big5", 0xA4, 0xC6))
    for codec, first, last in levels:
        encoded = character.encode(codec, "ignore")
        if len(encoded) == 2 and first <= encoded[0] <= last:
            return 1.0
    return -1.0


def text_of(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The whole file as text, piece by piece; bytes the encoding doesn't know become U+FFFD.

    A NUL becomes a blank: no JSON that is stored may hold one, and names of columns and accounts get there.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in iter(lambda: file.read(CHUNK), b""):
        yield decoder.decode(chunk).replace("\0", " ")
    yield decoder.decode(b"", final=True)
