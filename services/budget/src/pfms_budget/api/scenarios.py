"""/forecast/scenarios: what would be if something came or went, or a plan did not."""

from collections.abc import Sequence
from datetime import date as date_
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Response
from pydantic import Field

from pfms_budget.api.deps import DeletedVersion, ReadDep, ReaderDep, Version, WriteDep
from pfms_budget.api.forecast import AccountId, Days, Threshold, kept_answer, projection
from pfms_budget.api.forecast_models import ProjectionOut
from pfms_budget.domain.outlook import Known, Outlook
from pfms_budget.domain.scenario import Item, Scenario, applied
from pfms_budget.operations import scenarios as operations
from pfms_budget.queries import scenarios as queries
from pfms_common.ids import new_id
from pfms_common.input import Day, Id, Input, Minor, Name, Output, Text
from pfms_common.problem import Invalid
from pfms_common.web import Claimed, IfMatch, StrictRoute, answer, check_version, found

router = APIRouter(prefix="/forecast/scenarios", tags=["Forecast"], route_class=StrictRoute)


class ItemIn(Input):
    name: Name = Field(description="what it is", examples=["New flat"])
    account_id: Id = Field(description="where the money would come to, or leave")
    amount_minor: Minor = Field(
        description="in minor units of the account's currency; below zero it goes", examples=[-95_000]
    )
    start: Day = Field(description="the day, or the first of them", examples=["2026-12-01"])
    rrule: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="RFC 5545, days and longer; null: once, on `start`", examples=["FREQ=MONTHLY"]
    )
    end: Day | None = Field(None, description="the last day that there may be", examples=["2027-12-01"])
    category_id: Id | None = Field(None, description="what it would be spent on")


Items = Annotated[
    tuple[ItemIn, ...], Field(strict=False, max_length=50, description="what would come and go")
]
Without = Annotated[
    tuple[Id, ...], Field(strict=False, max_length=100, description="plans that are left out")
]


class ScenarioIn(Input):
    name: Name = Field(description="what you call it", examples=["We move"])
    note: Text | None = Field(None, description="for yourself")
    items: Items = ()
    without_plan_ids: Without = ()


class ScenarioPatch(Input):
    name: Name | None = Field(None, description="what you call it", examples=["We move"])
    note: Text | None = Field(None, description="for yourself")
    items: Items | None = Field(None, description="all of them, in place of those that were there")
    without_plan_ids: Without | None = Field(None, description="all of them")
    version: Version = None


class ItemOut(Output):
    id: UUID
    name: str = Field(examples=["New flat"])
    account_id: UUID
    amount_minor: int = Field(description="in minor units of the account's currency", examples=[-95_000])
    start: date_
    rrule: str | None = Field(description="null: once", examples=["FREQ=MONTHLY"])
    end: date_ | None
    category_id: UUID | None


class ScenarioOut(Output):
    id: UUID
    name: str = Field(examples=["We move"])
    note: str | None
    items: list[ItemOut]
    without_plan_ids: list[UUID] = Field(description="plans that are left out")
    version: int = Field(examples=[1])


class Scenarios(Output):
    items: list[ScenarioOut] = Field(description="by name")
    next_cursor: None = Field(None, description="a book's scenarios fit on one page")


class ComparedDayOut(Output):
    date: date_ = Field(examples=["2026-12-01"])
    balance_minor: int = Field(description="in the scenario, minor units", examples=[117_345])
    other_balance_minor: int = Field(description="in the other one, minor units", examples=[212_345])
    difference_minor: int = Field(description="balance less other balance, minor units", examples=[-95_000])


class ComparisonOut(Output):
    currency: str = Field(description="the book's", examples=["EUR"])
    scenario_id: UUID
    other_id: UUID | None = Field(description="null: the forecast as it is")
    difference_minor: int = Field(description="at the end of the last day, minor units", examples=[-285_000])
    days: list[ComparedDayOut]


@router.post("", status_code=201, response_model=ScenarioOut, summary="Make a scenario")
async def create_scenario(body: ScenarioIn, write: WriteDep, claim: Claimed) -> Response:
    """It changes nothing but its own projection."""

    async def run() -> Response:
        scenario = Scenario(new_id(), body.name, body.note, _items(body.items), body.without_plan_ids)
        made = await operations.create(write.work, scenario)
        location = f"/api/v1/forecast/scenarios/{made.id}"
        return answer(ScenarioOut.model_validate(made), version=1, status=201, headers={"Location": location})

    return await write.once(claim, run)


