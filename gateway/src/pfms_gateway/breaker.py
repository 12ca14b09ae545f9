"""A circuit breaker: a service that keeps failing is left alone for a moment, so that nobody waits for it."""

import time
from collections.abc import Callable

FAILURES = 5
REST_SECONDS = 2.0


class Breaker:
    """Closed until `failures` exchanges in a row failed; then open for `rest` seconds; then one probe decides."""

    def __init__(
        self,
        failures: int = FAILURES,
        rest: float = REST_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._rest = rest
        self._now = now
        self._failed = 0
        self._closed_again_at = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        return self._failed >= self._limit

    def admits(self) -> bool:
        """Whether a request may be tried. While open, one request after each rest goes through as a probe."""
        if self._failed < self._limit:
            return True
        if self._probing or self._now() < self._closed_again_at:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._failed = 0
        self._probing = False

    def failed(self) -> None:
        self._failed += 1
        self._probing = False
        if self._failed >= self._limit:
            self._closed_again_at = self._now() + self._rest

    def undecided(self) -> None:
        """The exchange ended without a word about the service: its client went away, or sent too much."""
        self._probing = False
