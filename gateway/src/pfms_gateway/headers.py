"""Which headers pass. Towards a service only those on a list; towards the client all but those that are ours."""

from collections.abc import Iterable
from dataclasses import dataclass

from pfms_common.problem import Invalid

Headers = list[tuple[bytes, bytes]]

MAX_HEADER_BYTES = 16 * 1024

PASSED = frozenset(
    {
        b"accept",
        b"accept-language",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"last-event-id",
        b"origin",
        b"transfer-encoding",
        b"user-agent",
        b"x-consistency-token",
    }
)
"""What a client may tell a service. Everything else stays here: forged identities (`X-User-Id`), addresses
(`X-Forwarded-For`, `X-Real-IP`), hop-by-hop headers, method overrides, and whatever a proxy in front or a
framework behind might take for one of them, such as names written with an underscore.
"""

READ = frozenset(
    {
        b"accept-encoding",
        b"access-control-request-method",
        b"authorization",
        b"book-id",
        b"content-length",
        b"expect",
        b"origin",
        b"traceparent",
        b"transfer-encoding",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-limit-pass",
        b"x-request-id",
    }
)
"""What the gateway itself looks at. A chunked upload has nothing but `Transfer-Encoding` that shows its body: it
also goes on, for whoever speaks HTTP behind us to set anew.
"""

REPEATABLE = frozenset({b"accept", b"accept-encoding", b"accept-language", b"cookie", b"x-forwarded-for"})
"""Of all others a second one is refused: two readers could each take another for the true one."""

KEPT_BACK = frozenset(
    {
        b"access-control-allow-credentials",
        b"access-control-allow-headers",
        b"access-control-allow-methods",
        b"access-control-allow-origin",
        b"access-control-expose-headers",
        b"access-control-max-age",
        b"alt-svc",
        b"connection",
        b"date",
        b"keep-alive",
        b"proxy-authenticate",
        b"ratelimit-limit",
        b"ratelimit-remaining",
        b"ratelimit-reset",
        b"referrer-policy",
        b"server",
        b"strict-transport-security",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-content-type-options",
        b"x-powered-by",
        b"x-request-id",
    }
)
"""Of a service's answer: hop-by-hop headers, and those that the gateway sets itself."""

SECURITY: Headers = [
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
ANSWER: Headers = [
    *SECURITY,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
"""Of every answer of the API, the gateway's own refusals included."""

PAGE_POLICY = (
    b"content-security-policy",
    b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
)
SERVICE_DECIDES = frozenset({b"content-security-policy", b"cache-control"})
_KNOWN = PASSED | READ


@dataclass(slots=True)
class Incoming:
    """A request's headers, read once.

    Args:
        passed: what goes on to the service, in the client's order.
        read: all that are known here, by name in small letters.
        size: bytes of all names and values.
    """

    passed: Headers
    read: dict[bytes, bytes]
    size: int

    def text(self, name: bytes) -> str | None:
        value = self.read.get(name)
        return None if value is None else value.decode("latin-1")


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> Incoming:
    passed: Headers = []
    read: dict[bytes, bytes] = {}
    size = 0
    for pair in headers:
        name, value = pair
        size += len(name) + len(value)
        if name not in _KNOWN:
            continue
        if name in read:
            if name not in REPEATABLE:
                raise Invalid(f"The header {name.decode('latin-1')} came twice.")
            value = read[name] + b", " + value
        read[name] = value
        if name in PASSED:
            passed.append(pair)
    return Incoming(passed, read, size)


def answer_headers(own: Headers, theirs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """A service's headers with the gateway's. A cache rule or content policy of the service's own stays."""
    passed = [pair for pair in theirs if pair[0] not in KEPT_BACK]
    for name, _ in passed:
        if name in SERVICE_DECIDES:
            own = [pair for pair in own if pair[0] != name]
    return own + passed
