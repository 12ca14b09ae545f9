"""Attachments: files kept with a transaction, and links by which they are downloaded."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from pfms_common.idempotency import Answer
from pfms_common.input import Id, Output, clean_name
from pfms_common.problem import Invalid, NotFound, Unavailable
from pfms_common.web import Editor, IfMatch, StrictRoute, Viewer, answer, check_version, found
from pfms_ledger.api.deps import DeletedVersion, LedgerDep, answer_of, gone, written
from pfms_ledger.api.uploads import claim_of, read_form, upload_body
from pfms_ledger.domain.attachment import MAX_BYTES
from pfms_ledger.domain.download_link import LASTS, book_in, sign
from pfms_ledger.operations import attachments as operations
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import attachments as queries
from pfms_ledger.queries.attachments import Attachment

router = APIRouter(tags=["Attachments"], route_class=StrictRoute)

NAME_LENGTH = 120
_UPLOAD = upload_body("at most 10 MiB; its type is told by its content, not by its name")


class AttachmentOut(Output):
    id: UUID
    transaction_id: UUID
    name: str = Field(description="as the file was called, without folders", examples=["receipt.pdf"])
    media_type: str = Field(
        description="told by the content: PDF, PNG, JPEG, GIF, WebP, HEIC, plain text, else octets",
        examples=["application/pdf"],
    )
    size_bytes: int = Field(examples=[48_213])
    sha256: str = Field(
        description="of the content, in hexadecimal",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    created_at: datetime
    created_by: UUID | None
    version: int = Field(description="attachments never change: 1", examples=[1])


class LinkedAttachment(AttachmentOut):
    url: str = Field(
        description="downloads it, without a token, until `url_ends_at`: GET it on this host",
        examples=["/api/v1/attachments/01890a5d-ac96-774b-bcce-b302099a8057?signature=AAAA"],
    )
    url_ends_at: datetime = Field(description="five minutes after this answer")


class AttachmentList(Output):
    items: list[LinkedAttachment] = Field(description="oldest first, at most 20")


@router.post(
    "/transactions/{transaction_id}/attachments",
    status_code=201,
    response_model=AttachmentOut,
    summary="Attach a file to a transaction",
    openapi_extra=_UPLOAD,
)
async def attach(transaction_id: Id, request: Request, principal: Editor, ledger: LedgerDep) -> Response:
    """Up to 20 a transaction. It does not change the transaction's version."""
    form = await read_form(request, most=MAX_BYTES, fields=frozenset())
    try:
        if not form.size:
            raise Invalid("The file is empty.", errors={"file": ["is empty"]})
        claim = await claim_of(request, principal, form, f"/transactions/{transaction_id}/attachments")
        made, result = await operations.attach(
            ledger, principal, transaction_id, form.file, _name(form.file_name), form.size, claim, _created
        )
    finally:
        await form.data.close()
    return written(principal, made, result)


@router.get(
    "/transactions/{transaction_id}/attachments",
    response_model=AttachmentList,
    summary="The attachments of a transaction, with links to download them",
)
async def list_attachments(
    transaction_id: Id, request: Request, principal: Viewer, ledger: LedgerDep
) -> Response:
    """Each answer has fresh links. Whoever has one can read that file while it lasts, so pass none on."""
    kept = found(await queries.listed(ledger.facts.pool, principal.book_id, transaction_id), "transaction")
    prefix = request.scope.get("root_path", "")
    return answer(AttachmentList(items=[_linked(each, ledger, principal.book_id, prefix) for each in kept]))


@router.get(
    "/attachments/{attachment_id}",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "the file, always as a download",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    summary="Download an attachment by its link",
    openapi_extra={"x-public": True},
)
async def download(
    attachment_id: Id,
    ledger: LedgerDep,
    signature: Annotated[
        str, Query(max_length=200, description="as the list of attachments gave it", examples=["AAAA"])
    ],
) -> Response:
    """The signature is the permission: a browser follows it without a token. Changed or over, it is 404."""
    book_id = book_in(ledger.link_secret, attachment_id, signature, ledger.now())
    kept = await queries.found(ledger.facts.pool, book_id, attachment_id) if book_id is not None else None
    if kept is None or book_id is None:
        raise NotFound("This link is over, or none of ours; ask for the list of attachments again.")
    try:
        content = await operations.store_of(ledger).open(operations.key_of(book_id, kept.sha256))
    except FileNotFoundError as error:
        raise Unavailable("The file is not in the store just now.") from error
    return StreamingResponse(content, 200, _headers(kept), kept.media_type)


@router.delete("/attachments/{attachment_id}", status_code=204, summary="Delete an attachment")
async def detach(
    attachment_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """The file itself is removed 30 days later."""
    number = await operations.detach(
        ledger, principal, attachment_id, lambda present: check_version(present, if_match, version)
    )
    return gone(principal, number)


def _name(sent: str) -> str:
    """The last part of what a client calls the file; it names nothing here but what a download is called."""
    try:
        name = clean_name(sent.replace("\\", "/").rpartition("/")[2])
    except ValueError as error:
        raise Invalid(f"The file's name {error}.", errors={"file": [f"its name {error}"]}) from error
    return str(name)[-NAME_LENGTH:] or "file"


def _created(attachment: Attachment) -> Answer:
    return answer_of(_out(attachment).model_dump_json(), version=attachment.version, status=201)


def _out(attachment: Attachment) -> AttachmentOut:
    return AttachmentOut.model_validate(attachment)


def _linked(attachment: Attachment, ledger: Ledger, book_id: UUID, prefix: str) -> LinkedAttachment:
    ends_at = ledger.now() + LASTS
    signature = sign(ledger.link_secret, book_id, attachment.id, ends_at)
    return LinkedAttachment(
        **_out(attachment).model_dump(),
        url=f"{prefix}/attachments/{attachment.id}?signature={signature}",
        url_ends_at=ends_at,
    )


def _headers(attachment: Attachment) -> dict[str, Any]:
    """Never shown in place, whatever it is: what somebody attached must not run in the page that links to it."""
    return {
        "Content-Length": str(attachment.size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
