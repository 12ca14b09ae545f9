"""What a caller may spend: so many requests a minute, which may come at once and come back evenly (GCRA)."""

import math
import time
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

MINUTE_US = 60_000_000
KEPT_CALLERS = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a minute, which may come at once."""

    limit: int
    interval: int = field(init=False)
    allowance: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "interval", max(1, MINUTE_US // self.limit))
        object.__setattr__(self, "allowance", max(1, MINUTE_US // self.limit) * self.limit)


@dataclass(slots=True)
class Verdict:
    """What became of one request.

    Args:
        spent: microseconds of allowance spent, or minus those to wait for the next request.
        ended: what auth has ended: the caller's session, or their part in the book as the token has it.
    """

    rate: Rate
    spent: int
    ended: Literal["", "session", "part"] = ""

    @property
    def allowed(self) -> bool:
        return self.spent >= 0

    @property
    def retry_after(self) -> int:
        return max(1, math.ceil(-self.spent / 1_000_000))

    def headers(self) -> list[tuple[bytes, bytes]]:
        rate = self.rate
        spent = self.spent if self.spent >= 0 else rate.allowance
        return [
            (b"ratelimit-limit", b"%d" % rate.limit),
            (b"ratelimit-remaining", b"%d" % ((rate.allowance - spent) // rate.interval)),
            (b"ratelimit-reset", b"%d" % -(-spent // 1_000_000)),
        ]


class Sign(NamedTuple):
    """Under which signs a request comes: its class, who asks, and what of it may have ended.

    Args:
        name: the user's id, or an address.
        expires: POSIX second at which the token ends.
    """

    kind: str
    name: str
    session: str = "-"
    book: str = "-"
    expires: int = 0


class LocalLimiter:
    """The same arithmetic in this process, at the share of one of `replicas`."""

    def __init__(self, replicas: int = 1) -> None:
        self._replicas = replicas
        self._spent_until: dict[str, int] = {}

    def take(self, key: str, rate: Rate) -> Verdict:
        now = time.monotonic_ns() // 1000
        interval = rate.interval * self._replicas
        spent_until = max(self._spent_until.get(key, now), now)
        over = spent_until + interval - now - rate.allowance
        if over > 0:
            return Verdict(rate, -over)
        if len(self._spent_until) >= KEPT_CALLERS:
            self._forget(now)
        self._spent_until[key] = spent_until + interval
        return Verdict(rate, spent_until + interval - now)

    def _forget(self, now: int) -> None:
        """Drops who has their whole allowance again; if that frees nothing, everybody starts anew."""
        self._spent_until = {key: until for key, until in self._spent_until.items() if until > now}
        if len(self._spent_until) >= KEPT_CALLERS:
            self._spent_until.clear()
