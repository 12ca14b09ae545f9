"""/budgets/{month}/explain: what a figure is made of, down to the transactions."""

from datetime import date
from datetime import date as date_
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from pfms_budget.api.deps import MonthDep, Reader, ReaderDep, stale_headers
from pfms_budget.domain.behind import Counted
from pfms_budget.domain.explained import Kind, Term
from pfms_budget.domain.figure import OF_LINE, OF_MONTH, figure
from pfms_budget.operations.explaining import Answer, Money, Place, explanation
from pfms_budget.queries.snapshot import snapshot
from pfms_common.input import Output
from pfms_common.pagination import DEFAULT_LIMIT, MAX_LIMIT
from pfms_common.web import StrictRoute, answer

router = APIRouter(prefix="/budgets", tags=["Budgets"], route_class=StrictRoute)

_MINOR = "in minor units of the book's currency, with the sign that it has in the sum"
_LINK = "/api/v1/budgets/2026-11/explain?figure=start"


class Converted(Output):
    account_id: UUID | None = Field(description="the account, where it is about one")
    date: date_ | None = Field(
        description="of the transaction, or the day of a balance", examples=["2026-11-03"]
    )
    ledger_amount_minor: int | None = Field(
        description="as the ledger has it: what moved on the account, or what it held; in minor units of `currency`",
        examples=[-1250],
    )
    currency: str | None = Field(description="of `ledger_amount_minor`", examples=["EUR"])
    rate: str | None = Field(
        description="what a unit of `currency` was in the book's, where the budget converted; null: it is the same"
        " currency, or the ledger says what the amount was worth",
        examples=["0.9213"],
    )
    rate_date: date_ | None = Field(description="the day that the rate is of", examples=["2026-11-02"])


class TermOut(Converted):
    kind: Kind = Field(
        description="`figure` has an explanation of its own; `limit`: what the rule takes away or gives"
    )
    name: str = Field(description="in words", examples=["start"])
    amount_minor: int = Field(description=_MINOR, examples=[100_000])
    figure: str | None = Field(description="of kind `figure`: its name", examples=["start"])
    month: str | None = Field(description="of kind `figure`: the month it is of", examples=["2026-11"])
    explain: str | None = Field(description="of kind `figure`: where it is explained", examples=[_LINK])
    allocation_id: UUID | None = Field(description="of kind `allocation`: its id")


class BehindOut(Converted):
    transaction_id: UUID = Field(description="the ledger's id")
    amount_minor: int = Field(description=f"what of it counts here, {_MINOR}", examples=[1250])


class BehindPage(Output):
    items: list[BehindOut] = Field(description="by day")
    page_total_minor: int = Field(description="of this page, minor units", examples=[1250])
    total_minor: int = Field(description="of all pages, minor units", examples=[35_000])
    next_cursor: str | None = Field(description="for the next page; null: this is the last")


class ExplanationOut(Output):
    month: str = Field(description="calendar month", examples=["2026-11"])
    figure: str = Field(description="as it was asked for", examples=["to_be_budgeted"])
    amount_minor: int = Field(
        description="the figure, in minor units of the book's currency", examples=[60_000]
    )
    rule: str = Field(
        description="what makes it, in words", examples=["brought along and allocated, less what was spent"]
    )
    source: str = Field(
        description="the budget's rule that makes it, by the name of its file", examples=["month"]
    )
    terms: list[TermOut] = Field(
        description="with `transactions.total_minor` they add up to `amount_minor`; no zeros"
    )
    transactions: BehindPage | None = Field(description="null where no transactions make it by themselves")


type _Bound = tuple[UUID, str, list[str]]


@router.get(
    "/{month}/explain",
    response_model=ExplanationOut,
    summary="What makes a figure",
)
async def explain_figure(
    period: MonthDep,
    reader: ReaderDep,
    name: Annotated[
        str,
        Query(
            alias="figure",
            max_length=100,
            description=f"of the month: {', '.join(OF_MONTH)}; of a line, each followed by `:` and the category's id,"
            f" the card's id, or `uncategorised`: {', '.join(OF_LINE)}",
            examples=["to_be_budgeted"],
        ),
    ] = "to_be_budgeted",
    limit: Annotated[
        int, Query(ge=1, le=MAX_LIMIT, description="transactions on a page", examples=[50])
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next_cursor` of the page before")
    ] = None,
) -> Response:
    """The sum that makes a figure of the month, exactly: other figures, each with a link to its own explanation,
    what was given by hand, balances of accounts, and the transactions behind it, by pages.
    """
    asked = figure(name)
    bound = (reader.book_id, "explain", [period.key, str(asked)])
    after = _place(reader, bound, cursor)
    stale = await reader.derived()
    async with snapshot(reader.resources.pool, reader.book_id) as connection:
        found = await explanation(connection, reader.book_id, period, asked, after, limit)
    body = {
        "month": period.key,
        "figure": str(asked),
        "amount_minor": found.explained.minor,
        "rule": found.explained.rule,
        "source": found.explained.source,
        "terms": [_term(term, found) for term in found.explained.terms],
        "transactions": _transactions(found, reader, bound),
    }
    return answer(ExplanationOut.model_validate(body), headers=stale_headers(stale))


def _place(reader: Reader, bound: _Bound, cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    day, key = reader.resources.cursors.read(*bound, cursor)
    return date.fromisoformat(day), UUID(key)


def _term(term: Term, found: Answer) -> dict[str, Any]:
    of = found.before if term.of_month_before and found.before else found.period
    account_id = None if term.kind is Kind.ALLOCATION else term.id
    return {
        "kind": term.kind,
        "name": term.name,
        "amount_minor": term.minor,
        "figure": str(term.figure) if term.figure else None,
        "month": of.key if term.figure else None,
        "explain": f"/api/v1/budgets/{of.key}/explain?figure={term.figure}" if term.figure else None,
        "allocation_id": term.id if term.kind is Kind.ALLOCATION else None,
        **_converted(account_id, term.day, term.held, found.money, is_converted=term.kind is Kind.BALANCE),
    }


def _converted(
    account_id: UUID | None, day: date | None, minor: int | None, money: Money, *, is_converted: bool
) -> dict[str, Any]:
    rate = money.rate(account_id, day) if account_id and day and is_converted else None
    return {
        "account_id": account_id,
        "date": day,
        "ledger_amount_minor": minor,
        "currency": money.currency(account_id) if account_id and minor is not None else None,
        "rate": _decimal(rate[1]) if rate else None,
        "rate_date": rate[0] if rate else None,
    }


def _decimal(rate: Fraction) -> str:
    """With ten digits after the point: what was told the other way round has no end."""
    return format((Decimal(rate.numerator) / rate.denominator).quantize(Decimal("1e-10")).normalize(), "f")


def _transactions(found: Answer, reader: Reader, bound: _Bound) -> dict[str, Any] | None:
    if found.page is None:
        return None
    more = found.page.next
    return {
        "items": [_behind(each, found.money) for each in found.page.counted],
        "page_total_minor": sum(each.minor for each in found.page.counted),
        "total_minor": found.explained.of_transactions,
        "next_cursor": reader.resources.cursors.write(*bound, list(more)) if more else None,
    }


def _behind(counted: Counted, money: Money) -> dict[str, Any]:
    told = counted.account_id, counted.day, counted.ledger_minor
    return {
        "transaction_id": counted.transaction_id,
        "amount_minor": counted.minor,
        **_converted(*told, money, is_converted=counted.is_converted),
    }
