"""/expenses and /income/transactions: what was spent or earned, with little else to say; and lists of the same."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from pfms_common.input import Day, Id, Minor, Name, Text
from pfms_common.principal import Principal
from pfms_common.web import Editor, MustClaim, StrictRoute, Viewer, from_query
from pfms_ledger.api.deps import CursorsDep, LedgerDep
from pfms_ledger.api.transaction_details import DetailsIn
from pfms_ledger.api.transaction_list import NarrowedQuery, Transactions, page_of
from pfms_ledger.api.transactions import Tags, TransactionOut, answered
from pfms_ledger.domain.transaction import Entered, Split
from pfms_ledger.operations import transactions as operations
from pfms_ledger.operations.drafts import Draft
from pfms_ledger.operations.quick_entry import account_for
from pfms_ledger.operations.recording import Ledger

router = APIRouter(tags=["Quick entry"], route_class=StrictRoute)


class _EntryIn(DetailsIn):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    date: Day | None = Field(None, description="by default today in the book's zone")
    account_id: Id | None = Field(
        None, description="by default the book's default account, or the only open one on the budget"
    )
    category_id: Id | None = Field(None, description="null: uncategorised")
    payee: Name | None = Field(None, description="a new name makes a payee", examples=["Blue Bottle Coffee"])
    note: Text | None = None
    tags: Tags = Field(default_factory=list)
    source: Entered = Field(
        "manual", description="manual, voice or ai; what the service records itself has other sources"
    )


class ExpenseIn(_EntryIn):
    amount_minor: Minor = Field(
        gt=0,
        description="what was spent, positive, in minor units of the account's currency",
        examples=[1250],
    )


class IncomeIn(_EntryIn):
    amount_minor: Minor = Field(
        gt=0,
        description="what came in, positive, in minor units of the account's currency",
        examples=[320_000],
    )
    counts_next_period: bool = Field(default=False, description="it is for the next month's budget")


@router.post("/expenses", status_code=201, response_model=TransactionOut, summary="Record an expense")
async def create_expense(body: ExpenseIn, principal: Editor, ledger: LedgerDep, claim: MustClaim) -> Response:
    """The answer is the transaction: its amount is negative there."""
    draft = await _draft(ledger, principal, body, -body.amount_minor)
    return answered(principal, await operations.create(ledger, principal, draft, claim))


@router.post("/income/transactions", status_code=201, response_model=TransactionOut, summary="Record income")
async def create_income(body: IncomeIn, principal: Editor, ledger: LedgerDep, claim: MustClaim) -> Response:
    draft = await _draft(ledger, principal, body, body.amount_minor)
    draft = replace(draft, counts_next_period=body.counts_next_period)
    return answered(principal, await operations.create(ledger, principal, draft, claim))


@router.get("/expenses", response_model=Transactions, summary="List expenses, newest first")
async def list_expenses(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    query: Annotated[NarrowedQuery, Depends(from_query(NarrowedQuery))],
) -> Response:
    """Standard transactions with a negative amount; `GET /transactions` lists all."""
    return await page_of(principal, ledger, cursors, query, "expense")


@router.get("/income/transactions", response_model=Transactions, summary="List income, newest first")
async def list_income(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    query: Annotated[NarrowedQuery, Depends(from_query(NarrowedQuery))],
) -> Response:
    """Standard transactions with a positive amount; `GET /transactions` lists all."""
    return await page_of(principal, ledger, cursors, query, "income")


async def _draft(ledger: Ledger, principal: Principal, body: _EntryIn, amount_minor: int) -> Draft:
    book_id = principal.book_id
    return Draft(
        type="standard",
        date=body.date or await ledger.today_in(book_id),
        amount_minor=amount_minor,
        status="cleared",
        id=body.id,
        account_id=body.account_id or await account_for(ledger, book_id),
        payee=body.payee,
        note=body.note,
        splits=(Split(amount_minor, body.category_id),),
        tags=tuple(body.tags),
        details=body.details(),
        origin=body.source,
    )
