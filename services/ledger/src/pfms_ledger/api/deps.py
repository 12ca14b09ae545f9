"""What the ledger's routes have in common: its own resources, answers to writes."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from pfms_common import consistency
from pfms_common.idempotency import REPLAYED, Answer, Written
from pfms_common.pagination import DEFAULT_LIMIT, MAX_LIMIT, Cursors
from pfms_common.principal import Principal
from pfms_common.problem import Invalid
from pfms_ledger.operations.recording import Ledger


async def _ledger(request: Request) -> Ledger:
    ledger: Ledger = request.app.state.own
    return ledger


async def _cursors(request: Request) -> Cursors:
    cursors: Cursors = request.app.state.resources.cursors
    return cursors


LedgerDep = Annotated[Ledger, Depends(_ledger)]
CursorsDep = Annotated[Cursors, Depends(_cursors)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page", examples=[DEFAULT_LIMIT])]
CursorParam = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before")]
DeletedVersion = Annotated[
    int | None, Query(alias="version", ge=1, description="the version you saw, where If-Match is not sent")
]
IncludeInactive = Annotated[bool, Query(description="also what is closed or archived")]


def written(principal: Principal, answer: Answer, result: Written) -> Response:
    """The answer to a write, or the first one again where its key was used before."""
    token = {consistency.HEADER: consistency.write("ledger", principal.book_id, result.number)}
    if result.stored is not None:
        stored = result.stored
        return Response(
            stored.body, stored.status, {**stored.headers, **token, REPLAYED: "true"}, "application/json"
        )
    return Response(answer.body, answer.status, {**answer.headers, **token}, "application/json")


def gone(principal: Principal, number: int) -> Response:
    return Response(
        status_code=204, headers={consistency.HEADER: consistency.write("ledger", principal.book_id, number)}
    )


def answer_of(body: str, *, version: int, status: int = 200, location: str | None = None) -> Answer:
    """A model's JSON as an answer with its ETag."""
    headers = {"ETag": f'"{version}"'}
    if location:
        headers["Location"] = location
    return Answer(status, headers, body.encode())


def refuse_null(changes: Mapping[str, object], names: Sequence[str]) -> None:
    """Fields that always have a value may be left out of a change, but not set to null."""
    if wrong := {name: ["must not be null"] for name in names if name in changes and changes[name] is None}:
        raise Invalid(f"{', '.join(wrong)} must not be null.", errors=wrong)
