"""Which format a file has, by its content alone; names and types that come with an upload are not asked."""

import re
from typing import BinaryIO

from pfms_ledger.bankfiles.statement import MAX_BYTES, UnreadableFile

HEAD_BYTES = 64 * 1024
_FEW_CONTROLS = 30

_SIGNATURES = [
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "xls"),
    (re.compile(rb"PK\x03\x04"), "xlsx"),
    (re.compile(rb"%PDF-"), "pdf"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"), "archive"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\x00|MM\x00\*"), "image"),
]
_TEXTS = [
    (re.compile(r"OFXHEADER\s{0,9}:|<\?OFX\b|<OFX[\s>]", re.IGNORECASE), "ofx"),
    (re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.|<(?:\w+:)?BkToCstmr", re.IGNORECASE), "camt"),
    (re.compile(r"\A[\s^]{0,99}!(?:Type|Account|Option|Clear)\b", re.IGNORECASE), "qif"),
    (re.compile(r"(?:\A|[\r\n])(?:\{1:F01|:61:\d{6}|:60[FM]:[CD]|:34F:[A-Z]{3})"), "mt940"),
    (re.compile(r"\A\s*(?:<!DOCTYPE\s+html|<html|<table)", re.IGNORECASE), "html"),
    (re.compile(r"\A\s*<\?xml|\A\s*<[A-Za-z]", re.IGNORECASE), "xml"),
    (re.compile(r"\A\s*\{[^{\[]{0,300}\"format\"\s*:\s*\"pfms-json\""), "book"),
    (re.compile(r"\A\s*[{\[]\s*(?:[\"{\[\]}]|$)"), "json"),
]
_QUICKEN = re.compile(r"<INTU\.", re.IGNORECASE)


def decode_head(head: bytes) -> str:
    """The first bytes as text good enough for finding ASCII words: UTF-16 is told by BOM or by its zeros."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if head[1:200:2].count(0) > 60:
        return head.decode("utf-16-le", "replace")
    if head[0:200:2].count(0) > 60:
        return head.decode("utf-16-be", "replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def detect(file: BinaryIO) -> str:
    """ofx, qfx, qif, mt940, camt, xlsx, xls, csv, or what it is instead (book, json, pdf, html, xml, image, archive).

    A text of none of the known makes is csv: whether it is a table, its reader decides.
    UnreadableFile when the file is empty, too large or holds no text.
    """
    size = file.seek(0, 2)
    if size > MAX_BYTES:
        raise UnreadableFile("too_large", f"The file has {size} bytes; at most {MAX_BYTES} are read.")
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise UnreadableFile("empty", "The file holds no text." if head else "The file is empty.")
    for signature, name in _SIGNATURES:
        if signature.match(head):
            return name
    text = decode_head(head)
    for pattern, name in _TEXTS:
        if pattern.search(text):
            return "qfx" if name == "ofx" and _QUICKEN.search(text) else name
    controls = sum(c < " " and c not in "\t\r\n\f" for c in text)
    if controls > _FEW_CONTROLS and controls * 50 > len(text):
        raise UnreadableFile("not_text", "The file holds binary data; it is no bank file of a kind we know.")
    return "csv"
