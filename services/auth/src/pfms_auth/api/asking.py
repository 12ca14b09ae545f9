"""Who asks, from where, and for which book."""

from typing import Annotated

from fastapi import Depends, Path, Request

from pfms_auth.operations.context import Context
from pfms_auth.operations.pair import Caller, caller
from pfms_common.principal import Principal
from pfms_common.problem import NotFound
from pfms_common.web import SignedIn, path_id


async def context(request: Request) -> Context:
    found: Context = request.app.state.own
    return found


Asked = Annotated[Context, Depends(context)]


async def calling(request: Request) -> Caller:
    """The client behind the gateway, which writes its address as the last of `X-Forwarded-For`."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    address = forwarded or (request.client.host if request.client else "unknown")
    return caller(address, request.headers.get("user-agent", ""))


Calling = Annotated[Caller, Depends(calling)]


async def member(
    signed_in: SignedIn,
    book_id: Annotated[str, Path(description="the book", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])],
) -> Principal:
    """The caller in the book of the path. A book that the token does not name is missing, whether or not it is."""
    wanted = path_id(book_id)
    if wanted not in signed_in.books:
        raise NotFound("There is no such book.")
    return Principal(signed_in.user_id, signed_in.session_id, wanted, signed_in.books[wanted])


Member = Annotated[Principal, Depends(member)]
