"""Every version of one thing over HTTP, from the log: its state after each change, who made it, and when."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import Response
from pydantic import Field

from pfms_common.clock import rfc3339
from pfms_common.input import Output
from pfms_common.pagination import Cursors
from pfms_common.problem import NotFound
from pfms_events.history import Entry, of_one


class HistoryItem(Output):
    event_id: UUID
    version: int = Field(description="the thing's version after it", examples=[2])
    type: str = Field(examples=["transaction.updated"])
    at: datetime
    actor: UUID | None = Field(description="the user who did it; null: the system")
    correlation_id: str | None = Field(
        description="what one request or import did shares it; `POST /ledger/undo` takes the ledger's part back",
        examples=["0b9e6d5c2f7a41d38c1e5a90f2b7d644"],
    )
    data: dict[str, Any] = Field(description="the full state after it")


class History(Output):
    items: list[HistoryItem]
    next_cursor: str | None


def item(entry: Entry) -> dict[str, Any]:
    return {
        "event_id": entry.id,
        "version": entry.aggregate_version,
        "type": entry.type,
        "at": rfc3339(entry.occurred_at),
        "actor": entry.actor,
        "correlation_id": entry.correlation_id,
        "data": orjson.Fragment(entry.data),
    }


async def versions(
    pool: asyncpg.Pool,
    cursors: Cursors,
    book_id: UUID,
    aggregate: str,
    thing_id: UUID,
    *,
    limit: int,
    cursor: str | None,
) -> Response:
    """A page of the versions of one thing, oldest first; a deleted one keeps them. NotFound where it never was."""
    bound = (book_id, "history", [str(thing_id)])
    after = cursors.read(*bound, cursor)[0] if cursor is not None else 0
    entries = await of_one(pool, book_id, aggregate, thing_id, after, limit + 1)
    if not entries and after == 0:
        raise NotFound(f"There is no such {aggregate.replace('_', ' ')} in this book.")
    more = len(entries) > limit
    next_cursor = cursors.write(*bound, [entries[limit - 1].aggregate_version]) if more else None
    body = {"items": [item(entry) for entry in entries[:limit]], "next_cursor": next_cursor}
    return Response(orjson.dumps(body, default=str), media_type="application/json")
