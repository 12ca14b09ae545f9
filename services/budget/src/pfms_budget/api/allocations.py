"""/budgets/{month}/allocations and /allocations: what a month sets aside for each category."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema

from pfms_budget.api.deps import (
    CursorParam,
    DeletedVersion,
    Limit,
    MonthDep,
    ReadDep,
    ReaderDep,
    Version,
    Write,
    WriteDep,
)
from pfms_budget.domain.allocation import AllocationType, hundredths, percent_text
from pfms_budget.domain.rollover import Rollover
from pfms_budget.operations import allocations as operations
from pfms_budget.operations.allocations import Wanted
from pfms_budget.queries import allocations as queries
from pfms_budget.queries.allocations import Allocation
from pfms_common.input import MAX_MINOR, Id, Input, Minor, Output
from pfms_common.pagination import DEFAULT_LIMIT
from pfms_common.problem import Invalid
from pfms_common.web import Claimed, IfMatch, StrictRoute, answer, check_version, found
from pfms_service.history import History, versions

router = APIRouter(tags=["Allocations"], route_class=StrictRoute)

Type = Annotated[
    AllocationType,
    Field(strict=False, description="`fixed`: an amount; `percentage`: a share of the planned income"),
]


def _integer_or_text(value: Any) -> int | str:
    """One validator for both forms: a union would tell of each of them under a name of its own."""
    if type(value) is int or isinstance(value, str):
        return value
    raise ValueError('must be integer minor units, or a decimal in a string such as "12.50"')


Value = Annotated[
    int | str,
    PlainValidator(_integer_or_text),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
    Field(
        description="fixed: integer minor units, may be negative; percentage: a decimal in a string from 0 to"
        " 100 with at most two decimals",
        examples=[30_000, "12.50"],
    ),
]
Policy = Annotated[
    Rollover,
    Field(
        strict=False,
        description="what the category brings along from the month before: `none`, `surplus` (what was left),"
        " `deficit` (overspending) or `both`; holds from this month on",
    ),
]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class _Allocation(Input):
    allocation_type: Type
    allocation_value: Value
    rollover: Policy | None = Field(
        None, description="without it the policy last set for the category, else the book's default"
    )
    colour: Colour | None = Field(None, description="#rrggbb", examples=["#1c7ed6"])
    position: int = Field(0, ge=0, le=100_000, description="order in lists, lowest first")


class AllocationIn(_Allocation):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    category_id: Id = Field(description="an expense category, or a card's account, to pay it with")


class AllocationItem(AllocationIn):
    version: Version = Field(
        None, description="the version you saw, where the category has an allocation in this month"
    )


class AllocationList(Input):
    items: list[AllocationItem] = Field(min_length=1, max_length=500)


class AllocationPut(_Allocation):
    version: Version = None


class AllocationPatch(Input):
    allocation_type: Type | None = None
    allocation_value: Value | None = None
    rollover: Policy | None = None
    colour: Colour | None = None
    position: int | None = Field(None, ge=0, le=100_000)
    version: Version = None


class MoveIn(Input):
    from_category_id: Id = Field(description="the expense category, or the card's account, that gives")
    to_category_id: Id = Field(description="the expense category, or the card's account, that gets")
    amount_minor: Minor = Field(gt=0, description="minor units of the book's currency", examples=[2_500])


class AllocationOut(Output):
    id: UUID
    month: str = Field(examples=["2026-11"])
    category_id: UUID
    allocation_type: AllocationType
    allocation_value: int | str = Field(
        description="fixed: minor units; percentage: two decimals", examples=[30_000, "12.50"]
    )
    allocated_minor: int = Field(
        description="what it sets aside, in minor units; a percentage is rounded half-even once, when it is set",
        examples=[30_000],
    )
    rollover: Rollover
    colour: str | None
    position: int
    version: int = Field(examples=[1])


class Allocations(Output):
    items: list[AllocationOut]
    next_cursor: None = Field(None, description="a month's allocations fit on one page")


class Moved(Output):
    from_: AllocationOut = Field(alias="from", description="the allocation that gave")
    to: AllocationOut = Field(description="the allocation that got")


@router.get("/budgets/{month}/allocations", response_model=Allocations, summary="List a month's allocations")
async def list_allocations(period: MonthDep, read: ReadDep) -> Response:
    rows = await queries.of_month(read.connection, read.book_id, period.first)
    return answer(_list([row for row in rows if row.month == period.key]))


@router.post(
    "/budgets/{month}/allocations",
    status_code=201,
    response_model=AllocationOut,
    summary="Set money aside for a category",
)
async def create_allocation(
    period: MonthDep, body: AllocationIn, write: WriteDep, claim: Claimed
) -> Response:
    """One row per month and category: a second is 409 with the first one's `id`."""
    wanted = _wanted(body.category_id, body, body.id)

    async def run() -> Response:
        made = await operations.create(write.work, period, wanted)
        location = {"Location": f"/api/v1/allocations/{made.id}"}
        return answer(_out(made), status=201, version=made.version, headers=location)

    return await write.once(claim, run)