@router.get("", response_model=Scenarios, summary="List scenarios")
async def list_scenarios(read: ReadDep) -> Response:
    rows = await queries.of_book(read.connection, read.book_id)
    return answer(Scenarios(items=[ScenarioOut.model_validate(row) for row in rows]))


@router.get("/{scenario_id}", response_model=ScenarioOut, summary="One scenario")
async def get_scenario(scenario_id: Id, read: ReadDep) -> Response:
    row = found(await queries.one(read.connection, read.book_id, scenario_id), "scenario")
    return answer(ScenarioOut.model_validate(row), version=row.version)


@router.patch("/{scenario_id}", response_model=ScenarioOut, summary="Change a scenario")
async def change_scenario(
    scenario_id: Id, body: ScenarioPatch, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    fields = {name: getattr(body, name) for name in body.model_fields_set - {"version"}}
    if wrong := {
        name: ["must not be null"] for name, value in fields.items() if value is None and name != "note"
    }:
        raise Invalid(f"{', '.join(wrong)} must not be null.", errors=wrong)
    if "items" in fields:
        fields["items"] = _items(fields["items"])

    async def run() -> Response:
        row = await operations.change(
            write.work, scenario_id, fields, lambda v: check_version(v, if_match, body.version)
        )
        return answer(ScenarioOut.model_validate(row), version=row.version)

    return await write.once(claim, run)


@router.delete("/{scenario_id}", status_code=204, summary="Delete a scenario")
async def delete_scenario(
    scenario_id: Id, write: WriteDep, if_match: IfMatch, claim: Claimed, version: DeletedVersion = None
) -> Response:
    async def run() -> Response:
        await operations.delete(write.work, scenario_id, lambda v: check_version(v, if_match, version))
        return Response(status_code=204)

    return await write.once(claim, run)


@router.get("/{scenario_id}/projection", response_model=ProjectionOut, summary="Balances in a scenario")
async def get_scenario_projection(
    scenario_id: Id,
    reader: ReaderDep,
    days: Days = 30,
    account_id: AccountId = None,
    threshold_minor: Threshold = 0,
) -> Response:
    """As GET /forecast/projection, with the items of the scenario and without the plans that it leaves out."""

    async def make(known: Known, connection: asyncpg.Connection) -> Output:
        scenario = found(await queries.one(connection, reader.book_id, scenario_id), "scenario")
        return projection(reader, Outlook(applied(known, scenario), days), account_id, threshold_minor)

    return await kept_answer(
        reader, f"scenario.{scenario_id}", [days, account_id, threshold_minor], days, make
    )


@router.get(
    "/{scenario_id}/comparison", response_model=ComparisonOut, summary="Two scenarios beside each other"
)
async def compare_scenarios(
    scenario_id: Id,
    reader: ReaderDep,
    days: Days = 30,
    other_id: Annotated[Id | None, Query(description="by default the forecast as it is")] = None,
) -> Response:
    """The total of the accounts on the budget, day by day."""

    async def make(known: Known, connection: asyncpg.Connection) -> Output:
        one = found(await queries.one(connection, reader.book_id, scenario_id), "scenario")
        other = (
            found(await queries.one(connection, reader.book_id, other_id), "scenario") if other_id else None
        )
        return _compared(known, days, one, other)

    return await kept_answer(reader, f"comparison.{scenario_id}", [days, other_id], days, make)


def _compared(known: Known, days: int, one: Scenario, other: Scenario | None) -> ComparisonOut:
    ours = Outlook(applied(known, one), days).total()
    theirs = Outlook(applied(known, other) if other else known, days).total()
    rows = [
        ComparedDayOut(
            date=here.date,
            balance_minor=here.balance,
            other_balance_minor=there.balance,
            difference_minor=here.balance - there.balance,
        )
        for here, there in zip(ours, theirs, strict=True)
    ]
    return ComparisonOut(
        currency=known.base,
        scenario_id=one.id,
        other_id=other.id if other else None,
        difference_minor=rows[-1].difference_minor,
        days=rows,
    )


def _items(items: Sequence[ItemIn]) -> tuple[Item, ...]:
    return tuple(Item(id=new_id(), **item.model_dump()) for item in items)
