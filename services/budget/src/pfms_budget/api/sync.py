"""/sync/budget: what people planned, for phones and other clients that keep a copy of the book."""

from fastapi import APIRouter, Response

from pfms_budget.api.deps import ReaderDep
from pfms_common.web import StrictRoute
from pfms_events.contracts.budget import EVENTS
from pfms_service.sync import RESPONSES, SinceParam, SyncLimit, SyncPage, page

router = APIRouter(prefix="/sync", tags=["Sync"], route_class=StrictRoute)

THINGS = tuple(sorted({event.AGGREGATE for event in EVENTS if event.EVENT.endswith(".updated")}))
"""The aggregates that a client keeps: what people change. What is derived or told only once has no `.updated`."""


@router.get(
    "/budget", response_model=SyncPage, summary="What was planned since last time", responses=RESPONSES
)
async def sync_budget(reader: ReaderDep, since: SinceParam = None, limit: SyncLimit = 200) -> Response:
    """Headers of months, allocations and choices, each once, in its newest state, deleted ones too, in the order of
    their last change. Figures are no part of it: read the months that `budget.month_changed` names. A cursor never
    grows too old.
    """
    resources = reader.resources
    return await page(resources.pool, resources.cursors, reader.book_id, THINGS, since, limit)
