"""/budgets/{month}/auto-assign: what the rules of the categories set aside, shown or done."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_budget.api.budget_templates import rule_shown
from pfms_budget.api.deps import MonthDep, WriteDep
from pfms_budget.operations.assigning import Assigned, Assignment, Reason, assign
from pfms_common.input import Input, Output
from pfms_common.web import Claimed, StrictRoute, answer

router = APIRouter(prefix="/budgets", tags=["Budgets"], route_class=StrictRoute)


class AssignIn(Input):
    preview: bool = Field(False, description="true: nothing is changed, the answer tells what would be")


class ReasonOut(Output):
    rule: dict[str, Any] = Field(examples=[{"kind": "fixed", "amount_minor": 30_000, "priority": 0}])
    wanted_minor: int = Field(
        description="what the rule wants in the month, minor units; 0 of a remainder", examples=[30_000]
    )
    gets_minor: int = Field(
        description="what it gets beside what the category has already, minor units", examples=[20_000]
    )


class AssignedOut(Output):
    category_id: UUID
    allocated_minor: int = Field(description="set aside before, minor units", examples=[10_000])
    gets_minor: int = Field(description="added to it, minor units", examples=[20_000])
    carry_in_minor: int = Field(description="brought along from the month before, minor units", examples=[0])
    reasons: list[ReasonOut] = Field(description="why, rule by rule")


class AssignmentOut(Output):
    month: str = Field(examples=["2026-11"])
    preview: bool = Field(description="true: nothing was changed")
    to_be_budgeted_minor: int = Field(description="before it, minor units", examples=[50_000])
    remains_minor: int = Field(description="to be budgeted after it, minor units", examples=[30_000])
    items: list[AssignedOut] = Field(description="the categories with rules that are not archived")


@router.post(
    "/{month}/auto-assign", response_model=AssignmentOut, summary="Set aside by the categories' rules"
)
async def auto_assign(period: MonthDep, body: AssignIn, write: WriteDep, claim: Claimed) -> Response:
    """Never more than there is to be budgeted: the lowest priority first, in parts where one is not covered, then the
    remainder by weights. What a category has already counts; what gets something is a fixed amount after it.
    """

    async def run() -> Response:
        done = await assign(write.work, period, preview=body.preview)
        return answer(_out(period.key, done, preview=body.preview))

    return await write.once(claim, run)


def _out(month: str, done: Assignment, *, preview: bool) -> AssignmentOut:
    return AssignmentOut(
        month=month,
        preview=preview,
        to_be_budgeted_minor=done.to_be_budgeted_minor,
        remains_minor=done.remains_minor,
        items=[_item(item) for item in done.items],
    )


def _item(item: Assigned) -> AssignedOut:
    return AssignedOut(
        category_id=item.category_id,
        allocated_minor=item.allocated_minor,
        gets_minor=item.gets_minor,
        carry_in_minor=item.asked.carry_in,
        reasons=[_reason(reason) for reason in item.reasons],
    )


def _reason(reason: Reason) -> ReasonOut:
    return ReasonOut(
        rule=rule_shown(reason.rule), wanted_minor=reason.wanted_minor, gets_minor=reason.gets_minor
    )
