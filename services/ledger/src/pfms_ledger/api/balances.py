"""/balances and /net-worth: what accounts and pots held at the end of a day, accounts at that of each month."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field

from pfms_common.input import Day, Output
from pfms_common.web import StrictRoute, Viewer, answer
from pfms_ledger.api.accounts import currency_code
from pfms_ledger.api.deps import LedgerDep
from pfms_ledger.domain.net_worth import Worth, month_ends, net_worth
from pfms_ledger.domain.total import Amount
from pfms_ledger.operations import converting
from pfms_ledger.queries import balances as queries
from pfms_ledger.queries.net_worth import month_sums


def _target(value: object) -> object:
    try:
        return value if value == "base" else currency_code(value)
    except ValueError as error:
        raise ValueError("must be base, or an ISO 4217 code such as EUR") from error


router = APIRouter(tags=["Balances"], route_class=StrictRoute)


class BalanceOut(Output):
    account_id: UUID
    pot_id: UUID | None = Field(description="for what is in a pot of the account; null: the whole account")
    balance_minor: int = Field(description="minor units of `currency`", examples=[128_350])
    free_minor: int | None = Field(
        description="of an account: what is in none of its pots, in minor units; null for a pot",
        examples=[98_350],
    )
    currency: str = Field(examples=["EUR"])
    converted_minor: int | None = Field(
        None,
        description="with `currency` in the query: minor units of that one; null where no rate converts it",
        examples=[128_350],
    )


class UnconvertedOut(Output):
    account_id: UUID
    balance_minor: int = Field(description="minor units of `currency`", examples=[50_000])
    currency: str = Field(examples=["USD"])


class TotalOut(Output):
    currency: str = Field(examples=["EUR"])
    total_minor: int = Field(
        description="of all accounts that are converted, in minor units", examples=[128_350]
    )
    unconverted: list[UnconvertedOut] = Field(
        description="what no rate converts and the total therefore leaves out"
    )


class Balances(Output):
    as_of: date
    items: list[BalanceOut]
    total: TotalOut | None = Field(None, description="with `currency` in the query")


@router.get("/balances", response_model=Balances, summary="Balances at the end of any day")
async def balances(
    principal: Viewer,
    ledger: LedgerDep,
    as_of: Annotated[
        Day | None, Query(description="past or future; by default today in the book's zone")
    ] = None,
    currency: Annotated[
        Annotated[str, BeforeValidator(_target)] | None,
        Query(
            description="converts every balance at the day's rate and adds up; `base` is the book's currency",
            examples=["EUR"],
        ),
    ] = None,
) -> Response:
    """Opening balances and pending transactions included. Each account is followed by its pots. Without a rate
    nothing is converted.
    """
    book_id = principal.book_id
    day = as_of or await ledger.today_in(book_id)
    items = await queries.as_of(ledger.facts.pool, book_id, day)
    shown = [BalanceOut.model_validate(item) for item in items]
    if currency is None:
        body = Balances(as_of=day, items=shown).model_dump_json(
            exclude={"total": True, "items": {"__all__": {"converted_minor"}}}
        )
        return Response(body, media_type="application/json")
    amounts = [Amount(item.balance_minor, item.currency, item.pot_id is not None) for item in items]
    total = await converting.totalled(ledger, book_id, amounts, currency, day)
    for item, converted in zip(shown, total.converted, strict=True):
        item.converted_minor = converted
    unconverted = [
        UnconvertedOut.model_validate(item)
        for item in shown
        if item.converted_minor is None and item.pot_id is None
    ]
    out = TotalOut(currency=total.currency, total_minor=total.total_minor, unconverted=unconverted)
    return answer(Balances(as_of=day, items=shown, total=out))


class AccountWorth(Output):
    account_id: UUID
    balance_minor: int = Field(description="minor units of the item's currency", examples=[128_350])


class WorthOut(Output):
    date: date
    currency: str = Field(examples=["EUR"])
    assets_minor: int = Field(description="sum of the balances above zero", examples=[1_250_000])
    liabilities_minor: int = Field(
        description="sum of those below zero, as a positive amount", examples=[98_000]
    )
    net_worth_minor: int = Field(description="assets less liabilities", examples=[1_152_000])
    accounts: list[AccountWorth] = Field(description="accounts of this currency with anything posted by then")


class NetWorth(Output):
    from_: date = Field(alias="from")
    to: date
    interval: str = Field(examples=["month"])
    items: list[WorthOut] = Field(description="by date, then currency; no currency is converted")


@router.get("/net-worth", response_model=NetWorth, summary="Net worth at the end of each month")
async def net_worth_over_time(
    principal: Viewer,
    ledger: LedgerDep,
    from_: Annotated[
        Day | None,
        Query(alias="from", description="a day of the first month; by default eleven months before `to`"),
    ] = None,
    to: Annotated[
        Day | None, Query(description="the last day that is shown; by default today in the book's zone")
    ] = None,
    interval: Annotated[Literal["month"], Query(description="month: at the end of each month")] = "month",
) -> Response:
    """By account and currency, accounts off the budget and closed ones included; each item equals `/balances` as of
    its date.
    """
    last = to or await ledger.today_in(principal.book_id)
    first = from_ or last.replace(day=1, year=last.year - (last.month < 12), month=last.month % 12 + 1)
    days = month_ends(first, last)
    worth = net_worth(await month_sums(ledger.facts.pool, principal.book_id, last), days)
    items = [_worth(each) for each in worth]
    return answer(NetWorth.model_validate({"from": first, "to": last, "interval": interval, "items": items}))


def _worth(worth: Worth) -> WorthOut:
    accounts = [AccountWorth(account_id=one, balance_minor=minor) for one, minor in worth.balances.items()]
    return WorthOut(
        date=worth.date,
        currency=worth.currency,
        assets_minor=worth.assets_minor,
        liabilities_minor=worth.liabilities_minor,
        net_worth_minor=worth.net_worth_minor,
        accounts=accounts,
    )
