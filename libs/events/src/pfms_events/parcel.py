"""Packing: one message per routing key, and the bulk lane for a stream that sends very many at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from pfms_events.envelope import MAX_ENVELOPES, join_body
from pfms_events.transport import Message

MAX_BODY_BYTES = 1024 * 1024
BULK_ROWS = 200
BULK_ENVELOPES = 250


@dataclass(frozen=True, slots=True)
class Row:
    """One unsent event; the first three fields are its key in the outbox."""

    occurred_at: datetime
    stream_id: UUID
    sequence: int
    type: str
    envelope: str


@dataclass(frozen=True, slots=True)
class Parcel:
    message: Message
    rows: Sequence[Row]


def pack(rows: Sequence[Row]) -> list[Parcel]:
    """Groups the rows of one read; a stream with more than 200 of them goes to the bulk lane."""
    per_stream = Counter(row.stream_id for row in rows)
    groups: dict[tuple[str, bool], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.type, per_stream[row.stream_id] > BULK_ROWS), []).append(row)
    return [
        parcel(part, bulk=bulk)
        for (_, bulk), group in groups.items()
        for part in _parts(group, BULK_ENVELOPES if bulk else MAX_ENVELOPES)
    ]


def parcel(rows: Sequence[Row], *, bulk: bool) -> Parcel:
    return Parcel(Message(rows[0].type, join_body([row.envelope for row in rows]), bulk), rows)


def causes(parcels: Sequence[Parcel]) -> Iterator[dict[str, Any]]:
    """The `trace` of each event in them."""
    return (orjson.loads(row.envelope)["trace"] for each in parcels for row in each.rows)


def _parts(rows: Sequence[Row], most: int) -> Iterator[list[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.envelope.encode())
        if part and (len(part) == most or size + length > MAX_BODY_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += length + 1
    if part:
        yield part
