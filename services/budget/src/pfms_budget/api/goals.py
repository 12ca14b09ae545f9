"""/savings/goals: what a household saves for, and how far it is."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from pfms_budget.api.deps import DeletedVersion, ReadDep, Version, WriteDep
from pfms_budget.domain import goal as rule
from pfms_budget.domain.goal import AchievedBy, GoalKind, GoalStatus
from pfms_budget.operations import goals as operations
from pfms_budget.operations.evaluating import balances
from pfms_budget.operations.work import Work
from pfms_budget.queries import goals as queries
from pfms_budget.queries.goals import Goal
from pfms_common.currency import currency
from pfms_common.input import MAX_MINOR, Day, Id, Input, Name, Output, Text
from pfms_common.problem import Invalid
from pfms_common.web import Claimed, IfMatch, StrictRoute, answer, check_version, found

router = APIRouter(prefix="/savings/goals", tags=["Goals"], route_class=StrictRoute)

Kind = Annotated[
    GoalKind,
    Field(
        strict=False,
        description="`savings`; `spending_reduction`: what is not spent any more of `baseline_minor` a month;"
        " `emergency_fund`: enough for some months of essential spending",
    ),
]
Chosen = Annotated[
    GoalStatus,
    Field(strict=False, description="`active`, `paused` (never behind) or `cancelled`", examples=["active"]),
]
Positive = Annotated[int, Field(gt=0, le=MAX_MINOR, strict=True)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
NEVER_NULL = ("name", "status", "priority")


class _Goal(Input):
    target_minor: Positive | None = Field(
        None, description="minor units of the goal's currency; an emergency fund has none", examples=[100_000]
    )
    months: int | None = Field(
        None, ge=1, le=60, description="emergency fund: months of essential spending", examples=[3]
    )
    baseline_minor: Positive | None = Field(
        None, description="spending reduction: what a month took before, in minor units", examples=[40_000]
    )
    target_date: Day | None = Field(None, description="the day by which it is to be reached")
    pot_id: Id | None = Field(None, description="the pot whose balance counts; filled by transfers")
    category_id: Id | None = Field(
        None, description="the category whose available money counts; filled by allocating"
    )
    monthly_contribution_minor: Positive | None = Field(
        None, description="what is planned for each month, in minor units", examples=[10_000]
    )
    note: Text | None = Field(None, examples=["two weeks by the sea"])


class GoalIn(_Goal):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    name: Name = Field(examples=["Holidays"])
    kind: Kind = GoalKind.SAVINGS
    currency: Currency | None = Field(
        None, description="ISO 4217; without it the book's; a pot's goal is in the pot's", examples=["EUR"]
    )
    priority: int = Field(0, ge=0, le=1_000, description="lowest first among those of one date", examples=[0])


class GoalPatch(_Goal):
    name: Name | None = Field(None, examples=["Holidays"])
    status: Chosen | None = None
    priority: int | None = Field(None, ge=0, le=1_000, examples=[0])
    version: Version = None


class MilestoneOut(Output):
    percent: int = Field(description="of the target", examples=[25])
    reached_on: date | None = Field(description="the first time; null: not yet", examples=["2026-11-21"])


class ProgressOut(Output):
    current_minor: int = Field(
        description="what there is, in minor units of the goal's currency", examples=[25_000]
    )
    target_minor: int | None = Field(
        description="minor units; null: an emergency fund before there was any essential spending",
        examples=[100_000],
    )
    percent: int = Field(description="whole percent of the target, 0 to 100", examples=[25])
    required_minor: int | None = Field(
        description="what it takes each month until the target date, in minor units; null without a date",
        examples=[15_000],
    )
    pace_minor: int = Field(
        description="the planned monthly contribution, else what came each month since the goal began, in minor"
        " units",
        examples=[12_500],
    )
    projected_date: date | None = Field(
        description="when the target is reached at this pace; null: never", examples=["2027-05-21"]
    )
    is_on_track: bool | None = Field(
        description="whether that is by the target date; null without one", examples=[True]
    )
    is_achieved: bool = Field(examples=[False])
    achieved_by: AchievedBy | None = Field(
        description="`balance`, or `hand`: marked, whatever the balance does", examples=["balance"]
    )
    achieved_on: date | None = Field(
        description="since when, without a break; null: not achieved", examples=["2026-11-21"]
    )
    milestones: list[MilestoneOut]


class GoalOut(Output):
    id: UUID
    name: str = Field(examples=["Holidays"])
    kind: GoalKind
    status: GoalStatus = Field(description="as chosen; `completed`: active and achieved", examples=["active"])
    pause_reason: str | None = Field(
        description="`pot_deleted` or `category_deleted`: it was paused by itself, and goes on with another",
        examples=["pot_deleted"],
    )
    currency: str = Field(examples=["EUR"])
    target_minor: int | None = Field(
        description="as chosen, in minor units; null: it follows from `months`", examples=[100_000]
    )
    months: int | None = Field(description="months of essential spending", examples=[3])
    baseline_minor: int | None = Field(
        description="what a month took before, in minor units", examples=[40_000]
    )
    target_date: date | None = Field(examples=["2027-07-01"])
    pot_id: UUID | None
    category_id: UUID | None
    monthly_contribution_minor: int | None = Field(
        description="planned for each month, in minor units", examples=[10_000]
    )
    priority: int = Field(description="lowest first", examples=[0])
    note: str | None = Field(examples=["two weeks by the sea"])
    is_marked: bool = Field(description="achieved by hand", examples=[False])
    began_on: date = Field(examples=["2026-11-01"])
    version: int = Field(description="of what was chosen; progress has none here", examples=[1])
    progress: ProgressOut


class Goals(Output):
    items: list[GoalOut]
    next_cursor: None = Field(None, description="a book's goals fit on one page")


@router.get("", response_model=Goals, summary="List goals")
async def list_goals(
    read: ReadDep,
    status: Annotated[
        GoalStatus | None, Query(description="only those of this status", examples=["active"])
    ] = None,
) -> Response:
    """By target date, those without one last."""
    goals = await _with_progress(read, await queries.listed(read.connection, read.book_id))
    return answer(Goals(items=[goal for goal in goals if status in (None, goal.status)]))


@router.post("", status_code=201, response_model=GoalOut, summary="Set a goal")
async def create_goal(body: GoalIn, write: WriteDep, claim: Claimed) -> Response:
    """A pot or a category gives it its balance. Without either it is filled by contributions alone."""
    fields = body.model_dump()
    if body.currency is not None:
        _check_currency(body.currency)

    async def run() -> Response:
        goal = await operations.create(write.work, fields)
        location = {"Location": f"/api/v1/savings/goals/{goal.id}"}
        return await _answer(write.work, goal, status=201, headers=location)

    return await write.once(claim, run)


@router.get("/{goal_id}", response_model=GoalOut, summary="One goal")
async def get_goal(goal_id: Id, read: ReadDep) -> Response:
    return await _answer(read, found(await queries.get(read.connection, read.book_id, goal_id), "goal"))


@router.patch("/{goal_id}", response_model=GoalOut, summary="Change a goal")
async def change_goal(
    goal_id: Id, body: GoalPatch, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    """A goal that was paused because its pot or category is gone goes on with another: name that, and the status."""
    fields = body.model_dump(exclude_unset=True, exclude={"version"})
    wrong = {name: ["must not be null"] for name in NEVER_NULL if name in fields and fields[name] is None}
    if fields.get("status") is GoalStatus.COMPLETED:
        wrong["status"] = ["follows from the balance, or from POST …/achieve"]
    if wrong:
        raise Invalid("A goal cannot be changed to this.", errors=wrong)

    async def run() -> Response:
        goal = await operations.change(
            write.work, goal_id, fields, lambda v: check_version(v, if_match, body.version)
        )
        return await _answer(write.work, goal)

    return await write.once(claim, run)


@router.delete("/{goal_id}", status_code=204, summary="Delete a goal")
async def delete_goal(
    goal_id: Id, write: WriteDep, if_match: IfMatch, claim: Claimed, version: DeletedVersion = None
) -> Response:
    """The money stays where it is."""

    async def run() -> Response:
        await operations.delete(write.work, goal_id, lambda v: check_version(v, if_match, version))
        return Response(status_code=204)

    return await write.once(claim, run)


@router.get("/{goal_id}/progress", response_model=ProgressOut, summary="How far a goal is")
async def get_progress(goal_id: Id, read: ReadDep) -> Response:
    goal = found(await queries.get(read.connection, read.book_id, goal_id), "goal")
    return answer((await _with_progress(read, [goal]))[0].progress)


@router.post("/{goal_id}/achieve", response_model=GoalOut, summary="Mark a goal achieved")
async def achieve(goal_id: Id, write: WriteDep, claim: Claimed) -> Response:
    """By hand: it stays so, whatever the balance does, until the mark is taken away."""

    async def run() -> Response:
        return await _answer(write.work, await operations.mark(write.work, goal_id, achieved=True))

    return await write.once(claim, run)


@router.delete("/{goal_id}/achieve", response_model=GoalOut, summary="Take the mark away")
async def unachieve(goal_id: Id, write: WriteDep, claim: Claimed) -> Response:
    """From then on it is achieved exactly while its balance is at the target."""

    async def run() -> Response:
        return await _answer(write.work, await operations.mark(write.work, goal_id, achieved=False))

    return await write.once(claim, run)


async def _answer(work: Work, goal: Goal, **options: Any) -> Response:
    return answer((await _with_progress(work, [goal]))[0], version=goal.version, **options)


async def _with_progress(work: Work, goals: list[Goal]) -> list[GoalOut]:
    today = (await balances(work.connection, goals[:1], work.now)).today.get(work.book_id, work.now.date())
    return [_out(goal, today) for goal in goals]


def _out(goal: Goal, today: date) -> GoalOut:
    shown = {name: getattr(goal, name) for name in GoalOut.model_fields if name not in {"status", "progress"}}
    status = rule.shown_status(goal.status, goal.progress)
    return GoalOut(**shown, status=status, progress=_progress(goal, today))


def _progress(goal: Goal, today: date) -> ProgressOut:
    progress = goal.progress
    pace = rule.pace(
        progress,
        status=goal.status,
        began_on=goal.began_on,
        began_with_minor=goal.began_with_minor,
        target_on=goal.target_date,
        monthly_minor=goal.monthly_contribution_minor,
        today=today,
    )
    return ProgressOut(
        current_minor=progress.current_minor,
        target_minor=progress.target_minor,
        percent=rule.percent(progress),
        required_minor=pace.required_minor,
        pace_minor=pace.pace_minor,
        projected_date=pace.projected_on,
        is_on_track=pace.is_on_track,
        is_achieved=progress.is_achieved,
        achieved_by=progress.achieved_by,
        achieved_on=progress.achieved_on,
        milestones=[
            MilestoneOut(percent=step, reached_on=progress.milestones.get(step)) for step in rule.MILESTONES
        ],
    )


def _check_currency(code: str) -> None:
    try:
        currency(code)
    except ValueError as error:
        raise Invalid(str(error), errors={"currency": ["is no currency of ISO 4217"]}) from error
