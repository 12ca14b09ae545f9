"""gzip for answers of known, middling size: lists and documents shrink to a tenth, streams stay untouched."""

import gzip
import zlib
from collections.abc import Iterable
from functools import lru_cache

from pfms_gateway.headers import Headers

SMALLEST, LARGEST = 1024, 1024 * 1024
KINDS = (b"application/json", b"application/problem+json", b"text/")
LEVEL = 1
ENCODED: Headers = [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]


@lru_cache(64)
def accepts_gzip(accept_encoding: bytes) -> bool:
    return any(
        name.strip() in {b"gzip", b"*"} and weight.strip() not in {b"q=0", b"q=0.0"}
        for name, _, weight in (part.partition(b";") for part in accept_encoding.lower().split(b","))
    )


def is_worth_it(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer with these headers is text of known size, not too small and not too large to hold us up."""
    told = dict(headers)
    size = int(told.get(b"content-length", 0))
    text = told.get(b"content-type", b"").startswith(KINDS)
    return text and SMALLEST <= size <= LARGEST and b"content-encoding" not in told


def packed_headers(headers: Headers) -> Headers:
    return [pair for pair in headers if pair[0] != b"content-length"] + ENCODED


def packer() -> "zlib._Compress":
    return zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)


def pack(body: bytes) -> bytes:
    """A whole body, the same bytes each time."""
    return gzip.compress(body, mtime=0)
