"""Which other sites' pages may call: an exact list from settings. `*` and `null` are never answered."""

from collections.abc import Sequence

from pfms_gateway.headers import Headers

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    b"Authorization, Book-Id, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    b"X-Consistency-Token, X-Request-Id, traceparent"
)
ANSWER_HEADERS = (
    b"ETag, Idempotency-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    b"Retry-After, X-As-Of, X-Consistency-Token, X-Request-Id, X-Stale"
)


class Cors:
    """The headers that let a page of a listed origin read an answer."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes | None) -> Headers:
        """For an answer. `Vary` also where nothing is allowed, so that no cache mixes origins up."""
        if not self._origins:
            return []
        if origin not in self._origins or origin is None:
            return [(b"vary", b"Origin")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", ANSWER_HEADERS),
        ]

    def preflight(self, origin: bytes | None) -> Headers | None:
        """For an `OPTIONS` that asks before a call; None where the origin is not listed."""
        if origin not in self._origins:
            return None
        return [
            *self.headers(origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", REQUEST_HEADERS),
            (b"access-control-max-age", b"600"),
        ]
