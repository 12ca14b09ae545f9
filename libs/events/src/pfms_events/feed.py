"""The feed: a service's own event table, read in number order by those who missed something or start anew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import httpx2
import orjson

from pfms_common.sql import connection
from pfms_events.envelope import ENVELOPE

PAGE = 1000
PAGE_BYTES = 4 * 1024 * 1024

_STREAMS = f"""
SELECT stream_id, sequence FROM stream_head
WHERE sequence > 0 AND ($1::uuid IS NULL OR stream_id > $1) ORDER BY stream_id LIMIT {PAGE}
"""
_STREAMS_SINCE = f"""
SELECT h.stream_id, h.sequence FROM (
    SELECT DISTINCT stream_id FROM event
    WHERE occurred_at >= $2 AND ($1::uuid IS NULL OR stream_id > $1) ORDER BY stream_id LIMIT {PAGE}
) e, LATERAL (SELECT stream_id, sequence FROM stream_head WHERE stream_id = e.stream_id LIMIT 1) h
ORDER BY h.stream_id
"""
_EVENTS = f"""
SELECT e.sequence, {ENVELOPE.format(source="$1::text")} AS envelope FROM event e
WHERE e.stream_id = $2 AND e.sequence > $3 AND e.sequence <= $4
  AND (cardinality($5::text[]) = 0 OR e.type = ANY ($5))
ORDER BY e.sequence LIMIT {PAGE}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Numbers up to `through` that are not among the items were compacted, and count as dealt with."""

    items: Sequence[Mapping[str, Any]]
    through: int


class Feed(Protocol):
    """One producer's feed."""

    async def streams(
        self, *, after: UUID | None = None, since: datetime | None = None
    ) -> Sequence[tuple[UUID, int]]:
        """Streams and their last numbers, by id, those after `after`; `since`: only those changed since then."""
        ...

    async def events(
        self, stream_id: UUID, *, after: int = 0, to: int | None = None, types: Sequence[str] = ()
    ) -> Page: ...


@dataclass(frozen=True, slots=True)
class DatabaseFeed:
    """The feed read from the database, as the relay role: what `feed_router` serves."""

    pool: asyncpg.Pool
    source: str

    async def streams(
        self, *, after: UUID | None = None, since: datetime | None = None
    ) -> Sequence[tuple[UUID, int]]:
        async with connection(self.pool) as session:
            if since is None:
                rows = await session.fetch(_STREAMS, after)
            else:
                rows = await session.fetch(_STREAMS_SINCE, after, since)
        return [(row["stream_id"], row["sequence"]) for row in rows]

    async def events(
        self, stream_id: UUID, *, after: int = 0, to: int | None = None, types: Sequence[str] = ()
    ) -> Page:
        texts, through = await self.texts(stream_id, after=after, to=to, types=types)
        return Page([orjson.loads(text) for text in texts], through)

    async def texts(
        self, stream_id: UUID, *, after: int, to: int | None, types: Sequence[str]
    ) -> tuple[list[str], int]:
        """The envelopes as JSON, and the number up to which these are all."""
        async with connection(self.pool) as session:
            # The head is read first: a number that is visible means that all before it are.
            head = await session.fetchval("SELECT sequence FROM stream_head WHERE stream_id = $1", stream_id)
            last = min(head or 0, to if to is not None else head or 0)
            rows = await session.fetch(_EVENTS, self.source, stream_id, after, last, list(types))
        texts: list[str] = []
        size = 0
        for row in rows:
            size += len(row["envelope"])
            if texts and size > PAGE_BYTES:
                break
            texts.append(row["envelope"])
        whole = len(texts) == len(rows) < PAGE
        return texts, max(last, after) if whole else rows[len(texts) - 1]["sequence"]


@dataclass(frozen=True, slots=True)
class FeedClient:
    """A peer's feed over HTTP.

    Args:
        http: has the peer's base URL, or its ASGI app as transport, and time-outs.
        token: makes the service token to show, for one stream or, with None, for the list of streams.
    """

    http: httpx2.AsyncClient
    token: Callable[[UUID | None], str]

    async def streams(
        self, *, after: UUID | None = None, since: datetime | None = None
    ) -> Sequence[tuple[UUID, int]]:
        query = {"after": str(after) if after else None, "since": since.isoformat() if since else None}
        body = await self._get("/internal/streams", None, query)
        return [(UUID(item["stream_id"]), item["sequence"]) for item in body["items"]]

    async def events(
        self, stream_id: UUID, *, after: int = 0, to: int | None = None, types: Sequence[str] = ()
    ) -> Page:
        query = {"after": after, "to": to, "types": ",".join(types) or None}
        body = await self._get(f"/internal/streams/{stream_id}/events", stream_id, query)
        return Page(body["items"], body["through"])

    async def _get(self, path: str, stream_id: UUID | None, query: Mapping[str, Any]) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        headers = {"Authorization": f"Bearer {self.token(stream_id)}"}
        response = await self.http.get(path, params=given, headers=headers)
        response.raise_for_status()
        return orjson.loads(response.content)
