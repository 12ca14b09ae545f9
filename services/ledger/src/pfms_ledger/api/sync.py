"""/sync/ledger: for phones and other clients that keep a copy of the book."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import Field

from pfms_common.input import Output
from pfms_common.web import StrictRoute, Viewer
from pfms_ledger.api.deps import CursorsDep, LedgerDep
from pfms_ledger.queries import sync as queries

router = APIRouter(prefix="/sync", tags=["Sync"], route_class=StrictRoute)


class SyncItem(Output):
    type: str = Field(
        description="what it is: account, category, payee, transaction, …", examples=["transaction"]
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


@router.get(
    "/ledger",
    response_model=SyncPage,
    summary="What changed since last time",
    responses={
        410: {"description": "`resync`: the book was restored; drop your copy and begin without `since`"}
    },
)
async def sync_ledger(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    since: Annotated[
        str | None,
        Query(max_length=2000, description="`next_cursor` of the last page; without it the whole book"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="items on a page", examples=[200])] = 200,
) -> Response:
    """Each thing once, in its newest state, deleted ones too, in the order of their last change: an item may speak of
    another that comes later, so a copy is whole when `has_more` is false. A cursor never grows too old.
    """
    bound: tuple[UUID, str, list[str]] = (principal.book_id, "sync", [])
    number: int = cursors.read(*bound, since)[0] if since is not None else 0
    page = await queries.changed(ledger.facts.pool, principal.book_id, since=number, limit=limit)
    body = {
        "items": [_item(thing) for thing in page.things],
        "next_cursor": cursors.write(*bound, [page.through]),
        "has_more": page.has_more,
    }
    return Response(orjson.dumps(body, default=str), media_type="application/json")


def _item(thing: queries.Thing) -> dict[str, Any]:
    return {
        "type": thing.type,
        "id": thing.id,
        "version": thing.version,
        "deleted": thing.data is None,
        "data": None if thing.data is None else orjson.Fragment(thing.data),
    }
