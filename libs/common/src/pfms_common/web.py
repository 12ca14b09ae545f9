"""The edge of every service: strict JSON, who asks, the transaction of a request, versions in headers."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import File, Form
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette._utils import get_route_path
from starlette.datastructures import Headers

from pfms_common import tracing
from pfms_common.idempotency import Claim, checked_key
from pfms_common.ids import read_id
from pfms_common.input import Input
from pfms_common.principal import Principal, Token, in_book
from pfms_common.problem import (
    Invalid,
    KeyRequired,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Stale,
    Unauthenticated,
    UnsupportedType,
)
from pfms_common.sql import scope

MAX_DEPTH = 32
_SUSPECT = re.compile(rb"\\u00[01]|\\u[dD][89a-fA-F]|\\[bfr]")
_BAD_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_ETAG = re.compile(r'"(\d{1,18})"')


def _unreadable(why: str) -> Invalid:
    """Of the body as a whole: no field of it can be named."""
    return Invalid(why, errors={"body": [why]})


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _unreadable("A JSON object names the same member twice.")
    return members


def _no_constants(name: str) -> Any:
    raise _unreadable(f"{name} is not a JSON number.")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_constant=_no_constants)


def parse_json(body: bytes) -> Any:
    """JSON with one meaning only: no duplicate members, NaN, deep nesting, control characters or lone
    surrogates. Looks at depth and strings only where the bytes give a reason to.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _unreadable("The body is not UTF-8.") from error
    deep = body.count(b"[") + body.count(b"{") > MAX_DEPTH
    if deep and _depth(text) > MAX_DEPTH:
        raise _unreadable(f"The body is nested deeper than {MAX_DEPTH}.")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _unreadable(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    except ValueError as error:
        raise _unreadable("The body holds a number with too many digits.") from error
    if _SUSPECT.search(body):
        _refuse_bad_text(value)
    return value


def _depth(text: str) -> int:
    """The deepest nesting outside strings."""
    depth = deepest = 0
    for bracket in re.finditer(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', text, re.DOTALL):
        match bracket.group()[0]:
            case "[" | "{":
                depth += 1
                deepest = max(deepest, depth)
            case "]" | "}":
                depth -= 1
    return deepest


def _refuse_bad_text(value: Any, path: str = "") -> None:
    if isinstance(value, str) and _BAD_TEXT.search(value):
        why = "must not hold control characters or half of a surrogate pair"
        raise Invalid(f"Text {why}.", errors={path or "body": [why]})
    if isinstance(value, dict):
        for name, member in value.items():
            _refuse_bad_text(name, path)
            _refuse_bad_text(member, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for n, member in enumerate(value):
            _refuse_bad_text(member, f"{path}.{n}".removeprefix("."))


class StrictRequest(Request):
    """A request whose JSON has one meaning; what was parsed is kept for a problem's `preserved_input`."""

    async def json(self) -> Any:
        self.scope["pfms.input"] = value = parse_json(await self.body())
        return value


class StrictRoute(APIRoute):
    """Every route of every service: strict requests, 415 where JSON is due and something else came, and 400 for
    parameters of the query that the route does not know, since a misspelt filter would answer with everything.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        field = self.body_field
        wants_json = field is not None and not isinstance(field.field_info, Form | File)
        known = _query_names(self.dependant)

        async def strict(request: Request) -> Response:
            _check_type(request.headers, wants_json=wants_json)
            if request.scope["query_string"]:
                _check_query([name for name, _ in request.query_params.multi_items()], known)
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def _query_names(dependant: Dependant) -> frozenset[str]:
    """What a route and its dependencies read of the query; none of ours takes a list."""
    names = {parameter.alias for parameter in dependant.query_params}
    model = getattr(dependant.call, "query_model", None)
    if model is not None:
        names |= {field.alias or name for name, field in model.model_fields.items()}
    return frozenset(names).union(*map(_query_names, dependant.dependencies))


# A client may page every list alike; one that always fits on a page has nothing to do for these.
OF_EVERY_LIST = frozenset({"limit", "cursor", "include"})


def _check_query(names: Sequence[str], known: frozenset[str]) -> None:
    wrong = {name: ["is no parameter here"] for name in names if name not in known | OF_EVERY_LIST}
    wrong |= {name: ["stands twice"] for name in known if names.count(name) > 1}
    if wrong:
        told = ", ".join(f"{name[:60]!r} {messages[0]}" for name, messages in list(wrong.items())[:3])
        raise Invalid(f"In the query {told}.", errors=wrong)


def _check_type(headers: Headers, *, wants_json: bool) -> None:
    """JSON is UTF-8 (RFC 8259) and comes as it is: what is packed could be a thousand times its size."""
    if "content-encoding" in headers:
        raise UnsupportedType("Send the body without a Content-Encoding.")
    if not wants_json:
        return
    kind, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    if kind != "application/json" and (kind or headers.get("content-length", "0") != "0"):
        raise UnsupportedType("Send application/json.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in {"utf-8", "utf8"}:
            raise UnsupportedType("Send application/json in UTF-8.")


async def token(request: Request) -> Token:
    """The caller's verified access token; 401 without one. Several dependencies of a route ask for it."""
    seen: Token | None = request.scope.get("pfms.token")
    if seen is not None:
        return seen
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text:
        raise Unauthenticated("Send Authorization: Bearer with an access token.")
    verified: Token = await request.app.state.tokens.verify(text)
    request.scope["pfms.token"] = verified
    return verified


SignedIn = Annotated[Token, Depends(token)]


async def viewer(request: Request) -> Principal:
    return in_book(await token(request), request.headers.get("book-id"))


Viewer = Annotated[Principal, Depends(viewer)]


async def editor(request: Request) -> Principal:
    principal = await viewer(request)
    principal.require("editor")
    return principal


Editor = Annotated[Principal, Depends(editor)]


async def owner(request: Request) -> Principal:
    principal = await viewer(request)
    principal.require("owner")
    return principal


Owner = Annotated[Principal, Depends(owner)]


async def claim(request: Request) -> Claim | None:
    """The claim of this request's Idempotency-Key; None without one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    operation = f"{request.method} {get_route_path(request.scope)}"
    fingerprint = hashlib.sha256(await request.body()).digest()
    return Claim((await token(request)).user_id, operation, checked_key(key), fingerprint)


Claimed = Annotated[Claim | None, Depends(claim)]


async def required_claim(request: Request) -> Claim:
    claimed = await claim(request)
    if claimed is None:
        raise KeyRequired("Send an Idempotency-Key: a retry of the same request then has one effect.")
    return claimed


MustClaim = Annotated[Claim, Depends(required_claim)]


async def open_tx(request: Request) -> AsyncIterator[AsyncSession]:
    """One transaction in the caller's book, committed before the answer starts; raise to roll it back."""
    principal = await viewer(request)
    with scope(books=[principal.book_id], users=[principal.user_id]), tracing.span("transaction"):
        async with request.app.state.sessions.begin() as session:
            yield session


Tx = Annotated[AsyncSession, Depends(open_tx, scope="function")]


async def expected_version(request: Request) -> int | None:
    """The version in If-Match; None without the header. `*` and lists are refused: they name no version."""
    if_match = request.headers.get("if-match")
    if if_match is None:
        return None
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise Invalid(
            'If-Match takes one version in quotes, such as "3".', errors={"If-Match": ["not a version"]}
        )
    return int(match.group(1))


IfMatch = Annotated[int | None, Depends(expected_version)]


def from_query[M: Input](model: type[M]) -> Callable[[Request], Coroutine[Any, Any, M]]:
    """A dependency that reads all parameters of the query as one model, which OpenAPI takes them from: each that
    is declared as a parameter of the route costs every request some 20 µs, whether or not it was sent.
    """

    async def read(request: Request) -> M:
        try:
            return model.model_validate(dict(request.query_params))
        except ValidationError as error:
            raise RequestValidationError(
                [{**found, "loc": ("query", *found["loc"])} for found in error.errors()]
            ) from error

    read.query_model = model  # type: ignore[attr-defined]  # read by the OpenAPI document
    return read


_BOOK = {
    "name": "Book-Id",
    "in": "header",
    "description": "the book; without it your default one",
    "schema": {"type": "string", "format": "uuid"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "16 to 255 visible ASCII characters; the same key and body give the same answer for 72 h",
    "schema": {"type": "string", "minLength": 16, "maxLength": 255},
    "example": "7b0c1f8e-9d64-4f0e-8a39-2f4e3a1d5c11",
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "the version you change, in quotes, as ETag gave it",
    "schema": {"type": "string"},
    "example": '"3"',
}
# Headers are read from the request and not declared as parameters, since each declared one costs every request
# some 20 µs; the OpenAPI document takes them from here.
HEADERS: Mapping[Callable[..., Any], dict[str, Any]] = {
    viewer: _BOOK,
    editor: _BOOK,
    owner: _BOOK,
    open_tx: _BOOK,
    claim: _KEY,
    required_claim: {**_KEY, "required": True},
    expected_version: _IF_MATCH,
}


def check_version(present: int, if_match: int | None, in_body: int | None = None) -> None:
    """A change names the version it was made from: in If-Match (stale: 412), in the body or, where there is none,
    in the query (stale: 409).
    """
    if if_match is None and in_body is None:
        raise PreconditionRequired(
            "Send If-Match with the version you saw, or `version` in the body; with a DELETE `?version=`."
        )
    if if_match is not None and if_match != present:
        raise PreconditionFailed(f"It has version {present} now; read it again.")
    if in_body is not None and in_body != present:
        raise Stale(f"It has version {present} now; read it again.")


def etag(version: int) -> str:
    return f'"{version}"'


def answer(
    model: BaseModel, *, status: int = 200, version: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    """A model as JSON bytes, with its ETag."""
    tag = {} if version is None else {"ETag": etag(version)}
    body = model.model_dump_json(by_alias=True).encode()
    return Response(body, status, {**tag, **(headers or {})}, "application/json")


def found[T](value: T | None, what: str) -> T:
    """`value`, or the one 404 that missing and foreign things share."""
    if value is None:
        raise NotFound(f"There is no such {what} in this book.")
    return value


def path_id(text: str) -> UUID:
    """An id in a path: what is no UUID can be the id of nothing."""
    try:
        return read_id(text)
    except ValueError as error:
        raise NotFound("There is no such thing here.") from error