@router.put(
    "/budgets/{month}/allocations", response_model=Allocations, summary="Set several allocations at once"
)
async def set_allocations(
    period: MonthDep, body: AllocationList, write: WriteDep, claim: Claimed
) -> Response:
    """What the list names is made or replaced, all or nothing; other categories keep theirs. The shares of its
    percentages are rounded so that they add up exactly.
    """
    wanted = [
        _wanted(item.category_id, item, item.id, item.version, f"items.{n}.")
        for n, item in enumerate(body.items)
    ]

    async def run() -> Response:
        return answer(_list(await operations.set_together(write.work, period, wanted)))

    return await write.once(claim, run)


@router.post(
    "/budgets/{month}/apply-percentages",
    response_model=Allocations,
    summary="Make the amounts of all percentages anew",
)
async def apply_percentages(period: MonthDep, write: WriteDep, claim: Claimed) -> Response:
    """From the planned income as it is now; the shares add up exactly."""

    async def run() -> Response:
        return answer(_list(await operations.apply_percentages(write.work, period)))

    return await write.once(claim, run)


@router.post("/budgets/{month}/move", response_model=Moved, summary="Move money between categories")
async def move(period: MonthDep, body: MoveIn, write: WriteDep, claim: Claimed) -> Response:
    """Both allocations are fixed amounts after it; one that was not there is made."""

    async def run() -> Response:
        gave, got = await operations.move(
            write.work, period, body.from_category_id, body.to_category_id, body.amount_minor
        )
        return answer(Moved.model_validate({"from": _out(gave), "to": _out(got)}))

    return await write.once(claim, run)


@router.get("/allocations/{allocation_id}", response_model=AllocationOut, summary="One allocation")
async def get_allocation(allocation_id: Id, read: ReadDep) -> Response:
    row = found(await queries.get(read.connection, read.book_id, allocation_id), "allocation")
    return answer(_out(row), version=row.version)


@router.get(
    "/allocations/{allocation_id}/history", response_model=History, summary="Every change of an allocation"
)
async def allocation_history(
    allocation_id: Id, reader: ReaderDep, limit: Limit = DEFAULT_LIMIT, cursor: CursorParam = None
) -> Response:
    """Oldest first: what it was after each change, who made it and when. A deleted one keeps its history."""
    pool, cursors = reader.resources.pool, reader.resources.cursors
    return await versions(
        pool, cursors, reader.book_id, "allocation", allocation_id, limit=limit, cursor=cursor
    )


