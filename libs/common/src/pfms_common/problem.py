"""What a client is told when something is refused: RFC 9457 problem documents with a closed list of codes.

A rule raises a `Refusal` of its own class, which stands beside the rule. Each service's `app.py` writes one
table from those classes to a `Problem`; what stands in no table is a bug and answers 500.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

PRESERVED_INPUT_LIMIT = 16 * 1024
MEDIA_TYPE = "application/problem+json"


class Refusal(Exception):
    """A rule says no.

    Args:
        detail: one sentence for a person, saying what to do; holds no secret and no SQL.
        errors: dotted path of an input field (`splits.0.amount_minor`) to what is wrong with it.
        extra: further members of the problem document, such as the id of the row in the way; `retry_after`
            (seconds) is sent as the header too.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = {path: list(messages) for path, messages in (errors or {}).items()}
        self.extra = dict(extra or {})


@dataclass(frozen=True, slots=True)
class Problem:
    """How one kind of refusal is told over HTTP."""

    status: int
    code: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Invalid(Refusal):
    """The input breaks a rule that the schema cannot say."""


class Unauthenticated(Refusal):
    """No valid sign-in came with the request."""


class Forbidden(Refusal):
    """The role in this book is too low, or the token does not name the book."""


class NotFound(Refusal):
    """Missing, or another book's: nobody can tell which."""


class Stale(Refusal):
    """The `version` in the body is not the present one."""


class PreconditionFailed(Refusal):
    """The `If-Match` header does not name the present version."""


class PreconditionRequired(Refusal):
    """A change must say which version it was made from."""


class InUse(Refusal):
    """Something refers to it, so it cannot go."""


class Conflict(Refusal):
    """It exists already, or its state does not allow this now."""


class KeyRequired(Refusal):
    """Money is created here, so the request must carry an Idempotency-Key."""


class KeyReused(Refusal):
    """The same Idempotency-Key came with another body."""


class KeyInFlight(Refusal):
    """A twin with the same Idempotency-Key is still at work."""


class InvalidCursor(Refusal):
    """The cursor was changed, or belongs to another list or filter."""


class Busy(Refusal):
    """The book or the pool is taken; trying again helps."""


class Unavailable(Refusal):
    """Something this answer needs is away."""


class StorageFull(Refusal):
    """The database has no room; reads still work."""


class ReadOnly(Refusal):
    """The operators switched writing off for a while."""


class TooLarge(Refusal):
    """The body is over its limit."""


class UnsupportedType(Refusal):
    """The body is of a type that this route does not read."""


class TooMany(Refusal):
    """The caller's allowance is used up for the moment."""


COMMON: Mapping[type[Refusal], Problem] = {
    Invalid: Problem(400, "validation_error", "The request is not valid"),
    Unauthenticated: Problem(401, "unauthenticated", "Sign in first", {"WWW-Authenticate": "Bearer"}),
    Forbidden: Problem(403, "forbidden", "Not allowed in this book"),
    NotFound: Problem(404, "not_found", "There is no such thing here"),
    Stale: Problem(409, "stale_version", "It was changed meanwhile"),
    InUse: Problem(409, "in_use", "Something refers to it"),
    Conflict: Problem(409, "conflict", "It cannot be done in this state"),
    PreconditionFailed: Problem(412, "precondition_failed", "It was changed meanwhile"),
    PreconditionRequired: Problem(428, "precondition_required", "Say which version you change"),
    KeyRequired: Problem(400, "idempotency_key_required", "An Idempotency-Key is needed"),
    KeyReused: Problem(422, "idempotency_key_reused", "The Idempotency-Key was used for another request"),
    KeyInFlight: Problem(
        409, "idempotency_in_flight", "The first try is still running", {"Retry-After": "1"}
    ),
    InvalidCursor: Problem(400, "invalid_cursor", "The cursor does not belong to this list"),
    Busy: Problem(503, "busy", "Too busy just now", {"Retry-After": "1"}),
    Unavailable: Problem(503, "unavailable", "A part is away just now", {"Retry-After": "5"}),
    StorageFull: Problem(503, "storage_full", "There is no room to write", {"Retry-After": "30"}),
    ReadOnly: Problem(503, "read_only", "Writing is switched off for maintenance", {"Retry-After": "60"}),
    TooLarge: Problem(413, "too_large", "The request is too large"),
    UnsupportedType: Problem(415, "unsupported_media_type", "This type is not read here"),
    TooMany: Problem(429, "too_many_requests", "Too many requests", {"Retry-After": "1"}),
}

INTERNAL = Problem(500, "internal_error", "Something went wrong on our side")
METHOD_NOT_ALLOWED = Problem(405, "method_not_allowed", "This method is not offered here")


def problem_for(refusal: Refusal, table: Mapping[type[Refusal], Problem]) -> Problem | None:
    """The entry of the nearest class: the refusal's own first, then its bases."""
    return next((table[cls] for cls in type(refusal).__mro__ if cls in table), None)


def document(
    problem: Problem,
    *,
    detail: str,
    instance: str,
    request_id: str,
    now: datetime,
    errors: Mapping[str, Sequence[str]] | None = None,
    preserved_input: Any = None,
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """One problem document as JSON bytes."""
    body: dict[str, Any] = {
        "type": f"urn:pfms:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "detail": detail or problem.title,
        "instance": instance,
        "errors": errors or {},
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "request_id": request_id,
    }
    if preserved_input is not None:
        body["preserved_input"] = _preserved(preserved_input)
    return orjson.dumps({**(extra or {}), **body})


def _preserved(sent: Any) -> orjson.Fragment | None:
    """What was sent, unless it is too much to send back or holds an integer over 64 bits, which nobody can mean."""
    try:
        kept = orjson.dumps(sent)
    except TypeError:
        return None
    return orjson.Fragment(kept) if len(kept) <= PRESERVED_INPUT_LIMIT else None
