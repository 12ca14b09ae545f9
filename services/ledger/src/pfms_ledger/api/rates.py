"""/rates: what one currency was worth in another on a day, by hand or from a file."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, model_validator

from pfms_common.idempotency import Answer
from pfms_common.ids import new_id
from pfms_common.input import Day, Id, Input, Output, QueryInput
from pfms_common.pagination import DEFAULT_LIMIT, MAX_LIMIT
from pfms_common.web import (
    Claimed,
    Editor,
    IfMatch,
    StrictRoute,
    Tx,
    Viewer,
    answer,
    check_version,
    found,
    from_query,
)
from pfms_ledger.api.accounts import CurrencyCode
from pfms_ledger.api.deps import CursorsDep, DeletedVersion, LedgerDep, answer_of, gone, written
from pfms_ledger.api.transaction_details import RateText
from pfms_ledger.api.uploads import claim_of, read_form, upload_body
from pfms_ledger.operations import rates as operations
from pfms_ledger.operations.rate_table import MOST_ROWS, read_rates
from pfms_ledger.queries import rates as queries

router = APIRouter(prefix="/rates", tags=["Rates"], route_class=StrictRoute)

MOST_BYTES = 512 * 1024


class RateIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    base: Annotated[CurrencyCode, Field(description="the currency of which one unit is priced")]
    quote: Annotated[CurrencyCode, Field(description="the currency it is priced in", examples=["USD"])]
    date: Day = Field(description="the first day it holds; it holds until the next one")
    rate: RateText = Field(description="one unit of `base` in `quote`, as decimal text")

    @model_validator(mode="after")
    def _two(self) -> "RateIn":
        if self.base == self.quote:
            raise ValueError("base and quote must differ")
        return self


class RateChange(Input):
    rate: RateText = Field(description="one unit of `base` in `quote`, as decimal text")
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class RateOut(Output):
    id: UUID
    base: str = Field(examples=["EUR"])
    quote: str = Field(examples=["USD"])
    date: date
    rate: str = Field(description="one unit of `base` in `quote`, as decimal text", examples=["1.0842"])
    source: str = Field(description="manual or file", examples=["manual"])
    version: int = Field(examples=[1])


class RatesPage(Output):
    items: list[RateOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class RateError(Output):
    row: int = Field(description="counted from 1, a header line aside", examples=[3])
    message: str = Field(examples=["base and quote must differ"])


class RatesBrought(Output):
    rows_set: int = Field(description="rates that are new or changed", examples=[250])
    rows_unchanged: int = Field(description="rates that stood there so already", examples=[0])
    errors: list[RateError] = Field(description="rows that were left out")


class RatesQuery(QueryInput):
    base: CurrencyCode | None = None
    quote: CurrencyCode | None = None
    from_: Day | None = Field(None, alias="from", description="inclusive")
    to: Day | None = Field(None, description="inclusive")
    limit: int = Field(
        DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="items on a page", examples=[DEFAULT_LIMIT]
    )
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before")


@router.post("", status_code=201, response_model=RateOut, summary="Set the rate of a day")
async def create_rate(body: RateIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    """It holds for its day and all later ones up to the next; also the other way round, so a pair that has a rate of
    the day in either direction is 409. Transactions that it makes worth something else in the book's currency are
    told anew.
    """
    await ledger.check_day(principal.book_id, body.date)
    rate = operations.DatedRate(body.id or new_id(), body.base, body.quote, body.date, body.rate, "manual")
    made = answer_of(
        _out(rate, 1).model_dump_json(), version=1, status=201, location=f"/api/v1/rates/{rate.id}"
    )
    return written(principal, made, await operations.create(ledger, principal, rate, claim, made))


@router.get("", response_model=RatesPage, summary="List rates, newest first")
async def list_rates(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    query: Annotated[RatesQuery, Depends(from_query(RatesQuery))],
) -> Response:
    wanted = queries.Wanted(query.base, query.quote, query.from_, query.to)
    bound = (principal.book_id, "rates", [str(wanted)])
    after = None
    if query.cursor is not None:
        day, base, quote = cursors.read(*bound, query.cursor)
        after = (date.fromisoformat(day), base, quote)
    rows = await queries.listed(
        ledger.facts.pool, principal.book_id, wanted, after=after, limit=query.limit + 1
    )
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    next_cursor = cursors.write(*bound, [last.date, last.base, last.quote]) if last else None
    items = [RateOut.model_validate(row) for row in rows[: query.limit]]
    return answer(RatesPage(items=items, next_cursor=next_cursor))


_FILE = upload_body(
    "CSV in UTF-8 with a header line that names the columns date, base, quote and rate, or without one and with these"
    f" four in this order; at most {MOST_ROWS} rows and {MOST_BYTES // 1024} KiB"
)


@router.post(
    "/upload", response_model=RatesBrought, summary="Set many rates from a file", openapi_extra=_FILE
)
async def upload_rates(request: Request, principal: Editor, ledger: LedgerDep) -> Response:
    """Rows such as `2026-11-20,EUR,USD,1.0842`, over what is set already; a row that can't be read is left out and
    named, and so is one whose pair and day a later row sets, or are set the other way round.
    """
    form = await read_form(request, most=MOST_BYTES, fields=frozenset())
    try:
        claim = await claim_of(request, principal, form, "/rates/upload")
        form.file.seek(0)
        table = read_rates(form.file.read())
    finally:
        await form.data.close()

    def made(new: int, unchanged: int, left_out: Mapping[int, str]) -> Answer:
        wrong = sorted({**table.errors, **left_out}.items())
        errors = [RateError(row=row, message=message) for row, message in wrong]
        out = RatesBrought(rows_set=new, rows_unchanged=unchanged, errors=errors)
        return Answer(200, {}, out.model_dump_json().encode())

    return written(principal, *await operations.bring(ledger, principal, table.rates, claim, made))


@router.get("/{rate_id}", response_model=RateOut, summary="One rate")
async def get_rate(rate_id: Id, principal: Viewer, tx: Tx) -> Response:
    row = found(await queries.one(tx, principal.book_id, rate_id), "rate")
    return answer(RateOut.model_validate(row), version=row.version)


@router.put("/{rate_id}", response_model=RateOut, summary="Change a rate")
async def change_rate(
    rate_id: Id, body: RateChange, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    """Pair and day stay; transactions that become worth something else are told anew."""
    rate, version, result = await operations.change(
        ledger, principal, rate_id, body.rate, lambda v: check_version(v, if_match, body.version)
    )
    return written(principal, answer_of(_out(rate, version).model_dump_json(), version=version), result)


@router.delete("/{rate_id}", status_code=204, summary="Remove a rate")
async def delete_rate(
    rate_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """The rate before it holds on; without any, amounts are unconverted."""
    result = await operations.delete(
        ledger, principal, rate_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _out(rate: operations.DatedRate, version: int) -> RateOut:
    return RateOut(**{name: getattr(rate, name) for name in operations.DatedRate.__slots__}, version=version)