@router.put("/allocations/{allocation_id}", response_model=AllocationOut, summary="Replace an allocation")
async def replace_allocation(
    allocation_id: Id, body: AllocationPut, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    async def run() -> Response:
        return await _changed(
            write, allocation_id, lambda row: _wanted(row.category_id, body), if_match, body.version
        )

    return await write.once(claim, run)


@router.patch("/allocations/{allocation_id}", response_model=AllocationOut, summary="Change an allocation")
async def change_allocation(
    allocation_id: Id, body: AllocationPatch, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    """Another type needs another value with it."""
    given = body.model_fields_set - {"version"}
    wrong = {name: ["must not be null"] for name in given - {"colour"} if getattr(body, name) is None}
    if wrong:
        raise Invalid(f"{', '.join(wrong)} must not be null.", errors=wrong)

    async def run() -> Response:
        return await _changed(
            write, allocation_id, lambda row: _merged(row, body, given), if_match, body.version
        )

    return await write.once(claim, run)


@router.delete("/allocations/{allocation_id}", status_code=204, summary="Delete an allocation")
async def delete_allocation(
    allocation_id: Id, write: WriteDep, if_match: IfMatch, claim: Claimed, version: DeletedVersion = None
) -> Response:
    """Its money is to be budgeted again."""

    async def run() -> Response:
        await operations.delete(write.work, allocation_id, lambda v: check_version(v, if_match, version))
        return Response(status_code=204)

    return await write.once(claim, run)


async def _changed(
    write: Write,
    allocation_id: UUID,
    wish: Callable[[Allocation], Wanted],
    if_match: int | None,
    in_body: int | None,
) -> Response:
    row = await operations.change(
        write.work, allocation_id, wish, lambda v: check_version(v, if_match, in_body)
    )
    return answer(_out(row), version=row.version)


def _merged(row: Allocation, body: AllocationPatch, given: set[str]) -> Wanted:
    kind = body.allocation_type or row.type
    if body.allocation_value is not None:
        value = _value(kind, body.allocation_value)
    elif kind is row.type:
        value = row.allocated_minor if row.percentage is None else row.percentage
    else:
        raise Invalid(
            "Another type needs its value.", errors={"allocation_value": ["is needed with another type"]}
        )
    return Wanted(
        category_id=row.category_id,
        type=kind,
        value=value,
        rollover=body.rollover,
        colour=body.colour if "colour" in given else row.colour,
        position=row.position if body.position is None else body.position,
    )


def _wanted(
    category_id: UUID,
    body: _Allocation,
    new_id: UUID | None = None,
    version: int | None = None,
    path: str = "",
) -> Wanted:
    return Wanted(
        category_id=category_id,
        type=body.allocation_type,
        value=_value(body.allocation_type, body.allocation_value, path),
        rollover=body.rollover,
        colour=body.colour,
        position=body.position,
        id=new_id,
        version=version,
    )


def _value(kind: AllocationType, value: int | str, path: str = "") -> int:
    """Minor units of a fixed amount, hundredths of a percentage."""
    if kind is AllocationType.PERCENTAGE and isinstance(value, str):
        return hundredths(value)
    if kind is AllocationType.FIXED and isinstance(value, int) and abs(value) <= MAX_MINOR:
        return value
    must = (
        'a decimal in a string such as "12.50"'
        if kind is AllocationType.PERCENTAGE
        else "integer minor units"
    )
    message = f"must be {must} for a {kind} allocation"
    raise Invalid(f"{path}allocation_value {message}.", errors={f"{path}allocation_value": [message]})


def _list(rows: list[Allocation]) -> Allocations:
    return Allocations(items=[_out(row) for row in rows])


def _out(row: Allocation) -> AllocationOut:
    percentage = row.percentage
    return AllocationOut(
        id=row.id,
        month=row.month,
        category_id=row.category_id,
        allocation_type=row.type,
        allocation_value=(row.allocated_minor if percentage is None else percent_text(percentage)),
        allocated_minor=row.allocated_minor,
        rollover=row.rollover,
        colour=row.colour,
        position=row.position,
        version=row.version,
    )
