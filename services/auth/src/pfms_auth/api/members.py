"""Who is in a book, and as what."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import Field

from pfms_auth.api.asking import Asked, Member
from pfms_auth.operations.members import change_role, leave, remove_member
from pfms_auth.queries.books import book
from pfms_auth.queries.members import members
from pfms_common import consistency
from pfms_common.input import Input, Output
from pfms_common.role import Role
from pfms_common.web import IfMatch, StrictRoute, answer, check_version, found, path_id

router = APIRouter(tags=["members"], route_class=StrictRoute)

UserIdPath = Annotated[str, Path(description="the member", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])]


class MemberOut(Output):
    """One person in one book."""

    user_id: Annotated[UUID, Field(description="the member")]
    display_name: Annotated[str, Field(description="the name this person chose", examples=["Ada"])]
    role: Annotated[
        Role,
        Field(description="owner: everything; editor: the book's money; viewer: looks", examples=["editor"]),
    ]
    joined_at: Annotated[datetime, Field(description="since when, UTC")]
    version: Annotated[int, Field(description="counts changes; send it back as If-Match", examples=[1])]


class MembersOut(Output):
    items: Annotated[list[MemberOut], Field(description="all members, the first joined first, at most 50")]


class RoleIn(Input):
    role: Annotated[Role, Field(description="the new role", examples=["viewer"])]
    version: Annotated[int | None, Field(ge=1, description="the version you saw, instead of If-Match")] = None


@router.get("/books/{book_id}/members", response_model=MembersOut, summary="List the members")
async def list_members(member: Member, asked: Asked) -> Response:
    async with asked.reading(users=[member.user_id], books=[member.book_id]) as tx:
        found(await book(tx, member.user_id, member.book_id), "book")
        items = await members(tx, member.book_id)
    return answer(MembersOut(items=[MemberOut.model_validate(item) for item in items]))


@router.patch("/books/{book_id}/members/{user_id}", response_model=MemberOut, summary="Change a role")
async def patch_member(
    body: RoleIn, member: Member, user_id: UserIdPath, if_match: IfMatch, asked: Asked
) -> Response:
    """Gives a member another role; owners may. The last owner stays owner."""
    wanted, now = path_id(user_id), asked.clock()
    async with asked.writing(users=[member.user_id], books=[member.book_id]) as tx:
        changed, number = await change_role(
            tx,
            member.book_id,
            member.user_id,
            wanted,
            body.role,
            lambda present: check_version(present, if_match, body.version),
            now,
        )
    await asked.tools.denylist.leave_book(member.book_id, wanted, now)
    headers = {consistency.HEADER: consistency.write("auth", member.book_id, number)}
    return answer(MemberOut.model_validate(changed), version=changed.version, headers=headers)


@router.delete("/books/{book_id}/members/{user_id}", status_code=204, summary="Remove a member")
async def delete_member(member: Member, user_id: UserIdPath, if_match: IfMatch, asked: Asked) -> Response:
    """Takes a member out of the book; owners may. The last owner stays."""
    wanted, now = path_id(user_id), asked.clock()
    async with asked.writing(users=[member.user_id], books=[member.book_id]) as tx:
        number = await remove_member(
            tx,
            member.book_id,
            member.user_id,
            wanted,
            lambda present: check_version(present, if_match),
            now,
        )
    await asked.tools.denylist.leave_book(member.book_id, wanted, now)
    headers = {consistency.HEADER: consistency.write("auth", member.book_id, number)}
    return Response(status_code=204, headers=headers)


@router.post("/books/{book_id}/leave", status_code=204, summary="Leave a book")
async def leave_book(member: Member, asked: Asked) -> Response:
    """Ends your membership. The last owner makes somebody else owner first."""
    now = asked.clock()
    async with asked.writing(users=[member.user_id], books=[member.book_id]) as tx:
        number = await leave(tx, member.book_id, member.user_id, now)
    await asked.tools.denylist.leave_book(member.book_id, member.user_id, now)
    headers = {consistency.HEADER: consistency.write("auth", member.book_id, number)}
    return Response(status_code=204, headers=headers)
