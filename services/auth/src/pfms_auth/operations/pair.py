"""What a sign-in or a refresh gives a client, and who that client is."""

import base64
import hashlib
from dataclasses import dataclass

from pfms_auth.domain.rotation import SECRET_BYTES
from pfms_auth.operations.access import Access


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from.

    Args:
        address: the client's network address.
        device: what it says of itself (User-Agent), cut to what is shown in the list of sessions.
        client: hash of the whole of it.
    """

    address: str
    device: str
    client: bytes


def caller(address: str, user_agent: str) -> Caller:
    return Caller(address, user_agent[:200], hashlib.sha256(user_agent.encode()).digest())


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token and the refresh token that fetches the next one."""

    access: Access
    refresh_token: str


def encode(secret: bytes) -> str:
    """A refresh token as clients hold it: 43 characters of base64url."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def decode(refresh_token: str) -> bytes | None:
    """The secret; None for what is no refresh token of ours."""
    try:
        secret = base64.b64decode(
            refresh_token + "=" * (-len(refresh_token) % 4), altchars=b"-_", validate=True
        )
    except ValueError:
        return None
    return secret if len(secret) == SECRET_BYTES and encode(secret) == refresh_token else None
