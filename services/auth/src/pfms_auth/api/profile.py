"""One's own profile."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_auth.api.asking import Asked
from pfms_auth.api.fields import CurrencyCode, DisplayName, Language, Zone, given
from pfms_auth.operations.profile import change_profile
from pfms_auth.queries.people import profile
from pfms_common import consistency
from pfms_common.input import Id, Input, Output
from pfms_common.web import IfMatch, SignedIn, StrictRoute, answer, check_version, found

router = APIRouter(tags=["profile"], route_class=StrictRoute)


class ProfileOut(Output):
    """An account as its owner sees it."""

    id: Annotated[UUID, Field(description="the user")]
    email: Annotated[str, Field(description="address for sign-in and mails", examples=["ada@example.org"])]
    display_name: Annotated[str, Field(description="what the other members of a book see", examples=["Ada"])]
    home_currency: Annotated[
        str, Field(description="ISO 4217; figures over several books are shown in it", examples=["EUR"])
    ]
    timezone: Annotated[str, Field(description="IANA time zone", examples=["Europe/Berlin"])]
    language: Annotated[str, Field(description="BCP 47", examples=["en"])]
    is_verified: Annotated[bool, Field(description="whether the address was confirmed")]
    default_book_id: Annotated[
        UUID | None, Field(description="the book of requests that name none; null: the first joined")
    ]
    created_at: Annotated[datetime, Field(description="when the account was made, UTC")]
    version: Annotated[int, Field(description="counts changes; send it back as If-Match", examples=[1])]


class ProfileIn(Input):
    """What is to change; what is not sent stays."""

    display_name: Annotated[DisplayName | None, Field(description="the name others see")] = None
    home_currency: Annotated[CurrencyCode | None, Field(description="ISO 4217")] = None
    timezone: Annotated[Zone | None, Field(description="IANA time zone")] = None
    language: Annotated[Language | None, Field(description="BCP 47")] = None
    default_book_id: Annotated[
        Id | None, Field(description="one of your books; null: the first you joined")
    ] = None
    version: Annotated[int | None, Field(ge=1, description="the version you saw, instead of If-Match")] = None


@router.get("/user/profile", response_model=ProfileOut, summary="Read my profile")
async def read_profile(signed_in: SignedIn, asked: Asked) -> Response:
    async with asked.reading(users=[signed_in.user_id]) as tx:
        present = found(await profile(tx, signed_in.user_id), "account")
    return answer(ProfileOut.model_validate(present), version=present.version)


@router.patch("/user/profile", response_model=ProfileOut, summary="Change my profile")
async def patch_profile(body: ProfileIn, signed_in: SignedIn, if_match: IfMatch, asked: Asked) -> Response:
    changes = given(body, nullable=["default_book_id"])
    async with asked.writing(users=[signed_in.user_id]) as tx:
        changed, number = await change_profile(
            tx,
            signed_in.user_id,
            changes,
            lambda present: check_version(present, if_match, body.version),
            asked.clock(),
        )
    headers = {consistency.HEADER: consistency.write("auth", signed_in.user_id, number)}
    return answer(ProfileOut.model_validate(changed), version=changed.version, headers=headers)
