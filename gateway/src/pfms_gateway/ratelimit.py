"""How often a caller may ask: GCRA (generic cell rate algorithm), kept in Redis for all gateways together.

A caller may spend a minute's allowance at once; it comes back evenly. The same round trip tells whether the
caller's session, or their part in the book, has ended. Calls are gathered: while one round trip is under way, the
next ones wait and go together, in one script call. Who asks again within a quarter of a second and has most of
their allowance left is granted some requests in advance, which then need no round trip; what they leave goes back.
While Redis is away each process counts by itself, and what auth has ended ends with the access token.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from pfms_common import logs
from pfms_gateway.allowance import LocalLimiter, Rate, Sign, Verdict

REDIS_SECONDS = 0.1
AWAY_SECONDS = 1.0
GRANT_SECONDS = 0.25
MOST_GRANTED = 256
BATCH = 128

LOCAL = Counter("pfms_gateway_local_limits", "Requests counted in this process because Redis was away")

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answers = {}
local line = '(%S+) (%d+) (%d+) (%-?%d+) (%S+) (%S+) (%d+)'
for counter, interval, allowance, wanted, revoked, left, expires in string.gmatch(ARGV[1], line) do
  interval, allowance, wanted = tonumber(interval), tonumber(allowance), tonumber(wanted)
  local known = redis.call('MGET', counter, revoked, left)
  local spent = math.max(tonumber(known[1] or now) - now, 0)
  local granted = 0
  if wanted > 1 and spent + wanted * interval <= allowance / 2 then
    granted = wanted
  elseif wanted > 0 and spent + interval <= allowance then
    granted = 1
  elseif wanted < 0 then
    granted = math.max(wanted, -math.floor(spent / interval))
  end
  if granted ~= 0 then
    spent = spent + granted * interval
    redis.call('SET', counter, string.format('%.0f', now + spent), 'PX', math.max(1, math.ceil(spent / 1000)))
  else
    spent = allowance - spent - interval
  end
  answers[#answers + 1] = spent
  answers[#answers + 1] = granted
  answers[#answers + 1] = known[2] and 1 or known[3] and tonumber(expires) <= tonumber(known[3]) and 2 or 0
end
return answers
"""
"""One line a call: key of the counter, microseconds a request costs, those that may be spent, requests wanted (of
which those beyond the first are in advance; negative: given back), keys that say what ended, the token's expiry. In
one argument, since the client packs each argument by itself, which cost more than all else here. Answers three
numbers a call: microseconds spent (or minus those to wait), requests granted, and what ended, as in ENDED.
"""

SCRIPT_HASH = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

ENDED: tuple[Literal["", "session", "part"], ...] = ("", "session", "part")

_log = logs.get("gateway.ratelimit")


@dataclass(slots=True)
class _Grant:
    """Requests paid in advance, for a moment.

    Args:
        paid_until: monotonic seconds at which the whole allowance would be back.
        asking: the next grant is on its way.
    """

    left: int
    paid_until: float
    until: float
    asking: bool = False


@dataclass(slots=True)
class _Call:
    sign: Sign
    wanted: int
    verdict: asyncio.Future[Verdict] | None


