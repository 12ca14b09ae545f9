"""Merging, as categories and payees offer it."""

from uuid import UUID

import orjson
from fastapi import Response
from pydantic import Field

from pfms_common import telemetry
from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.input import Id, Input, Output
from pfms_common.principal import Principal
from pfms_ledger.api.deps import written
from pfms_ledger.operations import lengthy
from pfms_ledger.operations.merging import Merge, merge
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries.history import last_number


class MergeIn(Input):
    into: Id = Field(description="what it becomes a part of, of the same kind and type")


class MergeOut(Output):
    status: str = Field(
        description="merged, or merging: it goes on, and can be asked for again", examples=["merged"]
    )
    into: UUID = Field(description="where everything is, or is going")
    moved: int = Field(description="transactions moved by this call", examples=[42])
    correlation_id: str = Field(description="of all its events; `POST /ledger/undo` takes them back")


async def answer_to_merge(
    ledger: Ledger, principal: Principal, wanted: Merge, into: UUID, claim: Claim | None
) -> Response:
    """Merges under the request's key; 202 when it takes longer than five seconds."""
    stored = await lengthy.answered_before(ledger, principal, claim)
    if stored is not None:
        answer = Answer(stored.status, stored.headers, stored.body)
    else:
        outcome = await merge(ledger, principal, wanted, f"merge into {into}")
        trace = telemetry.current()
        shown = {
            "status": outcome.status,
            "into": into,
            "moved": outcome.moved,
            "correlation_id": trace.request_id if trace else "",
        }
        answer = Answer(200 if outcome.status == "merged" else 202, {}, orjson.dumps(shown, default=str))
        if outcome.status == "merged":
            stored = await lengthy.store(ledger, principal, claim, answer)
    number = await last_number(ledger.facts.pool, principal.book_id)
    return written(principal, answer, Written(number, stored))
