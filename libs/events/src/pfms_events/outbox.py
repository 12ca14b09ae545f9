"""The writing side: events join the transaction that makes them true, and the relay is woken after its commit."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson

from pfms_common.ids import new_id
from pfms_common.sql import CONNECT_SECONDS, GONE
from pfms_events.event import MAX_DATA_BYTES, Event

CHANNEL = "pfms_outbox"
NOTIFY_EVERY_SECONDS = 0.002
_RECONNECT_SECONDS = 1

type Mode = Literal["live", "replay"]
type Poke = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One event with the aggregate it belongs to and that aggregate's version after it."""

    event: Event
    aggregate_id: UUID
    aggregate_version: int


class EventTooLargeError(ValueError):
    """An event's payload is over 256 KiB: the rule that made it lets too much text in."""


def encode(
    changes: Sequence[Change],
    *,
    actor: UUID | None = None,
    trace: Mapping[str, str] | None = None,
    occurred_at: datetime | None = None,
    mode: Mode = "live",
) -> str:
    """The JSON array that the SQL function `append_events(stream, events)` takes; each event gets its id here."""
    shared: dict[str, Any] = {"actor": actor, "trace": trace or {}, "mode": mode}
    if occurred_at is not None:
        shared["occurred_at"] = occurred_at
    elements = [_element(change) | shared for change in changes]
    return orjson.dumps(elements, default=str).decode()  # an id that asyncpg read is a subclass of UUID


def _element(change: Change) -> dict[str, Any]:
    event, data = change.event, change.event.to_json()
    if len(data) > MAX_DATA_BYTES:
        raise EventTooLargeError(f"{event.EVENT} is {len(data)} bytes, more than {MAX_DATA_BYTES}")
    return {
        "id": new_id(),
        "type": event.EVENT,
        "schema_version": event.SCHEMA_VERSION,
        "aggregate_type": event.AGGREGATE,
        "aggregate_id": change.aggregate_id,
        "aggregate_version": change.aggregate_version,
        "data": orjson.Fragment(data),
    }


async def append(
    connection: asyncpg.Connection,
    stream_id: UUID,
    changes: Sequence[Change],
    *,
    actor: UUID | None = None,
    trace: Mapping[str, str] | None = None,
    occurred_at: datetime | None = None,
    mode: Mode = "live",
) -> int:
    """Adds the events to the caller's transaction and answers with the stream's last number.

    It also takes the stream's lock: a write calls it, or `lock_heads`, before it touches anything else.
    """
    events = encode(changes, actor=actor, trace=trace, occurred_at=occurred_at, mode=mode)
    last: int = await connection.fetchval("SELECT append_events($1, $2::text::jsonb)", stream_id, events)
    return last


async def lock_heads(connection: asyncpg.Connection, stream_ids: Sequence[UUID]) -> None:
    """The first lock of a write that has no event yet to append, or of one over several streams."""
    await connection.execute("SELECT lock_heads($1)", stream_ids)


@asynccontextmanager
async def notifier(url: str) -> AsyncIterator[Poke]:
    """Gives a `poke()` to call after a commit: a NOTIFY on a connection of its own, at most one every 2 ms.

    Never inside a business transaction, where it would take one global lock at commit. A lost wake-up costs
    half a second, the relay's poll. Where the relay runs in the same process, its asyncio.Event's `set` is the
    poke and this is not needed.
    """
    wanted = asyncio.Event()
    task = asyncio.create_task(_notify(url, wanted))
    try:
        yield wanted.set
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _notify(url: str, wanted: asyncio.Event) -> None:
    connection: asyncpg.Connection | None = None
    try:
        while True:
            await wanted.wait()
            wanted.clear()
            try:
                if connection is None or connection.is_closed():
                    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
                await connection.execute(f"NOTIFY {CHANNEL}", timeout=CONNECT_SECONDS)
                await asyncio.sleep(NOTIFY_EVERY_SECONDS)
            except (*GONE, asyncpg.PostgresError):
                await asyncio.sleep(_RECONNECT_SECONDS)
    finally:
        if connection is not None:
            connection.terminate()
