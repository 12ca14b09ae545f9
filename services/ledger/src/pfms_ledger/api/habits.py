"""/habits: what is given in to, how often, and what it costs."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, StringConstraints

from pfms_common.idempotency import Answer
from pfms_common.ids import new_id
from pfms_common.input import Day, Id, Input, Minor, Month, Name, Output, Quantity, Text
from pfms_common.period import month as period_of
from pfms_common.period import month_of, months, previous_month
from pfms_common.problem import Invalid
from pfms_common.web import (
    Claimed,
    Editor,
    IfMatch,
    MustClaim,
    StrictRoute,
    Viewer,
    answer,
    check_version,
    found,
)
from pfms_ledger.api.accounts import CurrencyCode
from pfms_ledger.api.deps import (
    CursorParam,
    CursorsDep,
    DeletedVersion,
    IncludeInactive,
    LedgerDep,
    Limit,
    answer_of,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.api.transaction_details import TIME
from pfms_ledger.domain import habit as rules
from pfms_ledger.operations import habits as operations
from pfms_ledger.queries import habits as queries

router = APIRouter(prefix="/habits", tags=["Habits"], route_class=StrictRoute)

MOST_MONTHS = 60
MOST_QUANTITY = 1_000_000


def _some(value: Decimal) -> Decimal:
    if not 0 < value <= MOST_QUANTITY:
        raise ValueError(f"must be above zero and at most {MOST_QUANTITY}")
    return value


Cost = Annotated[
    Minor, Field(gt=0, description="what one costs, in minor units of `currency`", examples=[450])
]
Percent = Annotated[
    int,
    Field(
        ge=0,
        le=100,
        description="how much less is meant each month, in percent of the month before",
        examples=[10],
    ),
]
Icon = Annotated[Name, Field(description="name of an icon", examples=["coffee"])]


class HabitIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(description="what you call it", examples=["Coffee"])
    unit_cost_minor: Cost
    currency: CurrencyCode
    icon: Icon | None = None
    target_reduction: Percent | None = None
    note: Text | None = Field(None, description="for yourself")


class HabitPatch(Input):
    name: Name | None = Field(None, description="what you call it", examples=["Coffee"])
    unit_cost_minor: Cost | None = Field(None, description="for what is logged from now on")
    icon: Icon | None = None
    target_reduction: Percent | None = None
    is_active: bool | None = Field(None, description="false puts it away; its logs stay")
    note: Text | None = Field(None, description="for yourself")
    version: int | None = Field(None, ge=1, description="the version you saw, where If-Match is not sent")


class HabitOut(Output):
    id: UUID
    name: str = Field(examples=["Coffee"])
    unit_cost_minor: int = Field(description="what one costs, in minor units of `currency`", examples=[450])
    currency: str = Field(examples=["EUR"])
    icon: str | None
    target_reduction: int | None = Field(description="percent of the month before", examples=[10])
    is_active: bool
    note: str | None
    total_quantity: str = Field(description="all that was logged, as decimal text", examples=["42"])
    total_cost_minor: int = Field(description="what all of it cost, in minor units", examples=[18_900])
    version: int = Field(description="rises with its own fields, not with its logs", examples=[1])


class Habits(Output):
    items: list[HabitOut]
    next_cursor: None = Field(None, description="a book's habits fit on one page")


class HabitExpenseIn(Input):
    account_id: Id | None = Field(None, description="by default as in quick entry")
    category_id: Id | None = Field(None, description="null: uncategorised")


class HabitLogIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    date: Day | None = Field(None, description="by default today in the book's zone")
    time: Annotated[str, StringConstraints(pattern=f"^{TIME}$")] | None = Field(
        None, description="HH:MM or HH:MM:SS", examples=["08:15"]
    )
    quantity: Annotated[Quantity, AfterValidator(_some)] = Field(
        Decimal(1), description="how many, as decimal text", examples=["1"]
    )
    note: Text | None = None
    expense: HabitExpenseIn | None = Field(None, description="posts what it cost as an expense as well")


class HabitLogOut(Output):
    id: UUID
    habit_id: UUID
    date: date
    time: str | None = Field(examples=["08:15"])
    quantity: str = Field(description="decimal text", examples=["1"])
    cost_minor: int = Field(description="in minor units of the habit's currency", examples=[450])
    note: str | None
    transaction_id: UUID | None = Field(description="the expense that was posted with it")
    version: int = Field(examples=[1])


class HabitLogs(Output):
    items: list[HabitLogOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


class HabitMonth(Output):
    month: str = Field(examples=["2026-11"])
    quantity: str = Field(description="decimal text", examples=["18"])
    cost_minor: int = Field(description="in minor units of the habit's currency", examples=[8_100])
    logs: int = Field(examples=[16])
    target_quantity: str | None = Field(
        description="at most as many were meant; null without a target or after a month without any",
        examples=["18.9"],
    )
    is_met: bool | None = Field(description="no more than that; of the running month so far")


class HabitMonths(Output):
    items: list[HabitMonth]


@router.post("", status_code=201, response_model=HabitOut, summary="Make a habit")
async def create_habit(body: HabitIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    habit = operations.Habit(**{**body.model_dump(), "id": body.id or new_id()})
    fields = {name: getattr(habit, name) for name in operations.Habit.__slots__}
    shown = HabitOut(**fields, version=1, total_quantity="0", total_cost_minor=0)
    made = answer_of(shown.model_dump_json(), version=1, status=201, location=f"/api/v1/habits/{habit.id}")
    return written(principal, made, await operations.create(ledger, principal, habit, claim, made))


@router.get("", response_model=Habits, summary="List habits")
async def list_habits(
    principal: Viewer, ledger: LedgerDep, *, include_inactive: IncludeInactive = False
) -> Response:
    rows = await queries.habits(ledger.facts.pool, principal.book_id, include_inactive=include_inactive)
    return answer(Habits(items=[HabitOut.model_validate(row) for row in rows]))


@router.get("/{habit_id}", response_model=HabitOut, summary="One habit")
async def get_habit(habit_id: Id, principal: Viewer, ledger: LedgerDep) -> Response:
    row = await _one(ledger, principal.book_id, habit_id)
    return answer(HabitOut.model_validate(row), version=row.version)


@router.patch("/{habit_id}", response_model=HabitOut, summary="Change a habit, or put it away")
async def change_habit(
    habit_id: Id, body: HabitPatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch
) -> Response:
    """What was logged keeps the cost that it had; the currency never changes."""
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    refuse_null(changes, ("name", "unit_cost_minor", "is_active"))
    after, result = await operations.change(
        ledger, principal, habit_id, changes, lambda v: check_version(v, if_match, body.version)
    )
    shown = HabitOut.model_validate(after).model_dump_json()
    return written(principal, answer_of(shown, version=after.version), result)


@router.delete("/{habit_id}", status_code=204, summary="Delete a habit without logs")
async def delete_habit(
    habit_id: Id, principal: Editor, ledger: LedgerDep, if_match: IfMatch, version: DeletedVersion = None
) -> Response:
    """With logs the answer is 409: put it away instead, or take them away first."""
    result = await operations.delete(
        ledger, principal, habit_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


@router.post("/{habit_id}/log", status_code=201, response_model=HabitLogOut, summary="Log one time")
async def log_habit(
    habit_id: Id, body: HabitLogIn, principal: Editor, ledger: LedgerDep, claim: MustClaim
) -> Response:
    """It costs its quantity times what one costs now. With `expense` that is posted in the same write."""
    expense = operations.Expense(**body.expense.model_dump()) if body.expense else None
    day = body.date or await ledger.today_in(principal.book_id)
    time = operations.Time(body.id, day, body.time, body.quantity, body.note, expense)

    def made(log: queries.Log) -> Answer:
        return answer_of(HabitLogOut.model_validate(log).model_dump_json(), version=1, status=201)

    return written(principal, *await operations.log(ledger, principal, habit_id, time, claim, made))


@router.get("/{habit_id}/log", response_model=HabitLogs, summary="What was logged, newest first")
async def list_habit_logs(
    habit_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    await _one(ledger, principal.book_id, habit_id)
    bound = (principal.book_id, "habit logs", [str(habit_id)])
    after = None
    if cursor is not None:
        day, log_id = cursors.read(*bound, cursor)
        after = (date.fromisoformat(day), UUID(log_id))
    rows = await queries.logs(ledger.facts.pool, principal.book_id, habit_id, after=after, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = cursors.write(*bound, [last.date, last.id]) if last else None
    items = [HabitLogOut.model_validate(row) for row in rows[:limit]]
    return answer(HabitLogs(items=items, next_cursor=next_cursor))


@router.delete("/{habit_id}/log/{log_id}", status_code=204, summary="Take a log away")
async def delete_habit_log(
    habit_id: Id,
    log_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """An expense that was posted with it stays; delete it as a transaction."""
    result = await operations.unlog(
        ledger, principal, habit_id, log_id, lambda v: check_version(v, if_match, version)
    )
    return gone(principal, result.number)


@router.get("/{habit_id}/months", response_model=HabitMonths, summary="What each month came to")
async def list_habit_months(
    habit_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    from_: Annotated[
        Month | None,
        Query(alias="from", description="by default eleven months before `to`", examples=["2026-01"]),
    ] = None,
    to: Annotated[
        Month | None, Query(description="by default this month in the book's zone", examples=["2026-11"])
    ] = None,
) -> Response:
    """Against the target: the month before less `target_reduction` percent."""
    habit = await _one(ledger, principal.book_id, habit_id)
    last = period_of(to) if to else month_of(await ledger.today_in(principal.book_id))
    first = period_of(from_) if from_ else last
    for _ in range(0 if from_ else 11):
        first = previous_month(first)
    wanted = months(first, last)
    if len(wanted) > MOST_MONTHS:
        raise Invalid(f"At most {MOST_MONTHS} months at once.", errors={"from": ["is too far away"]})
    sums = await queries.sums(
        ledger.facts.pool, principal.book_id, habit_id, previous_month(first).first, last.last
    )
    found_months = rules.months(sums, wanted, habit.target_reduction)
    return answer(HabitMonths(items=[_month(each) for each in found_months]))


def _month(month: rules.Month) -> HabitMonth:
    return HabitMonth(
        month=month.month,
        quantity=_text(month.quantity),
        cost_minor=month.cost_minor,
        logs=month.logs,
        target_quantity=None if month.target is None else _text(month.target),
        is_met=month.is_met,
    )


def _text(quantity: Decimal) -> str:
    return format(quantity.normalize(), "f")


async def _one(ledger: LedgerDep, book_id: UUID, habit_id: UUID) -> queries.Totalled:
    rows = await queries.habits(ledger.facts.pool, book_id, habit_id=habit_id)
    return found(rows[0] if rows else None, "habit")
