"""Who asks: access tokens, service tokens and the principal they make.

Access tokens are JWTs signed with Ed25519 by auth (RFC 9068: `typ` at+jwt). Gateway and services verify each one;
a verified token is kept until it expires, under the SHA-256 of its text, so that the second look costs a dict.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from pfms_common import logs
from pfms_common.clock import Clock, system_clock
from pfms_common.ids import new_id, read_id
from pfms_common.problem import Forbidden, Unauthenticated, Unavailable
from pfms_common.role import RANK, Role

ISSUER = "pfms"
AUDIENCE = "pfms"
ALGORITHM = "Ed25519"
LEEWAY_SECONDS = 30
REFETCH_SECONDS = 30
RETRY_SECONDS = 1
KEYS_FRESH_SECONDS = 600
SERVICE_TOKEN_SECONDS = 60
KEPT_TOKENS = 20_000

_log = logs.get("principal")


@dataclass(frozen=True, slots=True)
class Token:
    """A verified access token.

    Args:
        books: book id → role; the token names every book its user may reach.
        book_id: the default book.
    """

    user_id: UUID
    session_id: UUID
    book_id: UUID | None
    books: Mapping[UUID, Role]
    expires_at: int
    auth_time: int


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in user in one book."""

    user_id: UUID
    session_id: UUID
    book_id: UUID
    role: Role

    def require(self, role: Role) -> None:
        if RANK[self.role] < RANK[role]:
            raise Forbidden(f"This needs the role {role}; yours in this book is {self.role}.")


def in_book(token: Token, book_header: str | None) -> Principal:
    """The principal in the book that `Book-Id` names, else in the default one.

    A book that the token does not name is refused alike whether or not it exists.
    """
    if book_header is None:
        book_id = token.book_id
    else:
        try:
            book_id = read_id(book_header)
        except ValueError:
            book_id = None
    if book_id is None or book_id not in token.books:
        raise Forbidden("Your sign-in does not name this book; check Book-Id or refresh the token.")
    return Principal(token.user_id, token.session_id, book_id, token.books[book_id])


class Jwks:
    """Auth's public keys. Fetched when an unknown key id is met, at most every 30 s, and looked at again every
    10 minutes, so that a withdrawn key goes; kept while auth is away. Whoever needs keys that are being fetched
    waits for that one fetch.
    """

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]], clock: Clock = system_clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, OKPKey] = {}
        self._asked_at: datetime | None = None
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> OKPKey:
        if kid not in self._keys:
            await self._fetched(REFETCH_SECONDS if self._keys else RETRY_SECONDS)
            if kid not in self._keys and self._failed:
                raise Unavailable("Sign-in keys cannot be had just now; try again.")
        elif self._is_due(KEYS_FRESH_SECONDS):
            self._start_fetch()
        if kid not in self._keys:
            raise Unauthenticated("The token was signed with a key that is not in use.")
        return self._keys[kid]

    async def available(self) -> bool:
        """Whether there are keys to check tokens with; tries to fetch them where there are none."""
        if not self._keys:
            await self._fetched(RETRY_SECONDS)
        return bool(self._keys)

    def _is_due(self, seconds: float) -> bool:
        return self._asked_at is None or self._clock() - self._asked_at > timedelta(seconds=seconds)

    async def _fetched(self, at_most_every: float) -> None:
        """After the fetch under way, or a new one where it is due."""
        if self._fetching is None and self._is_due(at_most_every):
            self._start_fetch()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)

    def _start_fetch(self) -> None:
        if self._fetching is None:
            self._asked_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch_keys())

    async def _fetch_keys(self) -> None:
        try:
            document = await self._fetch()
            self._keys = {str(key["kid"]): OKPKey.import_key(key) for key in document["keys"]}
            self._failed = False
        except Exception as error:  # noqa: BLE001  # auth may fail in any way; tokens of known keys stay valid
            self._failed = True
            _log.warning("sign-in keys cannot be fetched", error=f"{type(error).__name__}: {error}")
        finally:
            self._fetching = None


