"""GET /transactions: a filtered list, newest first, and its totals."""

from dataclasses import fields, replace
from datetime import date
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from pfms_common.input import MAX_MINOR, Day, Id, Month, Output, QueryInput, clean_text
from pfms_common.pagination import DEFAULT_LIMIT, MAX_LIMIT, Cursors
from pfms_common.period import month as period_of
from pfms_common.principal import Principal
from pfms_common.problem import Invalid
from pfms_common.web import StrictRoute, Viewer, from_query
from pfms_ledger.api.deps import CursorsDep, LedgerDep
from pfms_ledger.api.transactions import TransactionOut
from pfms_ledger.domain.details import PaymentMethod
from pfms_ledger.domain.searched import words_of
from pfms_ledger.domain.transaction import Status, Type
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import transactions as queries
from pfms_ledger.queries.tags import spelt
from pfms_ledger.queries.totals import Total, totals

router = APIRouter(prefix="/transactions", tags=["Transactions"], route_class=StrictRoute)


Amount = Annotated[int, Field(ge=-MAX_MINOR, le=MAX_MINOR)]
# Constraints stand before validators: behind them their messages would speak of items.
Word = Annotated[str, StringConstraints(max_length=60), BeforeValidator(clean_text)]


def _has_words(text: str) -> str:
    if not words_of([text]):
        raise ValueError("must hold a letter or a digit")
    return text


Search = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_has_words),
    BeforeValidator(clean_text),
]


class TotalOut(Output):
    """Sums over the matching splits where a category is asked for, over the account's side where an account is, and
    else over whole transactions, of which transfers are counted but neither income nor outflow.
    """

    currency: str = Field(examples=["EUR"])
    count: int = Field(description="transactions", examples=[12])
    sum_in_minor: int = Field(description="minor units of `currency`, never negative", examples=[250_000])
    sum_out_minor: int = Field(description="minor units of `currency`, never negative", examples=[81_250])


class Transactions(Output):
    items: list[TransactionOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")
    total: int | None = Field(None, description="with include=total or totals: how many match")
    totals: list[TotalOut] | None = Field(None, description="with include=totals: sums of all that match")


class NarrowedQuery(QueryInput):
    account_id: Id | None = Field(None, description="one account's register, with a running balance")
    pot_id: Id | None = Field(None, description="what moved money in or out of one pot")
    category_id: Id | None = Field(None, description="with everything below it")
    category_key: Word | None = Field(None, examples=["groceries"])
    payee_id: Id | None = None
    tag: Word | None = Field(
        None, description="on the transaction or on a split, in any case", examples=["holiday"]
    )
    status: Status | None = None
    type: Type | None = None
    source: Word | None = Field(None, examples=["import"])
    payment_method: PaymentMethod | None = Field(None, description="how it was paid", examples=["cash"])
    income_source_id: Id | None = Field(None, description="income of one source")
    import_id: Id | None = None
    amount_from: Amount | None = Field(None, description="signed minor units, inclusive")
    amount_to: Amount | None = Field(None, description="signed minor units, inclusive")
    from_: Day | None = Field(None, alias="from", description="inclusive")
    to: Day | None = Field(None, description="inclusive; not before `from`")
    month: Month | None = Field(
        None, description="instead of from and to, and never with them", examples=["2026-11"]
    )
    shared: bool | None = Field(None, description="true: others owe parts of it; false: nobody does")
    uncategorised: bool = Field(default=False, description="with a part that has no category")
    has_attachment: bool | None = Field(None, description="with a file attached, or without")
    q: Search | None = Field(
        None,
        description="words that all stand in payee, description, note, memos or tags, regardless of case and accents",
        examples=["blue bottle"],
    )
    include: Literal["total", "totals"] | None = Field(
        None, description="total: count what matches; totals: also what came in and went out, by currency"
    )
    limit: int = Field(
        DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="items on a page", examples=[DEFAULT_LIMIT]
    )
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before")

    def filter(self) -> queries.Filter:
        if self.month is not None and (self.from_ is not None or self.to is not None):
            raise Invalid(
                "The days are said twice: by month, and by from or to.",
                errors={"month": ["goes without from and to"]},
            )
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise Invalid("The last day is before the first.", errors={"to": ["must not be before `from`"]})
        named = self.model_dump(include=_FILTERS)
        period = period_of(self.month) if self.month is not None else None
        first, last = (period.first, period.last) if period else (self.from_, self.to)
        return queries.Filter(first=first, last=last, **named)


class TransactionsQuery(NarrowedQuery):
    kind: Literal["expense", "income"] | None = Field(
        None, description="standard transactions alone, by the sign of their amount"
    )


_FILTERS = {field.name for field in fields(queries.Filter)} & set(NarrowedQuery.model_fields)


@router.get("", response_model=Transactions, summary="List transactions, newest first")
async def list_transactions(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    query: Annotated[TransactionsQuery, Depends(from_query(TransactionsQuery))],
) -> Response:
    return await page_of(principal, ledger, cursors, query, query.kind)


async def page_of(
    principal: Principal,
    ledger: Ledger,
    cursors: Cursors,
    query: NarrowedQuery,
    kind: Literal["expense", "income"] | None,
) -> Response:
    """A page of the list, of one kind where it is said."""
    wanted = replace(query.filter(), kind=kind)
    bound = (principal.book_id, "transactions", [str(wanted), query.tag])
    if query.tag is not None:
        wanted = replace(wanted, tags=tuple(await spelt(ledger.facts.pool, principal.book_id, query.tag)))
    after = None
    if query.cursor is not None:
        day, number = cursors.read(*bound, query.cursor)
        after = (date.fromisoformat(day), number)
    page = await queries.page(
        ledger.facts.pool,
        principal.book_id,
        wanted,
        limit=query.limit,
        after=after,
        with_total=query.include == "total",
    )
    next_cursor = cursors.write(*bound, list(page.last)) if page.last else None
    tail: dict[str, Any] = {"next_cursor": next_cursor}
    if page.total is not None:
        tail["total"] = page.total
    if query.include == "totals":
        sums = await totals(ledger.facts.pool, principal.book_id, wanted)
        tail |= {"total": sums.count, "totals": [_exact(each) for each in sums.by_currency]}
    body = b'{"items": [' + page.items + b"], " + orjson.dumps(tail)[1:]
    return Response(body, media_type="application/json")


def _exact(sums: Total) -> dict[str, Any]:
    """A sum may be wider than 64 bits, which orjson does not write."""
    wide = {name: orjson.Fragment(str(getattr(sums, name))) for name in ("sum_in_minor", "sum_out_minor")}
    return {"currency": sums.currency, "count": sums.count, **wide}