class Limiter:
    """Counts requests. Without Redis, or while it is away, by `LocalLimiter`."""

    def __init__(
        self, redis: "Redis | None", rates: Mapping[str, int], *, prefix: str = "", replicas: int = 1
    ) -> None:
        self._redis = redis
        self._rates = {name: Rate(limit) for name, limit in rates.items()}
        self._prefix = prefix
        self._local = LocalLimiter(replicas)
        self._grants: dict[Sign, _Grant] = {}
        self._waiting: list[_Call] = []
        self._sender: asyncio.Task[None] | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._away_until = 0.0

    async def take(self, sign: Sign) -> Verdict:
        """Counts one request."""
        now = time.monotonic()
        if self._redis is None or now < self._away_until:
            return self._take_here(sign)
        rate = self._rates[sign.kind]
        grant = self._grants.get(sign)
        wanted = 1
        if grant is not None and now < grant.until:
            if grant.left:
                grant.left -= 1
                spent = int((grant.paid_until - now) * 1_000_000) - grant.left * rate.interval
                return Verdict(rate, max(spent, 0))
            if not grant.asking:
                grant.asking, wanted = True, 1 + min(rate.limit // 10, MOST_GRANTED)
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._send(self._redis, _Call(sign, wanted, verdict))
        return await verdict

    def _take_here(self, sign: Sign) -> Verdict:
        if self._redis is not None:
            LOCAL.inc()
        return self._local.take(f"{sign.kind}:{sign.name}", self._rates[sign.kind])

    def _send(self, redis: "Redis", call: _Call) -> None:
        self._waiting.append(call)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_waiting(redis))

    async def _send_waiting(self, redis: "Redis") -> None:
        """Sends what waits, in one script call after another, until nothing does."""
        calls: list[_Call] = []
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                async with asyncio.timeout(REDIS_SECONDS):
                    answers = await self._ask(redis, calls)
                for i, call in enumerate(calls):
                    self._heard(redis, call, *answers[3 * i : 3 * i + 3])
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            _log.warning(
                "Redis is away; limits are counted in this process", error=f"{type(error).__name__}: {error}"
            )
        finally:
            self._sender = None
            unanswered, self._waiting = [*calls, *self._waiting], []
            for call in unanswered:
                if call.verdict is not None and not call.verdict.done():
                    call.verdict.set_result(self._take_here(call.sign))

    async def _ask(self, redis: "Redis", calls: list[_Call]) -> list[int]:
        lines = "\n".join([self._line(call.sign, call.wanted) for call in calls])
        execute: Any = redis.execute_command
        try:
            answer = await execute("EVALSHA", SCRIPT_HASH, 0, lines)
        except NoScriptError:
            answer = await execute("EVAL", SCRIPT, 0, lines)
        return list(answer)

    def _line(self, sign: Sign, wanted: int) -> str:
        rate, prefix = self._rates[sign.kind], self._prefix
        counter = f"{prefix}rate:{sign.kind}:{sign.name}"
        ends = f"{prefix}revoked:{sign.session} {prefix}left:{sign.book}:{sign.name}"
        return f"{counter} {rate.interval} {rate.allowance} {wanted} {ends} {sign.expires}"

    def _heard(self, redis: "Redis", call: _Call, spent: int, granted: int, ended: int) -> None:
        """Passes the verdict on, and keeps what was granted beyond this one request."""
        if call.verdict is None:
            return
        rate = self._rates[call.sign.kind]
        left = max(granted - 1, 0)
        if granted and not ended and (left or call.sign not in self._grants):
            now = time.monotonic()
            self._keep(redis, call.sign, _Grant(left, now + spent / 1_000_000, now + GRANT_SECONDS))
        if not call.verdict.done():
            told = max(spent - left * rate.interval, 0) if granted else spent
            call.verdict.set_result(Verdict(rate, told, ENDED[ended]))

    def _keep(self, redis: "Redis", sign: Sign, grant: _Grant) -> None:
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(GRANT_SECONDS, self._end_grants, redis)
        self._grants[sign] = grant

    def _end_grants(self, redis: "Redis") -> None:
        """Gives back what was granted and not used."""
        now = time.monotonic()
        for sign, grant in [(sign, grant) for sign, grant in self._grants.items() if grant.until <= now]:
            del self._grants[sign]
            if grant.left and now >= self._away_until:
                self._send(redis, _Call(sign, -grant.left, None))
        self._sweep = None
        if self._grants:
            self._sweep = asyncio.get_running_loop().call_later(GRANT_SECONDS, self._end_grants, redis)

    async def close(self) -> None:
        """Gives everything back. Who still asks is counted in this process."""
        if self._redis is None:
            return
        for grant in self._grants.values():
            grant.until = 0
        if self._sweep is not None:
            self._sweep.cancel()
        self._end_grants(self._redis)
        self._away_until = math.inf
        if self._sender is not None:
            await self._sender
