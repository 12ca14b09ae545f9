"""Which path belongs to which service, and what holds there. The longest matching row wins.

A pattern matches itself and everything below it; `{id}` stands for one UUID. What no row matches is answered
404 here: `/internal`, `/metrics` and the documents of a service have no row and so are never reached.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KIB, MIB = 1024, 1024 * 1024
FORM_ROOM = 64 * KIB
"""What a multipart form may add around its file."""

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~:@,=+-]*)+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Route:
    """One row.

    Args:
        body: bytes a request may carry.
        timeout: seconds to the first byte of the answer; None: as settings say.
        rate: the class in which its POSTs are counted; other methods count as `user` or `anonymous`.
        public: methods that need no sign-in.
    """

    pattern: str
    service: str
    body: int = MIB
    timeout: float | None = None
    rate: str = ""
    public: frozenset[str] = frozenset()


OWN = "gateway"
"""The gateway itself answers."""

POST, GET = frozenset({"POST"}), frozenset({"GET"})

ROUTES = (
    Route("/auth", "auth", 64 * KIB),
    Route("/auth/register", "auth", 64 * KIB, rate="sign-in", public=POST),
    Route("/auth/login", "auth", 64 * KIB, rate="sign-in", public=POST),
    Route("/auth/refresh", "auth", 64 * KIB, rate="refresh", public=POST),
    Route("/auth/verify-email", "auth", 64 * KIB, rate="sign-in", public=POST),
    Route("/auth/password-reset", "auth", 64 * KIB, rate="sign-in", public=POST),
    Route("/auth/jwks", "auth", 64 * KIB, public=GET),
    Route("/mailbox", "auth", 64 * KIB, public=GET),
    Route("/user", "auth", 64 * KIB),
    Route("/books", "auth", 64 * KIB),
    Route("/invitations", "auth", 64 * KIB),
    Route("/accounts", "ledger"),
    Route("/pots", "ledger"),
    Route("/categories", "ledger"),
    Route("/payees", "ledger"),
    Route("/tags", "ledger"),
    Route("/transactions", "ledger"),
    Route("/transactions/{id}/attachments", "ledger", 10 * MIB + FORM_ROOM, timeout=30),
    Route("/attachments", "ledger", public=GET),  # by a signed link
    Route("/balances", "ledger"),
    Route("/net-worth", "ledger"),
    Route("/rates", "ledger"),
    Route("/expenses", "ledger"),
    Route("/income", "ledger"),
    Route("/habits", "ledger"),
    Route("/ledger", "ledger"),
    Route("/sync/ledger", "ledger"),
    Route("/exports", "ledger"),
    Route("/restores", "ledger", 50 * MIB + FORM_ROOM, timeout=60, rate="imports"),
    Route("/imports", "ledger", 50 * MIB + FORM_ROOM, timeout=30, rate="imports"),
    Route("/imports/{id}", "ledger"),
    Route("/expenses/bulk-import", "ledger", 50 * MIB + FORM_ROOM, timeout=30, rate="imports"),
    Route("/expenses/bulk-import/{id}", "ledger"),
    Route("/events", OWN),
    Route("/recurring", "ledger"),
    Route("/expenses/recurring", "ledger"),
    Route("/budgets", "budget"),
    Route("/allocations", "budget"),
    Route("/budget-settings", "budget"),
    Route("/periods", "budget"),
    Route("/sync/budget", "budget"),
    Route("/forecast", "budget"),
    Route("/safe-to-spend", "budget"),
    Route("/budget-templates", "budget"),
    Route("/savings/goals", "budget"),
)

ALIASES: Mapping[str, str] = {
    "/expenses/bulk-import": "/imports",
    "/expenses/recurring": "/recurring",
}
"""Former names: what a client calls → the path that the service knows."""


@dataclass(slots=True)
class Found:
    """Where a request goes: its row, the prefix, and the path as the service knows it."""

    route: Route
    prefix: str
    path: str


class RouteTable:
    """The rows, looked up by first segment and then tried from the most to the least specific."""

    def __init__(self, routes: Iterable[Route] = ROUTES, aliases: Mapping[str, str] = ALIASES) -> None:
        self._aliases = aliases
        self._rows: dict[str, list[tuple[tuple[str, ...], Route]]] = {}
        for route in sorted(routes, key=lambda row: row.pattern.count("/"), reverse=True):
            first, *rest = route.pattern.strip("/").split("/")
            self._rows.setdefault(first, []).append((tuple(rest), route))

    def find(self, path: str) -> Found | None:
        """The row of a raw request path; None for what is not ours, or not written plainly.

        Plain means: no percent-encoding, no empty or dotted segment, no parameters. Every path we offer is;
        so `//`, `%2e%2e` and `;x` cannot mean one thing here and another in a service.
        """
        prefix = "/api/v1" if path.startswith("/api/v1/") else "/v1" if path.startswith("/v1/") else None
        if prefix is None or _PLAIN_PATH.fullmatch(path) is None:
            return None
        first, *rest = path[len(prefix) + 1 :].split("/")
        for pattern, route in self._rows.get(first, ()):
            if not pattern or _matches(pattern, rest):
                return Found(route, prefix, self._known_path(path, prefix, route))
        return None

    def _known_path(self, path: str, prefix: str, route: Route) -> str:
        for alias, name in self._aliases.items():
            if route.pattern.startswith(alias):
                return prefix + name + path.removeprefix(prefix + alias)
        return path


def _matches(pattern: tuple[str, ...], segments: list[str]) -> bool:
    return len(pattern) <= len(segments) and all(
        wanted == given or (wanted == "{id}" and _UUID.fullmatch(given) is not None)
        for wanted, given in zip(pattern, segments, strict=False)
    )
