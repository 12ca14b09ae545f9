"""/accounts/{id}/valuations: what a house, a car or a pension is worth, as somebody says."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_common.input import Day, Id, Input, Minor, Output
from pfms_common.web import Editor, IfMatch, MustClaim, StrictRoute, Tx, Viewer, answer, check_version, found
from pfms_ledger.api.deps import (
    CursorParam,
    CursorsDep,
    DeletedVersion,
    LedgerDep,
    Limit,
    answer_of,
    gone,
    written,
)
from pfms_ledger.operations import valuations as operations
from pfms_ledger.queries import accounts as account_queries
from pfms_ledger.queries import valuations as queries

router = APIRouter(prefix="/accounts/{account_id}/valuations", tags=["Accounts"], route_class=StrictRoute)


class ValuationIn(Input):
    date: Day = Field(description="1900-01-01 to ten years ahead")
    value_minor: Minor = Field(
        description="what it is worth at the end of that day, in minor units of the account's currency; what is"
        " owed is negative",
        examples=[35_000_000],
    )


class ValuationOut(Output):
    id: UUID = Field(description="of the adjustment transaction that makes the balance the value")
    date: date
    value_minor: int = Field(
        description="the account's balance at the end of that day, in minor units of its currency",
        examples=[35_000_000],
    )
    adjustment_minor: int = Field(description="what the adjustment moves, signed", examples=[500_000])
    version: int = Field(description="the adjustment's", examples=[1])


class Valuations(Output):
    items: list[ValuationOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


@router.post("", status_code=201, response_model=ValuationOut, summary="Value an asset or a liability")
async def value_account(
    account_id: Id, body: ValuationIn, principal: Editor, ledger: LedgerDep, claim: MustClaim
) -> Response:
    """Posts an adjustment, so that the balance is the value from that day on. A later valuation keeps its value; a
    second one of the same day replaces the first. Other transactions dated before a valuation move its value, as they
    move every later balance: value anew then.
    """
    made, result = await operations.value(
        ledger,
        principal,
        account_id,
        body.date,
        body.value_minor,
        claim,
        lambda valued: answer_of(
            ValuationOut.model_validate(valued).model_dump_json(), version=valued.version, status=201
        ),
    )
    return written(principal, made, result)


@router.get("", response_model=Valuations, summary="List valuations, newest first")
async def list_valuations(
    account_id: Id,
    principal: Viewer,
    tx: Tx,
    ledger: LedgerDep,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    found(await account_queries.get(tx, principal.book_id, account_id), "account")
    bound = (principal.book_id, "valuations", [str(account_id)])
    before = date.fromisoformat(cursors.read(*bound, cursor)[0]) if cursor is not None else date.max
    rows = await queries.page(
        ledger.facts.pool, principal.book_id, account_id, before=before, limit=limit + 1
    )
    next_cursor = cursors.write(*bound, [rows[limit - 1].date]) if len(rows) > limit else None
    items = [ValuationOut.model_validate(row) for row in rows[:limit]]
    return answer(Valuations(items=items, next_cursor=next_cursor))


@router.delete("/{valuation_id}", status_code=204, summary="Take a valuation back")
async def delete_valuation(
    account_id: Id,
    valuation_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """Its adjustment is deleted. A later valuation keeps its value."""
    result = await operations.delete(
        ledger, principal, account_id, valuation_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)
