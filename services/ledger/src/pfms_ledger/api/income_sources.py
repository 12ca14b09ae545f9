"""/income/sources: where income comes from."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_common.ids import new_id
from pfms_common.input import Id, Input, Minor, Name, Output, Text
from pfms_common.web import Claimed, Editor, IfMatch, StrictRoute, Tx, Viewer, answer, check_version, found
from pfms_ledger.api.accounts import CurrencyCode
from pfms_ledger.api.deps import (
    DeletedVersion,
    IncludeInactive,
    LedgerDep,
    answer_of,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.domain.income import Frequency, SourceType
from pfms_ledger.operations import income_sources as operations
from pfms_ledger.queries import income_sources as queries

router = APIRouter(prefix="/income/sources", tags=["Income"], route_class=StrictRoute)

Usual = Annotated[
    Minor,
    Field(
        gt=0,
        description="what usually arrives each time, in minor units; null: it varies",
        examples=[320_000],
    ),
]


class IncomeSourceIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(description="what you call it", examples=["Acme"])
    type: SourceType = Field(description="what kind of income it is", examples=["salary"])
    amount_minor: Usual | None = None
    currency: CurrencyCode
    frequency: Frequency = Field("monthly", description="how often it comes", examples=["monthly"])
    note: Text | None = Field(None, description="for yourself")


class IncomeSourcePatch(Input):
    name: Name | None = Field(None, description="what you call it", examples=["Acme"])
    type: SourceType | None = Field(None, description="what kind of income it is", examples=["salary"])
    amount_minor: Usual | None = None
    currency: CurrencyCode | None = None
    frequency: Frequency | None = Field(None, description="how often it comes", examples=["monthly"])
    is_active: bool | None = Field(None, description="false leaves it out of pickers and of new transactions")
    note: Text | None = Field(None, description="for yourself")
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class IncomeSourceOut(Output):
    id: UUID
    name: str = Field(examples=["Acme"])
    type: str = Field(examples=["salary"])
    amount_minor: int | None = Field(
        description="what usually arrives each time, in minor units of `currency`", examples=[320_000]
    )
    currency: str = Field(examples=["EUR"])
    frequency: str = Field(examples=["monthly"])
    is_active: bool
    note: str | None
    version: int = Field(examples=[1])


class IncomeSources(Output):
    items: list[IncomeSourceOut]
    next_cursor: None = Field(None, description="a book's sources fit on one page")


@router.post("", status_code=201, response_model=IncomeSourceOut, summary="Make an income source")
async def create_income_source(
    body: IncomeSourceIn, principal: Editor, ledger: LedgerDep, claim: Claimed
) -> Response:
    """Income may name it as `income_source_id`. An active source's name is taken, regardless of case: 409."""
    source = operations.IncomeSource(**{**body.model_dump(), "id": body.id or new_id()})
    made = answer_of(
        _out(source, 1).model_dump_json(),
        version=1,
        status=201,
        location=f"/api/v1/income/sources/{source.id}",
    )
    return written(principal, made, await operations.create(ledger.journal, principal, source, claim, made))


@router.get("", response_model=IncomeSources, summary="List income sources")
async def list_income_sources(
    principal: Viewer, tx: Tx, *, include_inactive: IncludeInactive = False
) -> Response:
    rows = await queries.listed(tx, principal.book_id, include_inactive=include_inactive)
    return answer(IncomeSources(items=[IncomeSourceOut.model_validate(row) for row in rows]))


@router.get("/{income_source_id}", response_model=IncomeSourceOut, summary="One income source")
async def get_income_source(income_source_id: Id, principal: Viewer, tx: Tx) -> Response:
    row = found(await queries.get(tx, principal.book_id, income_source_id), "income source")
    return answer(IncomeSourceOut.model_validate(row), version=row.version)


@router.patch("/{income_source_id}", response_model=IncomeSourceOut, summary="Change an income source")
async def change_income_source(
    income_source_id: Id, body: IncomeSourcePatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(changes, ("name", "type", "currency", "frequency", "is_active"))
    source, version, result = await operations.change(
        ledger.journal,
        principal,
        income_source_id,
        changes,
        lambda v: check_version(v, if_match, body.version),
    )
    return written(principal, answer_of(_out(source, version).model_dump_json(), version=version), result)


@router.delete("/{income_source_id}", status_code=204, summary="Delete an income source that nothing names")
async def delete_income_source(
    income_source_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """Where transactions name it the answer is 409: deactivate it instead."""
    result = await operations.delete(
        ledger.journal, principal, income_source_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


def _out(source: operations.IncomeSource, version: int) -> IncomeSourceOut:
    fields = {name: getattr(source, name) for name in operations.IncomeSource.__slots__}
    return IncomeSourceOut(**fields, version=version)
