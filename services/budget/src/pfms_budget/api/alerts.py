"""/budgets/alerts: what somebody should look at in the running month and the next."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_budget.api.deps import ReadDep
from pfms_budget.domain.alert import AlertKind
from pfms_budget.operations.alerts import looked_at
from pfms_budget.queries import alerts as queries
from pfms_budget.queries import inputs
from pfms_common.input import Output
from pfms_common.web import StrictRoute, answer

router = APIRouter(prefix="/budgets", tags=["Budgets"], route_class=StrictRoute)


class AlertOut(Output):
    month: str = Field(
        description="YYYY-MM of a calendar month; of another period its first day", examples=["2026-11"]
    )
    kind: AlertKind = Field(
        description="`allocation`: so much of it is spent; `overspent`: the category has less than nothing;"
        " `over_allocated`: more is set aside than there is; `not_budgeted`: nothing was set aside by day 3"
    )
    category_id: UUID | None = Field(description="null where it is about the whole month")
    threshold_percent: int = Field(description="of kind `allocation`: per cent of it, else 0", examples=[80])
    since: datetime = Field(description="when it began")


class Alerts(Output):
    items: list[AlertOut]
    next_cursor: None = Field(None, description="they fit on one page")


@router.get("/alerts", response_model=Alerts, summary="What to look at now")
async def list_alerts(read: ReadDep) -> Response:
    """Each is told once as an event, `budget.threshold_crossed` or `budget.overspent`, and stands here until it is
    over: a share of an allocation once spending has fallen 5 points below it.
    """
    facts = (await inputs.facts(read.connection, [read.book_id]))[read.book_id]
    keys = {period.first: period.key for period in looked_at(facts, read.now)}
    found = await queries.standing(read.connection, read.book_id, *keys)
    items = [_out(each, keys[each.first_day]) for each in found if each.first_day in keys]
    return answer(Alerts.model_validate({"items": items, "next_cursor": None}))


def _out(standing: queries.Standing, month: str) -> dict[str, Any]:
    return {
        "month": month,
        "kind": standing.alert.kind,
        "category_id": standing.alert.category_id,
        "threshold_percent": standing.alert.percent,
        "since": standing.since,
    }
