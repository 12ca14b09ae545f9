"""What travels: a JSON array of 1 to 1,000 envelopes, each one event with where it stands in its stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from pfms_events.event import Event, Models

MAX_ENVELOPES = 1000

# Made by the database in one go, for the relay and the feed alike: nothing is parsed on the way out.
ENVELOPE = """json_build_object('id', e.id, 'type', e.type, 'schema_version', e.schema_version,
    'source', {source}, 'stream_id', e.stream_id, 'sequence', e.sequence,
    'aggregate', json_build_object('type', e.aggregate_type, 'id', e.aggregate_id,
                                   'version', e.aggregate_version),
    'occurred_at', e.occurred_at AT TIME ZONE 'UTC', 'actor', e.actor, 'trace', e.trace, 'mode', e.mode,
    'data', e.data)::text"""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event of one stream, its payload validated by its contract."""

    id: UUID
    type: str
    schema_version: int
    source: str
    stream_id: UUID
    sequence: int
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    actor: UUID | None
    trace: Mapping[str, str]
    mode: str
    data: Event
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Faulty:
    """An event that has a place in its stream but cannot be used: it is parked, not lost."""

    id: UUID
    stream_id: UUID
    sequence: int
    aggregate_id: UUID
    aggregate_version: int
    raw: Mapping[str, Any] = field(repr=False)
    error: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """An event that this consumer has no use for; its number counts as dealt with."""

    stream_id: UUID
    sequence: int


type Opened = Envelope | Faulty | Foreign


class UnreadableError(ValueError):
    """A body from which not even stream and id can be read: it belongs into the dead-letter queue."""


def split_body(body: bytes) -> list[dict[str, Any]]:
    """The envelopes of a body, still unread."""
    if b"\\u0000" in body:
        raise UnreadableError("a NUL, which no database of ours can hold")
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(f"not JSON: {error}") from error
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ENVELOPES:
        raise UnreadableError(f"a body is an array of 1 to {MAX_ENVELOPES} envelopes")
    return items


def join_body(envelopes: Sequence[str]) -> bytes:
    return b"[" + ",".join(envelopes).encode() + b"]"


def open_envelope(item: Mapping[str, Any], models: Models, producer: str) -> Opened:
    """Reads one envelope and validates its payload, before any SQL.

    `models` are the contracts that the consumer takes; every other type is foreign to it. A known type in an
    unknown version is faulty: it waits, parked, for code that can read it.
    """
    try:
        stream_id, event_id = _known_id(item["stream_id"]), UUID(item["id"])
        sequence, event_type, source = item["sequence"], item["type"], item["source"]
        aggregate = item["aggregate"]
        aggregate_id, aggregate_version = UUID(aggregate["id"]), aggregate["version"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"an envelope without its place in a stream: {error!r}") from error
    if not (_is_number(sequence) and _is_number(aggregate_version)):
        raise UnreadableError("an envelope whose numbers are none")
    if source != producer:
        raise UnreadableError(f"an envelope of {source!r} where {producer!r} was expected")
    model = models.get((event_type, item.get("schema_version", 0)))
    if model is None and not any(event_type == known for known, _ in models):
        return Foreign(stream_id, sequence)

    def faulty(error: str) -> Faulty:
        return Faulty(event_id, stream_id, sequence, aggregate_id, aggregate_version, item, error)

    if model is None:
        return faulty(f"{event_type} v{item.get('schema_version')} is not known here")
    try:
        return Envelope(
            id=event_id,
            type=event_type,
            schema_version=model.SCHEMA_VERSION,
            source=source,
            stream_id=stream_id,
            sequence=sequence,
            aggregate_type=aggregate["type"],
            aggregate_id=aggregate_id,
            aggregate_version=aggregate_version,
            occurred_at=_instant(item["occurred_at"]),
            actor=_known_id(item["actor"]) if item.get("actor") else None,
            trace=item.get("trace") or {},
            mode=item.get("mode", "live"),
            data=model.__pydantic_validator__.validate_python(item["data"]),
            raw=item,
        )
    except ValidationError as error:
        return faulty(_places(error))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return faulty(repr(error))


# A list is of few streams and actors, and reading an id takes as long as reading all the rest of a small event.
_known_id = lru_cache(maxsize=1024)(UUID)


def _is_number(value: object) -> bool:
    return type(value) is int and 0 < value < 2**63


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _places(error: ValidationError) -> str:
    """Where and why, without the values: a payload may hold what logs and operators must not see."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found[:5])
