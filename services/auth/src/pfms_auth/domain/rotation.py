"""A refresh token is spent by its use; a spent one that comes back revokes the session, but for a lost answer.

RFC 9700 4.14.2 asks for rotation with reuse detection, FAPI 2.0 that a client whose answer was lost may ask
again: for ten seconds, from the same client, and while nobody has used the new token. The new token is derived
from the old one, so that asking again gives the same.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

IDLE = timedelta(days=14)
"""A token that nobody uses for this long expires."""

ABSOLUTE = timedelta(days=30)
"""A session ends this long after its sign-in, however busy it was."""

RETRY_WINDOW = timedelta(seconds=10)
SECRET_BYTES = 32


class Verdict(Enum):
    """What becomes of a refresh token that somebody shows."""

    ROTATE = "it is spent, and a child takes its place"
    REPEAT = "its child is given once more"
    REFUSE = "it has expired, or its session has ended"
    REVOKE = "it was stolen, or its successor was: the session ends"


@dataclass(frozen=True, slots=True)
class Shown:
    """A refresh token as it is stored, with what matters of its session and its child.

    Args:
        spent_by: hash of the client that spent it.
        is_child_spent: whether the token that took its place was used already.
    """

    expires_at: datetime
    spent_at: datetime | None
    spent_by: bytes | None
    is_child_spent: bool
    is_session_live: bool


def judge(token: Shown, *, client: bytes, now: datetime) -> Verdict:
    if not token.is_session_live:
        return Verdict.REFUSE
    if token.spent_at is None:
        return Verdict.ROTATE if now < token.expires_at else Verdict.REFUSE
    is_retry = now - token.spent_at <= RETRY_WINDOW and token.spent_by == client and not token.is_child_spent
    return Verdict.REPEAT if is_retry else Verdict.REVOKE


def expiry(now: datetime, session_expires_at: datetime) -> datetime:
    """When a token made now expires."""
    return min(now + IDLE, session_expires_at)


def child_secret(server_key: bytes, parent_id: UUID, seed: bytes) -> bytes:
    """The secret of a token's child: the same each time, and nobody without the server's key can make it."""
    return hmac.digest(server_key, parent_id.bytes + seed, hashlib.sha256)


def digest(secret: bytes) -> bytes:
    """What is stored of a secret of 256 random bits; a slow hash would add nothing."""
    return hashlib.sha256(secret).digest()
