"""Inviting people into a book, and answering."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import Field

from pfms_auth.api.asking import Asked, Member
from pfms_auth.api.books import BookWithAccess, with_access
from pfms_auth.api.fields import Email, LinkSecret
from pfms_auth.domain.invitation import Status
from pfms_auth.domain.membership import require_role
from pfms_auth.operations.invitations import accept, decline, invite, withdraw
from pfms_auth.queries import invitations
from pfms_auth.queries.books import book
from pfms_common import consistency
from pfms_common.input import Input, Output
from pfms_common.role import Role
from pfms_common.web import (
    Claimed,
    IfMatch,
    SignedIn,
    StrictRoute,
    answer,
    check_version,
    found,
    path_id,
)
from pfms_service.once import once

router = APIRouter(tags=["members"], route_class=StrictRoute)

InvitationIdPath = Annotated[
    str, Path(description="the invitation", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])
]


class InvitationOut(Output):
    """An invitation into a book."""

    id: Annotated[UUID, Field(description="the invitation")]
    book_id: Annotated[UUID, Field(description="the book")]
    book_name: Annotated[
        str, Field(description="its name when the invitation was sent", examples=["Household"])
    ]
    inviter_name: Annotated[str, Field(description="who invites", examples=["Ada"])]
    email: Annotated[str, Field(description="where the link was mailed", examples=["bob@example.org"])]
    role: Annotated[Role, Field(description="what the invited person will be", examples=["editor"])]
    status: Annotated[Status, Field(description="pending until it is answered", examples=["pending"])]
    created_at: Annotated[datetime, Field(description="when it was sent, UTC")]
    expires_at: Annotated[datetime, Field(description="until when it can be answered, UTC")]
    version: Annotated[int, Field(description="counts changes; send it back as If-Match", examples=[1])]


class InvitationsOut(Output):
    items: Annotated[list[InvitationOut], Field(description="open invitations, the oldest first")]


class InviteIn(Input):
    email: Email
    role: Annotated[Role, Field(description="what the invited person will be", examples=["editor"])]


class AnswerIn(Input):
    token: Annotated[
        LinkSecret | None, Field(description="from the mailed link; without it the address must be yours")
    ] = None


@router.get(
    "/books/{book_id}/invitations", response_model=InvitationsOut, summary="List open invitations of a book"
)
async def list_of_book(member: Member, asked: Asked) -> Response:
    """What was sent and not answered yet; owners may look."""
    async with asked.reading(users=[member.user_id], books=[member.book_id]) as tx:
        present = found(await book(tx, member.user_id, member.book_id), "book")
        require_role(present.role, "owner")
        items = await invitations.of_book(tx, member.book_id, asked.clock())
    return answer(InvitationsOut(items=[InvitationOut.model_validate(item) for item in items]))


@router.post(
    "/books/{book_id}/invitations", status_code=201, response_model=InvitationOut, summary="Invite by mail"
)
async def post_invitation(body: InviteIn, member: Member, claimed: Claimed, asked: Asked) -> Response:
    """Mails a link that works once, for 7 days; owners may. A newer invitation to an address replaces the older."""
    async with asked.writing(users=[member.user_id], books=[member.book_id]) as tx:

        async def write() -> Response:
            sent = await invite(
                tx, asked, member.book_id, member.user_id, body.email, body.role, asked.clock()
            )
            return answer(InvitationOut.model_validate(sent), status=201, version=sent.version)

        return await once(tx, None, claimed, write)


@router.delete(
    "/books/{book_id}/invitations/{invitation_id}", status_code=204, summary="Withdraw an invitation"
)
async def delete_invitation(
    member: Member, invitation_id: InvitationIdPath, if_match: IfMatch, asked: Asked
) -> Response:
    """Makes the link worthless; owners may."""
    async with asked.writing(users=[member.user_id], books=[member.book_id]) as tx:
        await withdraw(
            tx,
            member.book_id,
            member.user_id,
            path_id(invitation_id),
            lambda present: check_version(present, if_match),
            asked.clock(),
        )
    return Response(status_code=204)


@router.get("/invitations", response_model=InvitationsOut, summary="List invitations to me")
async def list_mine(signed_in: SignedIn, asked: Asked) -> Response:
    """Open invitations to your address, once it is confirmed."""
    async with asked.reading(users=[signed_in.user_id]) as tx:
        items = await invitations.to_person(tx, signed_in.user_id, asked.clock())
    return answer(InvitationsOut(items=[InvitationOut.model_validate(item) for item in items]))


@router.post(
    "/invitations/{invitation_id}/accept", response_model=BookWithAccess, summary="Accept an invitation"
)
async def post_accept(
    body: AnswerIn, invitation_id: InvitationIdPath, signed_in: SignedIn, asked: Asked
) -> Response:
    """Makes you a member, and gives an access token that names the book."""
    joined = await accept(asked, signed_in.user_id, signed_in.session_id, path_id(invitation_id), body.token)
    headers = {consistency.HEADER: consistency.write("auth", joined.book.id, joined.number)}
    return answer(with_access(joined.book, joined.access), version=joined.book.version, headers=headers)


@router.post("/invitations/{invitation_id}/decline", status_code=204, summary="Decline an invitation")
async def post_decline(
    body: AnswerIn, invitation_id: InvitationIdPath, signed_in: SignedIn, asked: Asked
) -> Response:
    await decline(asked, signed_in.user_id, path_id(invitation_id), body.token)
    return Response(status_code=204)
