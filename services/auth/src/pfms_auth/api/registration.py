"""Registering, and confirming the address."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_auth.api.asking import Asked, Calling
from pfms_auth.api.books import BookOut
from pfms_auth.api.fields import CurrencyCode, DisplayName, Email, Language, LinkSecret, NewPassword, Zone
from pfms_auth.api.profile import ProfileOut
from pfms_auth.domain.password import check_password
from pfms_auth.operations.links import ask_for_link, verify_address
from pfms_auth.operations.registration import NewPerson, register
from pfms_auth.operations.sign_in import place_key
from pfms_common import consistency
from pfms_common.ids import new_id
from pfms_common.input import Input, Output
from pfms_common.web import StrictRoute, answer

router = APIRouter(tags=["sign-up"], route_class=StrictRoute)
PUBLIC = {"x-public": True}


class RegisterIn(Input):
    email: Email
    password: NewPassword
    display_name: DisplayName
    home_currency: Annotated[CurrencyCode, Field(description="the currency you think in; your first book's")]
    timezone: Zone
    language: Language = "en"


class RegisterOut(Output):
    """The new account and its first book."""

    user: Annotated[ProfileOut, Field(description="the new account")]
    book: Annotated[BookOut, Field(description="its first book, of which it is the owner")]


class VerifyIn(Input):
    token: LinkSecret


class AddressIn(Input):
    email: Email


@router.post(
    "/auth/register", status_code=201, response_model=RegisterOut, summary="Register", openapi_extra=PUBLIC
)
async def register_person(body: RegisterIn, asked: Asked, calling: Calling) -> Response:
    """Makes an account and a personal book, and mails a link that confirms the address.

    An address that has an account already gets the same answer, with ids that lead nowhere; its owner gets a mail.
    """
    tools = asked.tools
    password = body.password.get_secret_value()
    check_password(
        password, address=body.email, minimum=tools.minimum_password_length, common=tools.common_passwords
    )
    new = NewPerson(
        user_id=new_id(),
        book_id=new_id(),
        email=body.email,
        password_hash=await tools.hasher.hash(password),
        display_name=body.display_name,
        home_currency=body.home_currency,
        timezone=body.timezone,
        language=body.language,
        place=place_key(asked, calling),
    )
    async with asked.writing(users=[new.user_id], books=[new.book_id]) as tx:
        made = await register(tx, tools, new, asked.clock())
    tokens = (
        consistency.write("auth", new.user_id, made.person_number),
        consistency.write("auth", new.book_id, made.book_number),
    )
    shown = RegisterOut(user=ProfileOut.model_validate(made.profile), book=BookOut.model_validate(made.book))
    return answer(shown, status=201, headers={consistency.HEADER: ", ".join(tokens)})


@router.post("/auth/verify-email", status_code=204, summary="Confirm the address", openapi_extra=PUBLIC)
async def verify_email(body: VerifyIn, asked: Asked) -> Response:
    """Confirms the address to which the link was mailed. A link works once, for 15 minutes."""
    await verify_address(asked, body.token)
    return Response(status_code=204)


@router.post(
    "/auth/verify-email/resend",
    status_code=202,
    response_class=Response,
    summary="Mail the link again",
    openapi_extra=PUBLIC,
)
async def resend_verification(body: AddressIn, asked: Asked) -> Response:
    """Mails a new link if the address has an account that is not confirmed yet; answers alike if not."""
    await ask_for_link(asked, body.email, "verify")
    return Response(status_code=202)
