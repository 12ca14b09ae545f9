"""/budget-settings: the choices of a book that hold for every month."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_budget.api.allocations import Policy
from pfms_budget.api.deps import ReadDep, Version, WriteDep
from pfms_budget.domain.rollover import Rollover, Unrolled
from pfms_budget.operations import plans as operations
from pfms_budget.queries import plans as queries
from pfms_common.input import Input, Output
from pfms_common.problem import Invalid
from pfms_common.web import Claimed, IfMatch, StrictRoute, answer, check_version

router = APIRouter(prefix="/budget-settings", tags=["Budget settings"], route_class=StrictRoute)

What = Annotated[
    Unrolled,
    Field(
        strict=False,
        description="what becomes of money that a category does not bring along: `to_be_budgeted` is free again,"
        " `discard` leaves the budget for good",
    ),
]


class SettingsPatch(Input):
    default_rollover: Policy | None = Field(
        None, description="the policy of categories for which none was set"
    )
    unrolled: What | None = None
    strict: bool | None = Field(
        None, description="true: what takes to-be-budgeted below zero is refused with 409 `over_allocated`"
    )
    alert_percents: list[Annotated[int, Field(ge=1, le=1000)]] | None = Field(
        None,
        max_length=10,
        description="percentages of an allocation at which spending is told as `budget.threshold_crossed`",
        examples=[[80, 100]],
    )
    version: Version = None


class SettingsOut(Output):
    default_rollover: Rollover = Field(description="the policy of categories for which none was set")
    unrolled: Unrolled = Field(description="what becomes of money that a category does not bring along")
    strict: bool = Field(description="whether allocating more than there is is refused")
    alert_percents: list[int] = Field(
        description="percentages of an allocation at which spending is told", examples=[[80, 100]]
    )
    version: int = Field(description="0: nobody chose yet", examples=[1])


@router.get("", response_model=SettingsOut, summary="The choices of a book")
async def get_settings(read: ReadDep) -> Response:
    choices = await queries.choices(read.connection, read.book_id)
    return answer(SettingsOut.model_validate(choices), version=choices.version)


@router.patch("", response_model=SettingsOut, summary="Change the choices of a book")
async def change_settings(
    body: SettingsPatch, write: WriteDep, if_match: IfMatch, claim: Claimed
) -> Response:
    """Another default policy, or another way with what is not rolled, derives every month again."""
    fields = body.model_dump(exclude_unset=True, exclude={"version"})
    if wrong := {name: ["must not be null"] for name, value in fields.items() if value is None}:
        raise Invalid(f"{', '.join(wrong)} must not be null.", errors=wrong)

    async def run() -> Response:
        choices = await operations.choose(
            write.work, fields, lambda v: check_version(v, if_match, body.version)
        )
        return answer(SettingsOut.model_validate(choices), version=choices.version)

    return await write.once(claim, run)
