"""What happened: the versions of a thing, the events of a book."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from pfms_common.clock import rfc3339
from pfms_common.input import Id, Output
from pfms_common.pagination import Cursors
from pfms_common.principal import Principal
from pfms_common.web import StrictRoute, Viewer
from pfms_ledger.api.deps import CursorParam, CursorsDep, LedgerDep, Limit
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import history as queries

router = APIRouter(tags=["History"], route_class=StrictRoute)


class HistoryItem(Output):
    event_id: UUID
    version: int = Field(description="the thing's version after it", examples=[2])
    type: str = Field(examples=["transaction.updated"])
    at: datetime
    actor: UUID | None = Field(description="the user who did it; null: the system")
    correlation_id: str | None = Field(
        description="what one request or import did shares it; `POST /ledger/undo` takes it back",
        examples=["0b9e6d5c2f7a41d38c1e5a90f2b7d644"],
    )
    data: dict[str, Any] = Field(description="the full state after it")


class History(Output):
    items: list[HistoryItem]
    next_cursor: str | None


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
    return await _versions(principal, ledger, cursors, "transaction", transaction_id, limit, cursor)


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
        return await _versions(principal, ledger, cursors, aggregate, thing_id, limit, cursor)


for each_path, each_aggregate in VERSIONED.items():
    _offer_versions(each_path, each_aggregate)


async def _versions(
    principal: Principal,
    ledger: Ledger,
    cursors: Cursors,
    aggregate: str,
    thing_id: UUID,
    limit: int,
    cursor: str | None,
) -> Response:
    """A page of the versions of one thing."""
    bound = (principal.book_id, "history", [str(thing_id)])
    after = cursors.read(*bound, cursor)[0] if cursor is not None else 0
    entries = await queries.of_one(
        ledger.facts.pool, principal.book_id, aggregate, thing_id, after=after, limit=limit + 1
    )
    more = len(entries) > limit
    next_cursor = cursors.write(*bound, [entries[limit - 1].aggregate_version]) if more else None
    items = [_item(entry) for entry in entries[:limit]]
    return Response(
        orjson.dumps({"items": items, "next_cursor": next_cursor}, default=str), media_type="application/json"
    )


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
            **_item(entry),
            "number": entry.sequence,
            "aggregate_type": entry.aggregate_type,
            "aggregate_id": entry.aggregate_id,
        }
        for entry in entries
    ]
    return Response(
        orjson.dumps({"items": items, "last_number": last}, default=str), media_type="application/json"
    )


def _item(entry: queries.Entry) -> dict[str, Any]:
    return {
        "event_id": entry.id,
        "version": entry.aggregate_version,
        "type": entry.type,
        "at": rfc3339(entry.occurred_at),
        "actor": entry.actor,
        "correlation_id": entry.correlation_id,
        "data": orjson.Fragment(entry.data),
    }
