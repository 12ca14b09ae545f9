"""Streams that are being written in bulk rest: what they add is sent when the writing is done.

Sending, applying and telling take as much of a machine as writing does. While a file of 100,000 rows goes in, nobody
looks at its months row by row, so the writing gets the machine first; other streams are sent as ever.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from pfms_events.parcel import BULK_ROWS

QUIET_SECONDS = 0.5
"""A stream whose newest event is older is not being written any more: longer than two batches of a writer take."""
MOST_SECONDS = 5.0
"""So long a stream rests at most, and then not again before it was quiet."""

_WRITTEN = """
SELECT h.stream_id FROM unnest($1::uuid[]) AS u (stream_id), LATERAL (
    SELECT stream_id, last_at FROM stream_head WHERE stream_id = u.stream_id LIMIT 1) h
WHERE clock_timestamp() - h.last_at < make_interval(secs => $2)
"""


@dataclass(slots=True)
class Resting:
    """The streams that a relay leaves out, by when each began to rest, in seconds of the monotonic clock."""

    quiet: float = QUIET_SECONDS
    most: float = MOST_SECONDS
    began: dict[UUID, float] = field(default_factory=dict)

    async def streams(self, connection: asyncpg.Connection) -> list[UUID]:
        """Those to leave out of the next read."""
        if not self.began:
            return []
        written = await self._written(connection, self.began)
        self.began = {stream: at for stream, at in self.began.items() if stream in written}
        now = time.monotonic()
        return [stream for stream, at in self.began.items() if now - at < self.most]

    async def begin(self, connection: asyncpg.Connection, read: Iterable[UUID]) -> set[UUID]:
        """Of a full read, by the stream of each row, the streams that rest from now on."""
        bulky = {stream for stream, rows in Counter(read).items() if rows > BULK_ROWS} - self.began.keys()
        if not bulky:
            return set()
        begun = await self._written(connection, bulky)
        self.began |= dict.fromkeys(begun, time.monotonic())
        return begun

    async def _written(self, connection: asyncpg.Connection, streams: Iterable[UUID]) -> set[UUID]:
        rows = await connection.fetch(_WRITTEN, list(streams), self.quiet)
        return {row["stream_id"] for row in rows}
