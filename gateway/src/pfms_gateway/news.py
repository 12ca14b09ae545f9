"""The last hour's changes of each book, kept in Redis for all gateways together: entries that say what changed and
never hold its data.

Ids are of one line over all books, `<milliseconds>-<n>`, so that one of them says how far a client is in everything
that it follows. Each entry names the one before it in its book: whoever has not seen that one has missed something.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

KEPT_SECONDS = 3600
MOST_ENTRIES = 1000
"""Of one book. Whoever is further behind reads the book anew, which is quicker by then."""

SCRIPT = """
local prefix, most, kept, anew = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local line = prefix .. 'live'
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local known = redis.call('HMGET', line, 'run', 'since', 'ms', 'n')
local since, ms, n = known[2], tonumber(known[3] or 0), tonumber(known[4] or 0)
local function following()
  if now > ms then ms, n = now, 0 else n = n + 1 end
  return string.format('%.0f-%d', ms, n)
end
local function time_of(id) return tonumber(string.match(id, '^%d+')) end
if anew or known[1] ~= run then since = following() end
local ends = {}
for _, entry in ipairs(cjson.decode(ARGV[5])) do
  local stream = line .. ':' .. entry[1]
  if redis.call('ZADD', stream .. ':seen', 'NX', now, entry[2]) == 1 then
    if not ends[stream] then
      local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
      ends[stream] = newest and time_of(newest[1]) >= time_of(since) and newest[1] or since
    end
    local id = following()
    redis.call('XADD', stream, id, 'entry', entry[3], 'before', ends[stream])
    ends[stream] = id
  end
end
redis.call('HSET', line, 'run', run, 'since', since, 'ms', string.format('%.0f', ms), 'n', n)
for stream in pairs(ends) do
  redis.call('XTRIM', stream, 'MAXLEN', most)
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f', now - kept * 1000))
  redis.call('ZREMRANGEBYRANK', stream .. ':seen', 0, -most - 1)
  redis.call('EXPIRE', stream, kept)
  redis.call('EXPIRE', stream .. ':seen', kept)
end
return {since, string.format('%.0f-%d', ms, n), string.format('%.0f', now)}
"""
"""Takes a list of [stream, event id, entry], adds those whose event id is new, and answers where the line begins,
where it ends, and the time. It begins anew when Redis was restarted, and when the caller says that entries were lost.
"""

SCRIPT_HASH = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

_ID = re.compile(r"(\d{1,15})-(\d{1,12})", re.ASCII)


class Id(NamedTuple):
    """A place in the line."""

    ms: int
    n: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.n}"


class Line(NamedTuple):
    """Whoever has an id before `since` may have missed something; `last` is the newest id; `now` in milliseconds."""

    since: Id
    last: Id
    now: int

    def reaches(self, seen: Id) -> bool:
        """Whether what came after this id is still there, as far as time and restarts go."""
        return self.since <= seen <= self.last and seen.ms >= self.now - KEPT_SECONDS * 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `before`: the id of the entry before it in its stream; `body`: JSON."""

    id: Id
    before: Id
    stream: str
    body: bytes


def read_id(text: str) -> Id | None:
    """An id as a client sends it back; None for what is none."""
    match = _ID.fullmatch(text)
    return Id(int(match[1]), int(match[2])) if match else None


class News:
    """The line in one Redis; every method raises what Redis does while it is away."""

    def __init__(self, redis: "Redis", prefix: str) -> None:
        self._redis: Any = redis
        self._prefix = prefix

    async def tell(self, entries: Sequence[tuple[str, str, str]], *, anew: bool = False) -> Line:
        """Adds entries (stream, event id, JSON); one whose event id was told before is left out."""
        words = (self._prefix, MOST_ENTRIES, KEPT_SECONDS, int(anew), orjson.dumps(entries))
        try:
            answer = await self._redis.execute_command("EVALSHA", SCRIPT_HASH, 0, *words)
        except NoScriptError:
            answer = await self._redis.execute_command("EVAL", SCRIPT, 0, *words)
        return Line(_id(answer[0]), _id(answer[1]), int(answer[2]))

    async def line(self) -> Line:
        return await self.tell(())

    async def after(self, seen: Mapping[str, Id], wait_ms: int) -> list[Entry]:
        """What came after these ids of streams, oldest first; waits so long for the first."""
        keys = {self._key(stream): str(id_) for stream, id_ in seen.items()}
        answer = await self._redis.xread(keys, block=wait_ms)
        found = answer.items() if isinstance(answer, dict) else answer or ()
        return _sorted(entry for key, entries in found for entry in self._entries(key.decode(), entries))

    async def missed(self, streams: Iterable[str], seen: Id) -> list[Entry] | None:
        """What came after an id in these streams, oldest first; None when some of it is no longer there."""
        wanted = list(streams)
        async with self._redis.pipeline(transaction=True) as together:
            for stream in wanted:
                together.xrange(self._key(stream), min=f"({seen}")
            answers = await together.execute()
        found: list[Entry] = []
        for stream, entries in zip(wanted, answers, strict=True):
            of_stream = list(self._entries(self._key(stream), entries))
            if of_stream and of_stream[0].before > seen:
                return None
            found += of_stream
        return _sorted(found)

    async def any_ended(self, session: str, user: str, books: Iterable[str], expires: int) -> bool:
        """Whether auth has ended the session, or the user's part in one of the books as their token has it."""
        keys = [f"{self._prefix}left:{book}:{user}" for book in books]
        revoked, *left = await self._redis.mget(f"{self._prefix}revoked:{session}", *keys)
        return revoked is not None or any(until is not None and expires <= int(until) for until in left)

    def _key(self, stream: str) -> str:
        return f"{self._prefix}live:{stream}"

    def _entries(self, key: str, entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> Iterable[Entry]:
        stream = key.removeprefix(self._key(""))
        for id_, fields in entries:
            yield Entry(_id(id_), _id(fields[b"before"]), stream, fields[b"entry"])


def _id(raw: bytes) -> Id:
    ms, _, n = raw.partition(b"-")
    return Id(int(ms), int(n))


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.id)
