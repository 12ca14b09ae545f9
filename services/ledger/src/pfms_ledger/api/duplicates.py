"""/transactions/duplicates: pairs that may be one recorded twice, offered and never merged silently."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from pfms_common.input import Day, Id, Input, Output
from pfms_common.web import Editor, StrictRoute, Viewer, answer
from pfms_ledger.api.deps import CursorParam, CursorsDep, LedgerDep, Limit
from pfms_ledger.api.transactions import TransactionOut
from pfms_ledger.operations import duplicates as operations
from pfms_ledger.queries import duplicates as queries
from pfms_ledger.queries.duplicates import Pair

router = APIRouter(prefix="/transactions/duplicates", tags=["Transactions"], route_class=StrictRoute)

DAYS_BACK = 90


class DuplicatePair(Output):
    account_id: UUID = Field(description="where both moved the amount")
    amount_minor: int = Field(
        description="signed for the account, minor units of `currency`", examples=[-1250]
    )
    currency: str = Field(examples=["EUR"])
    days_apart: int = Field(examples=[1])
    transactions: list[TransactionOut] = Field(description="both, the earlier one first")


class DuplicatePairs(Output):
    items: list[DuplicatePair]
    next_cursor: str | None = Field(
        description="for the next page; null on the last. A page may hold fewer than `limit` and have a next"
    )


class Dismissal(Input):
    transaction_ids: Annotated[list[Id], Field(min_length=2, max_length=2)] = Field(description="the pair")
    dismissed: bool = Field(default=True, description="false: offer it again")

    @model_validator(mode="after")
    def _are_two(self) -> "Dismissal":
        if self.transaction_ids[0] == self.transaction_ids[1]:
            raise ValueError("name two different transactions")
        return self


class Dismissed(Output):
    transaction_ids: list[UUID]
    dismissed: bool


@router.get("", response_model=DuplicatePairs, summary="Pairs that may be one recorded twice, newest first")
async def list_duplicates(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    account_id: Annotated[Id | None, Query(description="on this account only")] = None,
    from_: Annotated[
        Day | None, Query(alias="from", description="the later one's date, inclusive; default 90 days ago")
    ] = None,
    to: Annotated[Day | None, Query(description="the later one's date, inclusive")] = None,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    """Same account and amount, at most five days apart, payees alike or one without; dismissed pairs are left out.

    What the bank itself lists twice, in one file or with two ids, is no duplicate.
    """
    first = from_ or await ledger.today_in(principal.book_id) - timedelta(days=DAYS_BACK)
    last = to or date.max
    bound = (principal.book_id, "duplicates", [str(account_id), str(from_), str(to)])
    after = None
    if cursor is not None:
        day, number, earlier = cursors.read(*bound, cursor)
        after = (date.fromisoformat(day), number, earlier)
    page = await queries.page(
        ledger.facts.pool,
        principal.book_id,
        first=first,
        last=last,
        account_id=account_id,
        after=after,
        limit=limit,
    )
    next_cursor = cursors.write(*bound, list(page.last)) if page.last else None
    body = {"items": [_out(pair) for pair in page.pairs], "next_cursor": next_cursor}
    return Response(orjson.dumps(body, default=str), media_type="application/json")


@router.post("/dismiss", response_model=Dismissed, summary="Say that a pair is two, or offer it again")
async def dismiss(body: Dismissal, principal: Editor, ledger: LedgerDep) -> Response:
    """Remembered for the book, whoever says it; saying it again changes nothing."""
    one, other = body.transaction_ids
    await operations.dismiss(ledger, principal.book_id, one, other, dismissed=body.dismissed)
    return answer(Dismissed(transaction_ids=body.transaction_ids, dismissed=body.dismissed))


def _out(pair: Pair) -> dict[str, object]:
    return {
        "account_id": pair.account_id,
        "amount_minor": pair.amount_minor,
        "currency": pair.currency,
        "days_apart": (pair.second.transaction.date - pair.first.transaction.date).days,
        "transactions": [orjson.Fragment(pair.first.document), orjson.Fragment(pair.second.document)],
    }
