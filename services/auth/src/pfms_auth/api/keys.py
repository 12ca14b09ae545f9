"""The public keys of access tokens."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from pfms_auth.api.asking import Asked
from pfms_common.input import Output
from pfms_common.web import StrictRoute

router = APIRouter(tags=["sign-in"], route_class=StrictRoute)


class JwksOut(Output):
    """A JWK set (RFC 7517)."""

    keys: Annotated[
        list[dict[str, Any]],
        Field(description="public Ed25519 keys: the one that signs, the next, and former ones for 24 hours"),
    ]


@router.get("/auth/jwks", summary="Public keys of access tokens", openapi_extra={"x-public": True})
async def jwks(asked: Asked) -> JwksOut:
    now = asked.clock()
    return JwksOut(**asked.tools.keys.signing(now).jwks(now))
