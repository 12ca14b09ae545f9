"""Books: what a household shares."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from pfms_auth.api.asking import Asked, Member
from pfms_auth.api.fields import BookName, CurrencyCode, Zone, given
from pfms_auth.operations.access import Access, fresh_access
from pfms_auth.operations.books import NewBook, change_book, create_book
from pfms_auth.queries.books import Book, book, books
from pfms_common import consistency
from pfms_common.ids import new_id
from pfms_common.input import Input, Output
from pfms_common.role import Role
from pfms_common.web import Claimed, IfMatch, SignedIn, StrictRoute, answer, check_version, found
from pfms_service.once import once

router = APIRouter(tags=["books"], route_class=StrictRoute)


class BookOut(Output):
    """A book as one of its members sees it."""

    id: Annotated[UUID, Field(description="the book; send it as `Book-Id`")]
    name: Annotated[str, Field(description="its name", examples=["Household"])]
    base_currency: Annotated[
        str, Field(description="ISO 4217; the book's reports add up in it", examples=["EUR"])
    ]
    timezone: Annotated[
        str, Field(description="IANA; its days and months follow it", examples=["Europe/Berlin"])
    ]
    role: Annotated[Role, Field(description="yours in this book", examples=["owner"])]
    created_at: Annotated[datetime, Field(description="when it was made, UTC")]
    version: Annotated[int, Field(description="counts changes; send it back as If-Match", examples=[1])]


class BookWithAccess(BookOut):
    """A book, and an access token that names it."""

    access_token: Annotated[str, Field(description="takes the place of the one you have")]
    token_type: Annotated[Literal["Bearer"], Field(description="how the token is shown")] = "Bearer"  # noqa: S105  # RFC 6750's word
    expires_in: Annotated[int, Field(description="its life in seconds", examples=[600])]


class BooksOut(Output):
    items: Annotated[list[BookOut], Field(description="your books, the first joined first, at most 100")]


class NewBookIn(Input):
    name: BookName
    base_currency: CurrencyCode
    timezone: Zone


class BookIn(Input):
    """What is to change; what is not sent stays."""

    name: Annotated[BookName | None, Field(description="the new name")] = None
    timezone: Annotated[Zone | None, Field(description="the new IANA time zone")] = None
    version: Annotated[int | None, Field(ge=1, description="the version you saw, instead of If-Match")] = None


def with_access(book: Book, access: Access) -> BookWithAccess:
    return BookWithAccess(
        **BookOut.model_validate(book).model_dump(),
        access_token=access.access_token,
        expires_in=access.expires_in,
    )


@router.get("/books", response_model=BooksOut, summary="List my books")
async def list_books(signed_in: SignedIn, asked: Asked) -> Response:
    """The books that your access token names. One that you joined elsewhere comes with the next refresh."""
    async with asked.reading(users=[signed_in.user_id], books=list(signed_in.books)) as tx:
        items = await books(tx, signed_in.user_id, signed_in.books)
    return answer(BooksOut(items=[BookOut.model_validate(item) for item in items]))


@router.post("/books", status_code=201, response_model=BookWithAccess, summary="Make a book")
async def post_book(body: NewBookIn, signed_in: SignedIn, claimed: Claimed, asked: Asked) -> Response:
    """Makes a book that you own, and gives an access token that names it."""
    new = NewBook(new_id(), body.name, body.base_currency, body.timezone)
    async with asked.writing(users=[signed_in.user_id], books=[new.id]) as tx:

        async def write() -> Response:
            now = asked.clock()
            made, number = await create_book(tx, signed_in.user_id, new, now)
            access = await fresh_access(tx, asked.tools, signed_in.user_id, signed_in.session_id, now)
            headers = {consistency.HEADER: consistency.write("auth", new.id, number)}
            return answer(with_access(made, access), status=201, version=made.version, headers=headers)

        return await once(tx, None, claimed, write)


@router.get("/books/{book_id}", response_model=BookOut, summary="Read a book")
async def read_book(member: Member, asked: Asked) -> Response:
    async with asked.reading(users=[member.user_id], books=[member.book_id]) as tx:
        present = found(await book(tx, member.user_id, member.book_id), "book")
    return answer(BookOut.model_validate(present), version=present.version)


@router.patch("/books/{book_id}", response_model=BookOut, summary="Change a book")
async def patch_book(body: BookIn, member: Member, if_match: IfMatch, asked: Asked) -> Response:
    """Renames the book or moves it to another time zone; its owners may."""
    changes = given(body)
    async with asked.writing(users=[member.user_id], books=[member.book_id]) as tx:
        changed, number = await change_book(
            tx,
            member.user_id,
            member.book_id,
            changes,
            lambda present: check_version(present, if_match, body.version),
            asked.clock(),
        )
    headers = {consistency.HEADER: consistency.write("auth", member.book_id, number)}
    return answer(BookOut.model_validate(changed), version=changed.version, headers=headers)
