"""What undo looks at: an event with all that came after it, what one request did, what else refers to a thing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

_BY_ID = """SELECT type, aggregate_type, aggregate_id, aggregate_version FROM event
    WHERE stream_id = $1 AND id = $2"""
_NEWEST = """SELECT id FROM event WHERE stream_id = $1 AND aggregate_type = $2 AND aggregate_id = $3
    ORDER BY aggregate_version DESC LIMIT 1"""
_SINCE = """SELECT id, type, aggregate_version, data::text AS data FROM event
    WHERE stream_id = $1 AND aggregate_id = $2 AND aggregate_version >= $3 ORDER BY aggregate_version"""
_MADE = "SELECT sequence FROM event WHERE stream_id = $1 AND aggregate_id = $2 AND aggregate_version = 1"
# The newest first: what a request did last is taken back first; but before all else a reconciliation lets go of what
# it settled.
_TOGETHER = """SELECT aggregate_type, aggregate_id, min(aggregate_version) AS first, max(aggregate_version) AS last,
                      count(*) AS amount
    FROM correlated($1, $2) GROUP BY aggregate_type, aggregate_id
    ORDER BY aggregate_type = 'reconciliation' DESC, max(sequence) DESC"""
# One look-up per state; the book is named by every one of them, for the index.
_STATES = """
    SELECT w.id, old.type AS old_type, old.data::text AS old, new.type AS new_type, new.data::text AS new,
           now.type AS now_type, now.data::text AS now, now.aggregate_version AS version, made.sequence AS made
    FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS w (id, first, last)
    LEFT JOIN event old ON old.stream_id = $1 AND old.aggregate_id = w.id AND old.aggregate_version = w.first - 1
    JOIN event new ON new.stream_id = $1 AND new.aggregate_id = w.id AND new.aggregate_version = w.last
    JOIN event made ON made.stream_id = $1 AND made.aggregate_id = w.id AND made.aggregate_version = 1
    JOIN LATERAL (SELECT e.type, e.data, e.aggregate_version FROM event e WHERE e.stream_id = $1
                  AND e.aggregate_id = w.id ORDER BY e.aggregate_version DESC LIMIT 1) AS now ON true"""
_MATCHED = """SELECT DISTINCT r.transaction_id FROM import_row r
    JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
    WHERE r.book_id = $1 AND r.transaction_id = ANY ($2) AND r.match_transaction_id = r.transaction_id
      AND r.row <= i.done_through"""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a thing; `data` is None when it is its deletion."""

    event_id: UUID
    version: int
    data: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Found:
    """An event of a thing: the version before it, if there was one, it, and all later ones.

    `made`: the book's number of the event that made the thing first.
    """

    type: str
    aggregate: str
    id: UUID
    before: Version | None
    versions: Sequence[Version]
    made: int


@dataclass(frozen=True, slots=True)
class Touched:
    """A thing that one request changed, once or in `last - first + 1` versions; `alone`: nobody else in between."""

    aggregate: str
    id: UUID
    first: int
    last: int
    alone: bool


@dataclass(frozen=True, slots=True)
class States:
    """A thing before and after what a request did to it, and now; None: it was not there.

    `type` and `now_type`: the events that the last two come from.
    """

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    now: Mapping[str, Any] | None
    version: int
    made: int
    type: str
    now_type: str


async def event(connection: asyncpg.Connection, book_id: UUID, event_id: UUID) -> Found | None:
    """An event of the book by its id."""
    row = await connection.fetchrow(_BY_ID, book_id, event_id)
    if row is None:
        return None
    at: int = row["aggregate_version"]
    found = await connection.fetch(_SINCE, book_id, row["aggregate_id"], at - 1)
    versions = [
        Version(each["id"], each["aggregate_version"], _state(each["type"], each["data"])) for each in found
    ]
    return Found(
        row["type"],
        row["aggregate_type"],
        row["aggregate_id"],
        versions[0] if at > 1 else None,
        versions[1:] if at > 1 else versions,
        await connection.fetchval(_MADE, book_id, row["aggregate_id"]),
    )


async def newest_event(
    connection: asyncpg.Connection, book_id: UUID, aggregate: str, aggregate_id: UUID
) -> UUID | None:
    """The id of the event that a thing was changed by last."""
    found: UUID | None = await connection.fetchval(_NEWEST, book_id, aggregate, aggregate_id)
    return found


async def book_number(connection: asyncpg.Connection, book_id: UUID) -> int:
    """The number of the book's newest event; read under the book's lock."""
    number: int = await connection.fetchval("SELECT sequence FROM stream_head WHERE stream_id = $1", book_id)
    return number


async def touched(connection: asyncpg.Connection, book_id: UUID, correlation_id: str) -> list[Touched]:
    """What the events of one correlation id changed, the last first."""
    return [
        Touched(
            row["aggregate_type"],
            row["aggregate_id"],
            row["first"],
            row["last"],
            row["amount"] == row["last"] - row["first"] + 1,
        )
        for row in await connection.fetch(_TOGETHER, book_id, correlation_id)
    ]


async def states(
    connection: asyncpg.Connection, book_id: UUID, things: Sequence[Touched]
) -> dict[UUID, States]:
    rows = await connection.fetch(
        _STATES,
        book_id,
        [thing.id for thing in things],
        [thing.first for thing in things],
        [thing.last for thing in things],
    )
    return {
        row["id"]: States(
            _state(row["old_type"], row["old"]),
            _state(row["new_type"], row["new"]),
            _state(row["now_type"], row["now"]),
            row["version"],
            row["made"],
            row["new_type"],
            row["now_type"],
        )
        for row in rows
    }


async def matched(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these transactions that a row of a bank file was found to be."""
    return {row[0] for row in await connection.fetch(_MATCHED, book_id, list(ids))}


async def payee_names(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The present names of those of these payees that there are."""
    found = await connection.fetch(
        "SELECT id, name FROM payee WHERE book_id = $1 AND id = ANY ($2)", book_id, list(ids)
    )
    return {row["id"]: row["name"] for row in found}


def _state(event_type: str | None, data: str | None) -> Mapping[str, Any] | None:
    if event_type is None or data is None or event_type.endswith(".deleted"):
        return None
    state: Mapping[str, Any] = orjson.loads(data)
    return state
