"""Undo: of one event, of a transaction's last change, of all that one request or import did."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import ConfigDict, Field, StringConstraints

from pfms_common.idempotency import Written
from pfms_common.input import Id, Input, Output
from pfms_common.web import Claimed, Editor, StrictRoute
from pfms_ledger.api.deps import LedgerDep, written
from pfms_ledger.api.lengthy import answered
from pfms_ledger.domain.undo import Reason
from pfms_ledger.operations import undo as operations
from pfms_ledger.operations import undo_many
from pfms_ledger.operations.recording import Recorded

router = APIRouter(tags=["History"], route_class=StrictRoute)


class Undone(Output):
    """The thing as its own GET shows it, with all its fields."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    version: int = Field(description="after the undo", examples=[3])
    deleted: bool = Field(
        default=False, description="only there, and true, when it is gone; the other fields are its last ones"
    )


class NothingIn(Input):
    """Undo is told nothing more than what to take back."""


type Nothing = Annotated[NothingIn | None, Body(title="Body")]


class UndoIn(Input):
    correlation_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{8,64}$")] = Field(
        description="of the events, as `/ledger/events` and the header X-Request-Id show it; an import's is its id",
        examples=["0b9e6d5c2f7a41d38c1e5a90f2b7d644"],
    )


class KeptThing(Output):
    type: str = Field(description="what it is", examples=["transaction"])
    id: UUID
    reason: Reason = Field(
        description="edited, deleted, reconciled, shared or matched since; in_use: something new refers to it; "
        "refused: see `detail`",
        examples=["edited"],
    )
    detail: str | None = Field(examples=[None])


class UndoneMany(Output):
    status: str = Field(
        description="undone, or undoing: it goes on by itself, and asking again says how far it is",
        examples=["undone"],
    )
    correlation_id: str = Field(
        description="of the undo's own events, by which it can be undone; an import's has the import's id, and is not"
        " undone: bring the file again",
        examples=["5d0c3b7f9a2e48c1b6f4d07e8a91c235"],
    )
    undone: int = Field(description="things taken back so far", examples=[12])
    kept_count: int = Field(description="things left as they are, of those looked at", examples=[1])
    kept: list[KeptThing] = Field(description="the first thousand of them")


@router.post(
    "/ledger/events/{event_id}/undo", response_model=Undone, summary="Take back what one event changed"
)
async def undo_event(
    event_id: Id, principal: Editor, ledger: LedgerDep, claim: Claimed, _body: Nothing = None
) -> Response:
    """Appends the reverse as an event like any other and answers with the thing. Only the fields that the event
    changed go back; where one of them was changed since, the answer is 409 with `later_event_id`. What was made is
    deleted, what was deleted is there again under its id. An undo can be undone. A plan's occurrence follows its
    transaction; taking back `recurring.skipped` opens it again, and it waits to be confirmed, run or skipped.
    """
    return _answered(principal, await operations.undo_event(ledger, principal, event_id, claim))


@router.post(
    "/transactions/{transaction_id}/undo",
    response_model=Undone,
    summary="Take back a transaction's last change",
)
async def undo_last(
    transaction_id: Id, principal: Editor, ledger: LedgerDep, claim: Claimed, _body: Nothing = None
) -> Response:
    """Its deletion too. Asked for twice, the second takes back the first."""
    return _answered(principal, await operations.undo_last(ledger, principal, transaction_id, claim))


@router.post(
    "/ledger/undo", response_model=UndoneMany, summary="Take back all that one request or import did"
)
async def undo_many_things(body: UndoIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    """What was worked on since is kept and listed. Occurrences of plans that were skipped or posted are open again.
    Asked twice, it changes nothing more. More than a thousand things go in batches, between which the book
    is free for others; what takes longer than five seconds is answered 202 and goes on.
    """
    undoing = partial(undo_many.undo_all, ledger, principal, body.correlation_id, claim)
    return await answered(ledger, principal, claim, undoing)


def _answered(principal: Any, recorded: Recorded) -> Response:
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))
