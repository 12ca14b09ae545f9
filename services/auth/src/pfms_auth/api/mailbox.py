"""The local mailbox, for development: every mail of this deployment. Where env is prod there is no such route."""

from html import escape
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from pfms_auth.api.asking import Asked
from pfms_common.input import Output
from pfms_common.problem import NotFound
from pfms_common.web import StrictRoute

router = APIRouter(tags=["development"], route_class=StrictRoute)
PUBLIC = {"x-public": True}
SHOWN = 100


class MailOut(Output):
    """A mail that lies in the local mailbox."""

    id: Annotated[str, Field(description="the mail")]
    to: Annotated[str, Field(description="its address", examples=["ada@example.org"])]
    subject: Annotated[str, Field(description="its subject", examples=["Confirm your e-mail address"])]
    text: Annotated[str, Field(description="what it says, plain text")]
    sent_at: Annotated[str, Field(description="its Date header")]


class MailsOut(Output):
    items: Annotated[list[MailOut], Field(description="the newest first, at most 100")]


@router.get(
    "/mailbox", response_class=HTMLResponse, summary="Look into the local mailbox", openapi_extra=PUBLIC
)
async def mailbox_page(request: Request, asked: Asked) -> HTMLResponse:
    """A page of the newest mails; off where env is prod."""
    _only_for_development(request)
    mails = await asked.tools.mailbox.newest(SHOWN)
    articles = "".join(
        f"<article><h2>{escape(mail.subject)}</h2><p>To {escape(mail.to)}, {escape(mail.sent_at)}</p>"
        f"<pre>{escape(mail.text)}</pre></article>"
        for mail in mails
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Local mailbox</title></head>'
        f"<body><h1>Local mailbox</h1>{articles or '<p>No mail yet.</p>'}</body></html>"
    )
    return HTMLResponse(page)


@router.get("/mailbox/messages", summary="List the local mailbox", openapi_extra=PUBLIC)
async def list_mails(
    request: Request,
    asked: Asked,
    to: Annotated[
        str | None,
        Query(max_length=254, description="only mails to this address", examples=["ada@example.org"]),
    ] = None,
) -> MailsOut:
    """The same for programs; off where env is prod."""
    _only_for_development(request)
    mails = await asked.tools.mailbox.newest(SHOWN, to)
    return MailsOut(items=[MailOut.model_validate(mail) for mail in mails])


def _only_for_development(request: Request) -> None:
    if not request.app.state.resources.settings.shows_mailbox:
        raise NotFound("There is no such thing here.")
