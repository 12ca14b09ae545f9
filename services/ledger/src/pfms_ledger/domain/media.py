"""Media: what kind of file somebody attached, told by its first bytes and never by its name or what a client says.

What is none of these is kept as bytes that nothing opens by itself.
"""

PLAIN_BYTES = "application/octet-stream"
PLAIN_TEXT = "text/plain"
HEAD = 64
"""How many bytes of a file's beginning are looked at."""
_BEGINNINGS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_HEIC = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"heif"})


def kind_of(head: bytes, *, is_text: bool) -> str:
    """The media type of a file.

    Args:
        head: its first `HEAD` bytes.
        is_text: whether the whole of it is UTF-8 without control characters.
    """
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "image/heic"
    return PLAIN_TEXT if is_text and head else PLAIN_BYTES