class TokenVerifier:
    """Verifies access tokens and remembers the verified ones until they expire."""

    def __init__(self, keys: Jwks, clock: Clock = system_clock) -> None:
        self._keys = keys
        self._clock = clock
        self._known: dict[bytes, Token] = {}

    async def verify(self, text: str) -> Token:
        now = int(self._clock().timestamp())
        digest = hashlib.sha256(text.encode()).digest()
        known = self._known.get(digest)
        if known is None:
            known = await self._verify(text)
            if len(self._known) >= KEPT_TOKENS:
                self._known = {d: t for d, t in self._known.items() if t.expires_at + LEEWAY_SECONDS > now}
                if len(self._known) >= KEPT_TOKENS:
                    self._known.clear()
            self._known[digest] = known
        if known.expires_at + LEEWAY_SECONDS <= now:
            self._known.pop(digest, None)
            raise Unauthenticated("The access token has expired; refresh it.")
        return known

    async def _verify(self, text: str) -> Token:
        claims = await verified_claims(text, self._keys.key, typ="at+jwt", audience=AUDIENCE, issuer=ISSUER)
        now = int(self._clock().timestamp())
        try:
            token = Token(
                user_id=UUID(claims["sub"]),
                session_id=UUID(claims["sid"]),
                book_id=UUID(claims["book"]) if claims.get("book") else None,
                books={UUID(book): role for book, role in claims["books"].items() if role in RANK},
                expires_at=int(claims["exp"]),
                auth_time=int(claims["auth_time"]),
            )
            not_before = int(claims["nbf"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Unauthenticated("The access token is not one of ours.") from error
        if not_before - LEEWAY_SECONDS > now:
            raise Unauthenticated("The access token is not valid yet.")
        return token


async def verified_claims(
    text: str,
    key_for: Callable[[str], Awaitable[OKPKey]],
    *,
    typ: str,
    audience: str,
    issuer: str | None = None,
) -> dict[str, Any]:
    """The claims of a JWT whose header, signature, audience and issuer are right; expiry is the caller's look."""
    if not text.isascii() or len(text) > 8192 or text.count(".") != 2:
        raise Unauthenticated("The token is not a signed token.")
    try:
        header = _header(text)
        if set(header) - {"alg", "typ", "kid"} or header.get("typ") != typ or header.get("alg") != ALGORITHM:
            raise Unauthenticated("The token is not one of ours.")
        decoded = jwt.decode(text, await key_for(str(header.get("kid"))), algorithms=[ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated("The token's signature is not valid.") from error
    claims = decoded.claims
    if claims.get("aud") != audience or (issuer is not None and claims.get("iss") != issuer):
        raise Unauthenticated("The token is for somebody else.")
    return dict(claims)


def _header(text: str) -> dict[str, Any]:
    from joserfc.jws import extract_compact  # noqa: PLC0415  # joserfc's jws costs 20 ms of import at start

    return dict(extract_compact(text.encode()).headers())


def sign(key: OKPKey, typ: str, claims: Mapping[str, Any]) -> str:
    """A JWT by this private key, whose `kid` goes into the header."""
    header = {"alg": ALGORITHM, "typ": typ, "kid": key.kid}
    return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])


def access_claims(token: Token, *, now: datetime, amr: list[str]) -> dict[str, Any]:
    """What auth signs; the inverse of the verifier."""
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(token.user_id),
        "sid": str(token.session_id),
        "book": str(token.book_id) if token.book_id else None,
        "books": {str(book): role for book, role in token.books.items()},
        "jti": str(new_id()),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": token.expires_at,
        "auth_time": token.auth_time,
        "amr": amr,
    }


def service_token(
    key: OKPKey, caller: str, target: str, scopes: list[str], *, stream_id: UUID | None = None
) -> str:
    """What one service shows another on `/internal/*`: 60 s, for one target, some routes, one book or user."""
    now = int(datetime.now(UTC).timestamp())
    claims = {"sub": f"svc:{caller}", "aud": f"svc:{target}", "iat": now, "exp": now + SERVICE_TOKEN_SECONDS}
    return sign(key, "svc+jwt", {**claims, "scope": scopes, "stream": str(stream_id) if stream_id else None})


async def verify_service_token(
    text: str, public_keys: Mapping[str, OKPKey], *, target: str, scope: str, clock: Clock = system_clock
) -> str:
    """The calling service's name, when its token is for this target and scope."""

    async def key_for(kid: str) -> OKPKey:
        if kid not in public_keys:
            raise Unauthenticated("This service is not known here.")
        return public_keys[kid]

    claims = await verified_claims(text, key_for, typ="svc+jwt", audience=f"svc:{target}")
    caller = str(claims.get("sub", "")).removeprefix("svc:")
    if caller not in public_keys or public_keys[caller].kid != _header(text)["kid"]:
        raise Unauthenticated("This service signed with another's key.")
    if int(claims.get("exp", 0)) + LEEWAY_SECONDS < clock().timestamp():
        raise Unauthenticated("The service token has expired.")
    if scope not in claims.get("scope", []):
        raise Forbidden("The service token does not allow this route.")
    return caller
