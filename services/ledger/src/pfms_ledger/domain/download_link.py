"""Download links: whoever has one may read one attachment for five minutes, and nothing else.

A link carries the book and the time it ends at, signed together with the attachment; one changed bit makes it none of
ours, and it tells nothing about what there is.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import UUID

LASTS = timedelta(minutes=5)
_BOOK, _TIME, _TAG = 16, 8, 32


def link_secret(secret: str) -> bytes:
    """The key of links, from the service's secret; without one a key of this process, whose links end with it."""
    return hmac.digest(secret.encode(), b"attachment links", hashlib.sha256) if secret else token_bytes(32)


def sign(secret: bytes, book_id: UUID, attachment_id: UUID, ends_at: datetime) -> str:
    """The signature in a link's query."""
    said = book_id.bytes + int(ends_at.timestamp()).to_bytes(_TIME)
    return _text(said + _tag(secret, attachment_id, said))


def book_in(secret: bytes, attachment_id: UUID, signature: str, now: datetime) -> UUID | None:
    """The book that the link was given out for; None: changed, another attachment's, or over."""
    try:
        raw = base64.urlsafe_b64decode(signature.encode("ascii") + b"=" * (-len(signature) % 4))
    except (ValueError, UnicodeEncodeError):
        return None
    said, tag = raw[: _BOOK + _TIME], raw[_BOOK + _TIME :]
    # Base64 has spare bits at its end: a text that only decodes to the same is another text.
    if _text(raw) != signature or not hmac.compare_digest(tag, _tag(secret, attachment_id, said)):
        return None
    ends_at = int.from_bytes(said[_BOOK:])
    return UUID(bytes=said[:_BOOK]) if int(now.timestamp()) < ends_at else None


def _tag(secret: bytes, attachment_id: UUID, said: bytes) -> bytes:
    return hmac.digest(secret, b"attachment link" + attachment_id.bytes + said, hashlib.sha256)[:_TAG]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
