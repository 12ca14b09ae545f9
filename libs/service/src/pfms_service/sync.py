"""Delta sync over HTTP, for phones and other clients that keep a copy of the book: the same page in each service."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import Query, Response
from pydantic import Field

from pfms_common.input import Output
from pfms_common.pagination import Cursors
from pfms_events.sync import Thing, changed

RESPONSES: dict[int | str, dict[str, Any]] = {
    410: {"description": "`resync`: the book was restored; drop your copy and begin without `since`"}
}
SinceParam = Annotated[
    str | None,
    Query(max_length=2000, description="`next_cursor` of the last page; without it the whole book"),
]
SyncLimit = Annotated[int, Query(ge=1, le=1000, description="items on a page", examples=[200])]


class SyncItem(Output):
    type: str = Field(
        description="what it is: account, category, payee, transaction, allocation, …",
        examples=["transaction"],
    )
    id: UUID
    version: int = Field(description="for If-Match when you change it", examples=[3])
    deleted: bool = Field(description="it is gone; nothing brings the id back but an undo", examples=[False])
    data: dict[str, Any] | None = Field(
        description="its full state, with the fields of its own resource but for what is derived (balances, a payee's"
        " present name, which its own item has); null once it is deleted"
    )


class SyncPage(Output):
    items: list[SyncItem]
    next_cursor: str = Field(description="`since` of the next page, and of the next sync")
    has_more: bool = Field(description="ask on at once; false: your copy is the book", examples=[False])


async def page(
    pool: asyncpg.Pool, cursors: Cursors, book_id: UUID, things: Sequence[str], since: str | None, limit: int
) -> Response:
    """What changed of these aggregates since a cursor, each thing once, in its newest state."""
    bound: tuple[UUID, str, list[str]] = (book_id, "sync", [])
    number: int = cursors.read(*bound, since)[0] if since is not None else 0
    found = await changed(pool, book_id, things, since=number, limit=limit)
    body = {
        "items": [_item(thing) for thing in found.things],
        "next_cursor": cursors.write(*bound, [found.through]),
        "has_more": found.has_more,
    }
    return Response(orjson.dumps(body, default=str), media_type="application/json")


def _item(thing: Thing) -> dict[str, Any]:
    return {
        "type": thing.type,
        "id": thing.id,
        "version": thing.version,
        "deleted": thing.data is None,
        "data": None if thing.data is None else orjson.Fragment(thing.data),
    }
