"""Delta sync: what a client that keeps a copy of the book has not seen, each thing once, in its newest state."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_common.problem import Refusal
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

LOOKED_AT = 10
"""Events looked at for each item that a page may hold: a thing that was changed a thousand times makes pages short,
never slow.
"""

_HEAD = "SELECT coalesce((SELECT sequence FROM stream_head WHERE stream_id = $1), 0)"
# An event is of use when its thing has no later one, which the index of versions tells by its last entry.
_NEWEST = """
    SELECT e.sequence, e.type, e.aggregate_type, e.aggregate_id, e.aggregate_version, e.data::text AS data
    FROM event e, LATERAL (
        SELECT aggregate_version FROM event n WHERE n.stream_id = e.stream_id AND n.aggregate_id = e.aggregate_id
        ORDER BY aggregate_version DESC LIMIT 1) AS newest
    WHERE e.stream_id = $1 AND e.sequence > $2 AND e.sequence <= $3 AND e.aggregate_type = ANY ($4)
      AND newest.aggregate_version = e.aggregate_version
    ORDER BY e.sequence LIMIT $5"""


class Resync(Refusal):
    """The client has seen numbers that the book has not reached: it was restored to an earlier state."""


@dataclass(frozen=True, slots=True)
class Thing:
    """The newest state of one thing; `data` is its JSON, None once it is deleted."""

    type: str
    id: UUID
    version: int
    data: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Things changed since a number; with those of all pages a copy equals the book as it is at `through`."""

    things: Sequence[Thing]
    through: int
    has_more: bool


async def changed(
    pool: asyncpg.Pool, book_id: UUID, things: Sequence[str], *, since: int, limit: int
) -> Page:
    """At most `limit` things of these aggregates of which something happened after the number `since`.

    Whatever is written meanwhile has a higher number, so it comes on a later page and nothing is passed over.
    """
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            head: int = await connection.fetchval(_HEAD, book_id)
            if since > head:
                raise Resync(
                    "The book was restored to an earlier state: drop your copy and begin without `since`."
                )
            through = min(head, since + LOOKED_AT * limit)
            rows = await connection.fetch(_NEWEST, book_id, since, through, things, limit)
    if len(rows) == limit:
        through = rows[-1]["sequence"]
    return Page([_thing(row) for row in rows], through, through < head)


def _thing(row: asyncpg.Record) -> Thing:
    data = None if row["type"].endswith(".deleted") else row["data"]
    return Thing(row["aggregate_type"], row["aggregate_id"], row["aggregate_version"], data)
