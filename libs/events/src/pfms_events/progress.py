"""How far a consumer is with a stream: a mark, and the numbers above it that are dealt with already.

`applied_through` is the highest number up to which everything is dealt with; what lies above it waits in
`ahead` until the gap closes. Both are read and written under the stream's head lock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

type Numbers = tuple[int, int]
"""A run of numbers, both ends included."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a consumer stands in one stream. `waiting`: something of the stream is in the retry table."""

    applied_through: int = 0
    ahead: tuple[Numbers, ...] = ()
    waiting: bool = False

    def covers(self, sequence: int) -> bool:
        return sequence <= self.applied_through or any(a <= sequence <= b for a, b in self.ahead)


def merge(mark: Mark, dealt: Iterable[Numbers]) -> Mark:
    """The mark after these numbers were dealt with as well."""
    runs: list[Numbers] = []
    for first, last in sorted([(0, mark.applied_through), *mark.ahead, *dealt]):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    return Mark(runs[0][1], tuple(runs[1:]), mark.waiting)


def missing(mark: Mark, head: int, waiting: Iterable[int] = ()) -> list[Numbers]:
    """The numbers up to `head` that are neither dealt with nor waiting in the retry table."""
    known = merge(mark, [(number, number) for number in waiting])
    gaps: list[Numbers] = []
    next_number = known.applied_through + 1
    for first, last in known.ahead:
        if first > head:
            break
        gaps.append((next_number, first - 1))
        next_number = last + 1
    if next_number <= head:
        gaps.append((next_number, head))
    return gaps


_READ = """
SELECT s.stream_id, p.applied_through, p.ahead,
       EXISTS (SELECT FROM retry r WHERE r.stream_id = s.stream_id AND r.consumer = $2) AS waiting
FROM unnest($1::uuid[]) AS s (stream_id)
LEFT JOIN LATERAL (SELECT applied_through, ahead FROM progress
                   WHERE stream_id = s.stream_id AND consumer = $2 AND producer = $3 LIMIT 1) p ON true
"""
_WRITE = """
INSERT INTO progress (stream_id, consumer, producer, applied_through, ahead)
SELECT u.stream_id, $2, $3, u.applied_through, u.ahead::int8multirange
FROM unnest($1::uuid[], $4::bigint[], $5::text[]) AS u (stream_id, applied_through, ahead)
ON CONFLICT (stream_id, consumer, producer)
DO UPDATE SET applied_through = excluded.applied_through, ahead = excluded.ahead
"""


async def read_marks(
    connection: asyncpg.Connection, consumer: str, producer: str, streams: Sequence[UUID]
) -> dict[UUID, Mark]:
    records = await connection.fetch(_READ, streams, consumer, producer)
    return {
        r["stream_id"]: Mark(r["applied_through"] or 0, _runs(r["ahead"] or ()), r["waiting"])
        for r in records
    }


async def write_marks(
    connection: asyncpg.Connection, consumer: str, producer: str, marks: Mapping[UUID, Mark]
) -> None:
    through = [mark.applied_through for mark in marks.values()]
    ahead = ["{" + ",".join(f"[{a},{b}]" for a, b in mark.ahead) + "}" for mark in marks.values()]
    await connection.execute(_WRITE, list(marks), consumer, producer, through, ahead)


def _runs(ranges: Iterable[asyncpg.Range]) -> tuple[Numbers, ...]:
    return tuple((each.lower, each.upper - 1) for each in ranges)


async def applied_through(
    connection: asyncpg.Connection, consumer: str, producer: str, stream_id: UUID
) -> int:
    """For read-your-writes: the number up to which this consumer has dealt with the stream."""
    mark = await connection.fetchval(
        "SELECT applied_through FROM progress WHERE stream_id = $1 AND consumer = $2 AND producer = $3",
        stream_id,
        consumer,
        producer,
    )
    return mark or 0
