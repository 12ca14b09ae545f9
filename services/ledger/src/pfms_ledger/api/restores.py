"""/restores: a book made from its own export."""

import asyncio
from typing import BinaryIO

from fastapi import APIRouter, Request, Response
from pydantic import Field

from pfms_common.idempotency import REPLAYED, Answer, Stored
from pfms_common.input import Output
from pfms_common.problem import KeyRequired
from pfms_common.web import Editor, StrictRoute
from pfms_ledger.api.deps import LedgerDep
from pfms_ledger.api.uploads import claim_of, read_form, upload_body
from pfms_ledger.bankfiles.statement import MAX_BYTES
from pfms_ledger.operations import restoring

router = APIRouter(prefix="/restores", tags=["Exports"], route_class=StrictRoute)

_UPLOAD = upload_body("what `GET /exports/json` gave, at most 50 MiB", key_required=True)


class RestoreOut(Output):
    counts: dict[str, int] = Field(
        description="how many things of each kind were restored",
        examples=[{"account": 4, "transaction": 1_482}],
    )
    left_out: dict[str, int] = Field(
        description="how many things of kinds that are not restored the file holds: attachments, of which an export"
        " of an earlier version tells, have no file there",
        examples=[{"attachment": 3}],
    )


@router.post(
    "",
    status_code=201,
    response_model=RestoreOut,
    summary="Restore a book from its export",
    openapi_extra=_UPLOAD,
)
async def create_restore(request: Request, principal: Editor, ledger: LedgerDep) -> Response:
    """Fills a fresh book, in which nothing has happened yet, with every thing of the file: ids, states and order are
    those of the exported book, whose next export is equal. All of it is written, or nothing. The book's currency must
    be the file's `base_currency`, else the answer is 409.
    """
    form = await read_form(request, most=MAX_BYTES, fields=frozenset())
    try:
        claim = await claim_of(request, principal, form)
        if claim is None:
            raise KeyRequired("Send an Idempotency-Key: a retry of the same request then has one effect.")
        content = await asyncio.to_thread(_content, form.file)
    finally:
        await form.data.close()
    today = await ledger.today_in(principal.book_id)
    exported = await asyncio.to_thread(restoring.read, content, today)
    result = await restoring.restore(ledger, principal, exported, claim, _answered)
    if isinstance(result, Stored):
        return Response(result.body, result.status, {**result.headers, REPLAYED: "true"}, "application/json")
    return Response(result.body, result.status, result.headers, "application/json")


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _answered(restored: restoring.Restored) -> Answer:
    out = RestoreOut(counts=dict(restored.counts), left_out=dict(restored.left_out))
    return Answer(201, {}, out.model_dump_json().encode())
