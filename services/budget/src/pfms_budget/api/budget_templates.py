"""/budget-templates: what a new month may be filled from."""

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_budget.domain.filling import MEANING, Filling
from pfms_common.input import Output
from pfms_common.web import StrictRoute, Viewer, answer

router = APIRouter(prefix="/budget-templates", tags=["Budget templates"], route_class=StrictRoute)


class MonthTemplate(Output):
    from_: Filling = Field(alias="from", description="to be given to `POST /budgets`", examples=["copy"])
    description: str = Field(examples=["The average of what was spent in the three months before"])


class Templates(Output):
    months: list[MonthTemplate] = Field(description="what a whole month may begin with")


@router.get("", response_model=Templates, summary="What a month may be filled from")
async def get_templates(_: Viewer) -> Response:
    months = [{"from": each, "description": meaning} for each, meaning in MEANING.items()]
    return answer(Templates.model_validate({"months": months}))
