"""What a consumer is: a record, written out in a service's list SUBSCRIPTIONS."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from pfms_events.envelope import Envelope
from pfms_events.event import EventType, Models, catalogue


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one list, in the order they arrived, which is not the order of their numbers.

    `behind`: more are waiting already, so what is derived from many events may be put off to `when_idle`.
    """

    events: Sequence[Envelope]
    behind: bool = False


type Handler = Callable[[asyncpg.Connection, Batch], Awaitable[None]]
type WhenIdle = Callable[[asyncpg.Pool, asyncpg.Pool], Awaitable[None]]
type Fold = Callable[[Any, Sequence[Envelope]], Any]
type Replace = Callable[[asyncpg.Connection, UUID, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One consumer of one producer's events.

    Args:
        name: consumer and queue, `<service>.<what>`; never used twice.
        producer: the service whose events it takes.
        events: the contracts it takes.
        handle: applies a list inside a transaction that has the list's streams in scope and their heads
            locked. A projection compares versions itself; one with effects gets each event once.
        kind: `projection` keeps copies with versions; `effects` does something once (mail, posting) and has
            an inbox.
        whole: takes every numbered event of the producer, so that its mark follows the producer's head and a
            reader can wait for it. Else its mark moves hourly.
        prefetch: messages the broker hands over before the first is acknowledged.
        ignore_older_than: events older than this have no effect any more; for consumers with effects.
        when_idle: called with the app's and the relay's pool when the queue has emptied after a list that was
            `behind`, at the latest after a second, and once at start.
        fold, replace: rebuild a projection: `fold(state or None, events)` page by page outside any
            transaction, then `replace(connection, stream_id, state)` in one.
    """

    name: str
    producer: str
    events: tuple[EventType, ...]
    handle: Handler
    kind: Literal["projection", "effects"] = "projection"
    whole: bool = False
    prefetch: int = 50
    ignore_older_than: timedelta | None = None
    when_idle: WhenIdle | None = None
    fold: Fold | None = None
    replace: Replace | None = None

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(sorted({event.EVENT for event in self.events}))

    @property
    def models(self) -> Models:
        return catalogue(self.events)
