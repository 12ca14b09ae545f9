"""/savings/goals/{goal_id}/contribute and …/contributions: putting money towards a goal."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_budget.api.deps import CursorParam, Limit, ReadDep, ResourcesDep, WriteDep
from pfms_budget.operations import contributions as operations
from pfms_budget.queries import contributions as queries
from pfms_budget.queries import goals
from pfms_budget.queries.contributions import Contribution
from pfms_common.input import MAX_MINOR, Day, Id, Input, Output
from pfms_common.pagination import DEFAULT_LIMIT
from pfms_common.web import Claimed, StrictRoute, answer, found
from pfms_events.saga import SagaState

router = APIRouter(prefix="/savings/goals", tags=["Goals"], route_class=StrictRoute)


class ContributionIn(Input):
    id: Id | None = Field(None, description="chosen by the client where it works offline")
    amount_minor: int = Field(
        gt=0, le=MAX_MINOR, description="minor units of the goal's currency", examples=[10_000]
    )
    date: Day | None = Field(None, description="of the transfer; without it today in the book's zone")
    from_account_id: Id | None = Field(
        None, description="a pot's goal: where the money comes from; without it the pot's own account"
    )


class RefusalOut(Output):
    detail: str = Field(examples=["The pot is closed."])
    errors: dict[str, list[str]] = Field(
        description="field → what is wrong with it", examples=[{"to.pot_id": ["is closed or archived"]}]
    )


class ContributionOut(Output):
    id: UUID = Field(description="also the id of the transfer that it becomes")
    goal_id: UUID
    amount_minor: int = Field(description="minor units of the goal's currency", examples=[10_000])
    currency: str = Field(examples=["EUR"])
    date: dt.date = Field(examples=["2026-11-21"])
    from_account_id: UUID | None = Field(description="null: no money moves, the goal has no pot")
    state: SagaState = Field(
        description="`open`: the ledger was asked for the transfer; `settled`: it is posted, or no transfer was due;"
        " `refused`: nothing moved, `refusal` says why",
        examples=["open"],
    )
    is_delayed: bool = Field(
        description="no answer came in time and the ledger was asked again; it is posted at most once",
        examples=[False],
    )
    refusal: RefusalOut | None
    created_at: dt.datetime = Field(examples=["2026-11-21T09:30:00Z"])
    ended_at: dt.datetime | None = Field(
        description="when the ledger answered; null: not yet, or it was not asked",
        examples=["2026-11-21T09:30:00Z"],
    )


class Contributions(Output):
    items: list[ContributionOut]
    next_cursor: str | None = Field(description="for the next page; null on the last")


@router.post(
    "/{goal_id}/contribute",
    status_code=202,
    response_model=ContributionOut,
    summary="Put money towards a goal",
)
async def contribute(goal_id: Id, body: ContributionIn, write: WriteDep, claim: Claimed) -> Response:
    """Into a pot it is a transfer, which the ledger posts a moment later: `Location` says what became of it. A goal
    without pot and category only notes it. One with a category is filled by allocating to that.
    """

    async def run() -> Response:
        made = await operations.contribute(
            write.work,
            goal_id,
            body.amount_minor,
            chosen_id=body.id,
            day=body.date,
            account_id=body.from_account_id,
        )
        location = f"/api/v1/savings/goals/{goal_id}/contributions/{made.id}"
        return answer(_out(made), status=202, headers={"Location": location})

    return await write.once(claim, run)


@router.get("/{goal_id}/contributions", response_model=Contributions, summary="List a goal's contributions")
async def list_contributions(
    goal_id: Id,
    read: ReadDep,
    resources: ResourcesDep,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """Newest first."""
    found(await goals.get(read.connection, read.book_id, goal_id), "goal")
    bound, after = (read.book_id, "contributions", [str(goal_id)]), None
    if cursor is not None:
        day, last = resources.cursors.read(*bound, cursor)
        after = (dt.date.fromisoformat(day), UUID(last))
    rows = await queries.listed(read.connection, read.book_id, goal_id, limit + 1, after)
    more, page = len(rows) > limit, rows[:limit]
    next_cursor = resources.cursors.write(*bound, [str(page[-1].date), str(page[-1].id)]) if more else None
    return answer(Contributions(items=[_out(row) for row in page], next_cursor=next_cursor))


@router.get(
    "/{goal_id}/contributions/{contribution_id}",
    response_model=ContributionOut,
    summary="What became of a contribution",
)
async def get_contribution(goal_id: Id, contribution_id: Id, read: ReadDep) -> Response:
    row = await queries.get(read.connection, read.book_id, goal_id, contribution_id)
    return answer(_out(found(row, "contribution")))


def _out(row: Contribution) -> ContributionOut:
    return ContributionOut(
        id=row.id,
        goal_id=row.goal_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        date=row.date,
        from_account_id=row.from_account_id,
        state=row.state,
        is_delayed=row.state is SagaState.OPEN and row.asked > 1,
        refusal=None if row.refusal is None else RefusalOut.model_validate(dict(row.refusal)),
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
