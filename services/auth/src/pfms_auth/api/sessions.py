"""Signing in, staying signed in, signing out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, SecretStr

from pfms_auth.api.asking import Asked, Calling
from pfms_auth.api.fields import Email, Password
from pfms_auth.operations.pair import Pair
from pfms_auth.operations.refresh import refresh
from pfms_auth.operations.sessions import end_sessions
from pfms_auth.operations.sign_in import sign_in
from pfms_auth.queries.sessions import live_sessions
from pfms_common.input import Input, Output
from pfms_common.problem import NotFound
from pfms_common.web import SignedIn, StrictRoute, answer, path_id

router = APIRouter(tags=["sign-in"], route_class=StrictRoute)
PUBLIC = {"x-public": True}
NO_STORE = {"Cache-Control": "no-store"}


class LoginIn(Input):
    email: Email
    password: Password


class RefreshIn(Input):
    refresh_token: Annotated[
        SecretStr, Field(max_length=200, description="the newest refresh token of this sign-in")
    ]


class PairOut(Output):
    """Tokens of one sign-in."""

    access_token: Annotated[str, Field(description="JWT for `Authorization: Bearer`")]
    token_type: Annotated[Literal["Bearer"], Field(description="how the access token is shown")] = "Bearer"  # noqa: S105  # RFC 6750's word
    expires_in: Annotated[int, Field(description="life of the access token in seconds", examples=[600])]
    refresh_token: Annotated[
        str, Field(description="fetches the next pair, once; unused it lives 14 days, the sign-in 30 days")
    ]


class SessionOut(Output):
    """One sign-in of one device."""

    id: Annotated[UUID, Field(description="the session, `sid` in its access tokens")]
    device: Annotated[str, Field(description="what the client said of itself (User-Agent)")]
    address: Annotated[
        str, Field(description="network address at its last refresh", examples=["203.0.113.7"])
    ]
    started_at: Annotated[datetime, Field(description="when its password was checked, UTC")]
    last_used_at: Annotated[datetime, Field(description="when it was last refreshed, UTC")]
    expires_at: Annotated[datetime, Field(description="when it ends at the latest, UTC")]
    is_current: Annotated[bool, Field(description="whether this very request belongs to it")]


class SessionsOut(Output):
    items: Annotated[list[SessionOut], Field(description="live sessions, the last used first, at most 200")]


def _pair(pair: Pair) -> Response:
    shown = PairOut(
        access_token=pair.access.access_token,
        expires_in=pair.access.expires_in,
        refresh_token=pair.refresh_token,
    )
    return answer(shown, headers=NO_STORE)


@router.post("/auth/login", response_model=PairOut, summary="Sign in", openapi_extra=PUBLIC)
async def login(body: LoginIn, asked: Asked, calling: Calling) -> Response:
    """Starts a session. An unknown address and a wrong password are refused alike.

    After five failures in a row each further one doubles the wait, up to 15 minutes; places from which the owner
    signed in before are counted apart, so nobody can be locked out by strangers.
    """
    return _pair(await sign_in(asked, body.email, body.password.get_secret_value(), calling))


@router.post("/auth/refresh", response_model=PairOut, summary="Refresh the tokens", openapi_extra=PUBLIC)
async def refresh_tokens(body: RefreshIn, asked: Asked, calling: Calling) -> Response:
    """Spends the refresh token and gives the next pair.

    Whose answer was lost may ask again within 10 seconds from the same client and gets the same pair. Any other
    use of a spent token means that it was copied: the session ends.
    """
    return _pair(await refresh(asked, body.refresh_token.get_secret_value(), calling))


@router.post("/auth/logout", status_code=204, summary="Sign out")
async def logout(signed_in: SignedIn, asked: Asked) -> Response:
    """Ends the session of this access token."""
    async with asked.writing(users=[signed_in.user_id]) as tx:
        await end_sessions(tx, signed_in.user_id, asked.clock(), "signed_out", only=signed_in.session_id)
    await asked.tools.denylist.end_sessions([signed_in.session_id])
    return Response(status_code=204)


@router.get("/auth/sessions", response_model=SessionsOut, summary="List my sessions")
async def list_sessions(signed_in: SignedIn, asked: Asked) -> Response:
    async with asked.reading(users=[signed_in.user_id]) as tx:
        found = await live_sessions(tx, signed_in.user_id, asked.clock())
    items = [
        SessionOut(
            id=session.id,
            device=session.device,
            address=session.address,
            started_at=session.started_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            is_current=session.id == signed_in.session_id,
        )
        for session in found
    ]
    return answer(SessionsOut(items=items))


@router.delete("/auth/sessions", status_code=204, summary="End my sessions")
async def end_all_sessions(
    signed_in: SignedIn,
    asked: Asked,
    keep_current: Annotated[
        Literal["true", "false"], Query(description="`true` leaves the session of this request")
    ] = "false",
) -> Response:
    """Signs out every device."""
    kept = signed_in.session_id if keep_current == "true" else None
    async with asked.writing(users=[signed_in.user_id]) as tx:
        ended = await end_sessions(tx, signed_in.user_id, asked.clock(), "revoked", but=kept)
    await asked.tools.denylist.end_sessions(ended)
    return Response(status_code=204)


@router.delete("/auth/sessions/{session_id}", status_code=204, summary="End one session")
async def end_one_session(
    session_id: Annotated[
        str, Path(description="the session", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])
    ],
    signed_in: SignedIn,
    asked: Asked,
) -> Response:
    """Signs out one device; 404 when it is not signed in."""
    async with asked.writing(users=[signed_in.user_id]) as tx:
        ended = await end_sessions(tx, signed_in.user_id, asked.clock(), "revoked", only=path_id(session_id))
        if not ended:
            raise NotFound("There is no such session.")
    await asked.tools.denylist.end_sessions(ended)
    return Response(status_code=204)
