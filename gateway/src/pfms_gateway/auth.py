"""Who asks, from where, and in which book. Every service verifies the token again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from starlette.types import Scope

from pfms_common.clock import Clock
from pfms_common.principal import KEPT_TOKENS, LEEWAY_SECONDS, Token, TokenVerifier, in_book
from pfms_common.problem import Unauthenticated
from pfms_gateway.allowance import Sign
from pfms_gateway.routes import Route

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class Caller:
    """Who is counted and served.

    Args:
        name: what limits are counted under: the user's id, else the address.
        token: None where nobody is signed in, or the route is public.
        until: when the token is no longer taken.
    """

    name: str
    session: str = "-"
    token: Token | None = None
    default_book: str | None = None
    until: datetime = field(default=datetime(9999, 1, 1, tzinfo=UTC))

    def book(self, asked: str | None) -> str | None:
        """The `Book-Id` that the service is told: the one asked for, else the default one.

        None where nobody is signed in, or a user without any book asks for none: the routes that need a book
        refuse.
        """
        if self.token is None or asked is None:
            return self.default_book
        return str(in_book(self.token, asked).book_id)

    def sign(self, kind: str, book: str | None) -> Sign:
        return Sign(kind, self.name, self.session, book or "-", self.token.expires_at if self.token else 0)


class Callers:
    """Tells callers by their bearer token; keeps what it made of a header until its token ends."""

    def __init__(self, verifier: TokenVerifier, clock: Clock) -> None:
        self._verifier = verifier
        self._clock = clock
        self._known: dict[bytes, Caller] = {}

    def known(self, authorization: bytes) -> Caller | None:
        caller = self._known.get(authorization)
        return caller if caller is not None and self._clock() < caller.until else None

    async def verified(self, authorization: bytes) -> Caller:
        kind, _, text = authorization.decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not text:
            raise Unauthenticated("Send Authorization: Bearer with an access token.")
        caller = _signed_in(await self._verifier.verify(text))
        if len(self._known) >= KEPT_TOKENS:
            self._known.clear()
        self._known[authorization] = caller
        return caller


def _signed_in(token: Token) -> Caller:
    has_default = token.book_id in token.books
    return Caller(
        name=str(token.user_id),
        session=str(token.session_id),
        token=token,
        default_book=str(token.book_id) if has_default else None,
        until=datetime.fromtimestamp(token.expires_at + LEEWAY_SECONDS, UTC),
    )


def anonymous(address: str) -> Caller:
    """Who shows no valid token is counted by address."""
    return Caller(_network_of(address))


def rate_class(route: Route, method: str, caller: Caller) -> str:
    if route.rate and method == "POST":
        return route.rate
    return "user" if caller.token else "anonymous"


def client_address(scope: Scope, forwarded: str | None, trusted: Sequence[Network]) -> str:
    """The client's address: the peer's, or what trusted proxies say, read from the right."""
    client: Any = scope.get("client")
    address = str(client[0]) if client else "unknown"
    if not trusted or forwarded is None:
        return address
    hops = [hop.strip() for hop in forwarded.split(",")]
    while hops and _is_in(address, trusted) and _parsed(hops[-1]) is not None:
        address = hops.pop()
    return address


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


def _network_of(address: str) -> str:
    """An IPv6 subscriber holds a /64; counting single addresses would count nothing."""
    if ":" not in address:
        return address
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((parsed, 64), strict=False).network_address)
    return address
