"""Choosing a new password by a mailed link."""

from fastapi import APIRouter, Response

from pfms_auth.api.asking import Asked
from pfms_auth.api.fields import Email, LinkSecret, NewPassword
from pfms_auth.operations.links import ask_for_link, reset_password
from pfms_common.input import Input
from pfms_common.web import StrictRoute

router = APIRouter(tags=["sign-in"], route_class=StrictRoute)
PUBLIC = {"x-public": True}


class ResetAskIn(Input):
    email: Email


class ResetIn(Input):
    token: LinkSecret
    password: NewPassword


@router.post(
    "/auth/password-reset",
    status_code=202,
    response_class=Response,
    summary="Ask for a new password",
    openapi_extra=PUBLIC,
)
async def ask_for_reset(body: ResetAskIn, asked: Asked) -> Response:
    """Mails a link if the address has an account; answers alike if not."""
    await ask_for_link(asked, body.email, "reset")
    return Response(status_code=202)


@router.post(
    "/auth/password-reset/confirm", status_code=204, summary="Choose a new password", openapi_extra=PUBLIC
)
async def reset(body: ResetIn, asked: Asked) -> Response:
    """Sets the password, ends every session and tells the owner. A link works once, for 15 minutes."""
    await reset_password(asked, body.token, body.password.get_secret_value())
    return Response(status_code=204)
