"""The gateway's own refusals, and how one is sent."""

from collections.abc import Mapping

from starlette.types import Send

from pfms_common import problem
from pfms_common.clock import Clock
from pfms_common.problem import COMMON, INTERNAL, Problem, Refusal
from pfms_gateway.headers import Headers


class UriTooLong(Refusal):
    """The path and query are over 8 KiB."""


class HeadersTooLarge(Refusal):
    """The headers are over 16 KiB."""


class SlowClient(Refusal):
    """The client stopped sending in the middle of its body."""


class NotOffered(Refusal):
    """The path exists, this method does not. Needs `allow` in `extra`."""


PROBLEMS: Mapping[type[Refusal], Problem] = {
    **COMMON,
    UriTooLong: Problem(414, "uri_too_long", "The address is too long"),
    HeadersTooLarge: Problem(431, "headers_too_large", "The headers are too large"),
    SlowClient: Problem(408, "request_timeout", "The request did not arrive in time"),
    NotOffered: problem.METHOD_NOT_ALLOWED,
}


def problem_of(refusal: Refusal | None) -> Problem:
    """None stands for an error nobody foresaw."""
    found = refusal and problem.problem_for(refusal, PROBLEMS)
    return found or INTERNAL


async def send_problem(
    send: Send, refusal: Refusal | None, *, instance: str, request_id: str, own: Headers, clock: Clock
) -> int:
    """Answers with the refusal's problem document and returns its status."""
    told = problem_of(refusal)
    body = problem.document(
        told,
        detail=refusal.detail if refusal else "",
        instance=instance,
        request_id=request_id,
        now=clock(),
        errors=refusal.errors if refusal else None,
    )
    given = refusal.extra.get("headers", {}) if refusal else {}
    headers = [*own, (b"content-type", problem.MEDIA_TYPE.encode())]
    headers.append((b"content-length", str(len(body)).encode()))
    headers += [(n.lower().encode(), v.encode()) for n, v in {**told.headers, **given}.items()]
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
    return told.status
