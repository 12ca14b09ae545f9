"""What happened: the versions of a thing, the events of a book."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from pfms_common.input import Id, Output
from pfms_common.web import StrictRoute, Viewer
from pfms_ledger.api.deps import CursorParam, CursorsDep, LedgerDep, Limit
from pfms_ledger.queries import history as queries
from pfms_service.history import History, HistoryItem, item
from pfms_service.history import versions as versions_of

router = APIRouter(tags=["History"], route_class=StrictRoute)


class BookEvent(HistoryItem):
    number: int = Field(description="the event's number in the book, without a gap", examples=[17])
    aggregate_type: str = Field(examples=["transaction"])
    aggregate_id: UUID


class BookEvents(Output):
    items: list[BookEvent]
    last_number: int = Field(description="the newest number of the book", examples=[42])


@router.get(
    "/transactions/{transaction_id}/history", response_model=History, summary="Every version of a transaction"
)
async def transaction_history(
    transaction_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    """Oldest first. A deleted transaction keeps its history."""
    pool, book_id = ledger.facts.pool, principal.book_id
    return await versions_of(
        pool, cursors, book_id, "transaction", transaction_id, limit=limit, cursor=cursor
    )


# What has earlier versions to look at, by its path.
VERSIONED = {
    "accounts": "account",
    "income/sources": "income_source",
    "habits": "habit",
    "categories": "category",
    "payees": "payee",
    "pots": "pot",
    "recurring": "plan",
}


def _offer_versions(path: str, aggregate: str) -> None:
    @router.get(
        f"/{path}/{{{aggregate}_id}}/versions",
        response_model=History,
        summary=f"Every version of a {aggregate}"
        if aggregate[0] not in "aeiou"
        else f"Every version of an {aggregate}",
        name=f"{aggregate}_versions",
    )
    async def versions(
        thing_id: Annotated[Id, Path(alias=f"{aggregate}_id")],
        principal: Viewer,
        ledger: LedgerDep,
        cursors: CursorsDep,
        limit: Limit = 50,
        cursor: CursorParam = None,
    ) -> Response:
        """Oldest first: its fields after each change, who made it and when. What was deleted keeps its versions."""
        pool, book_id = ledger.facts.pool, principal.book_id
        return await versions_of(pool, cursors, book_id, aggregate, thing_id, limit=limit, cursor=cursor)


for each_path, each_aggregate in VERSIONED.items():
    _offer_versions(each_path, each_aggregate)


@router.get("/ledger/events", response_model=BookEvents, summary="Everything that happened in the book")
async def book_events(
    principal: Viewer,
    ledger: LedgerDep,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="a number you have already")] = 0,
    limit: Limit = 50,
) -> Response:
    entries, last = await queries.of_book(ledger.facts.pool, principal.book_id, after=after, limit=limit)
    items = [
        {
            **item(entry),
            "number": entry.sequence,
            "aggregate_type": entry.aggregate_type,
            "aggregate_id": entry.aggregate_id,
        }
        for entry in entries
    ]
    return Response(
        orjson.dumps({"items": items, "last_number": last}, default=str), media_type="application/json"
    )
