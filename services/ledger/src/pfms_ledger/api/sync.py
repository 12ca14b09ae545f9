"""/sync/ledger: for phones and other clients that keep a copy of the book."""

from fastapi import APIRouter, Response

from pfms_common.web import StrictRoute, Viewer
from pfms_events.contracts.ledger import EVENTS
from pfms_ledger.api.deps import CursorsDep, LedgerDep
from pfms_service.sync import RESPONSES, SinceParam, SyncLimit, SyncPage, page

router = APIRouter(prefix="/sync", tags=["Sync"], route_class=StrictRoute)

# Runs of work, which come and go, and what follows from other things.
_NO_THINGS = frozenset({"import", "pot_balance", "balance_low", "transaction_request"})
THINGS = tuple(sorted({event.AGGREGATE for event in EVENTS} - _NO_THINGS))
"""The aggregates that a client keeps. A new one of the ledger's contracts is among them by itself."""


@router.get("/ledger", response_model=SyncPage, summary="What changed since last time", responses=RESPONSES)
async def sync_ledger(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    since: SinceParam = None,
    limit: SyncLimit = 200,
) -> Response:
    """Each thing once, in its newest state, deleted ones too, in the order of their last change: an item may speak of
    another that comes later, so a copy is whole when `has_more` is false. A cursor never grows too old.
    """
    return await page(ledger.facts.pool, cursors, principal.book_id, THINGS, since, limit)
