"""How messages get from the relay to the consumers: RabbitMQ, or inside one process. One small interface."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import structlog

MAX_LIST_BYTES = 1024 * 1024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """A body of envelopes that are all of one type; `bulk` for a stream that sends very many at once."""

    type: str
    body: bytes
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """A body as it arrived; `sender` is the service that the broker vouches for, where it does."""

    body: bytes
    sender: str | None = None


class Outcome(Enum):
    HELD = "held for good"
    RETURNED = "no queue takes it"
    REFUSED = "the broker refuses this message"
    UNKNOWN = "no answer: it may have arrived"


# Gets what has arrived and whether more is waiting; answers with the positions of bodies nobody can read.
# Returning is the acknowledgement. It does not raise for what a message does to it: that is its own affair.
type Receive = Callable[[Sequence[Incoming], bool], Awaitable[Sequence[int]]]
# Called when messages of a subscription may be gone, so that it compares itself with the feed at once.
type Lost = Callable[[], None]


class Transport(Protocol):
    async def start(self) -> None: ...

    async def publish_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """One outcome per message, once each is held for good or known not to be."""
        ...

    async def subscribe(
        self, name: str, types: Sequence[str], receive: Receive, *, prefetch: int, lost: Lost
    ) -> None:
        """Calls `receive` with lists, one call at a time, from the live queue first and then from bulk."""
        ...

    async def unsubscribe(self, name: str) -> None:
        """Ends after the list in hand; what was not acknowledged comes again."""
        ...

    def healthy(self) -> bool:
        """Connected, and every subscription is being served."""
        ...

    async def stop(self) -> None: ...


def take[T](live: deque[T], bulk: deque[T], size: Callable[[T], int]) -> list[T]:
    """The next list: what is there, up to 1 MiB; bulk only while live is empty."""
    source = live or bulk
    taken = [source.popleft()]
    room = MAX_LIST_BYTES - size(taken[0])
    while source and size(source[0]) <= room:
        room -= size(source[0])
        taken.append(source.popleft())
    return taken


def start_serving(serving: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """A subscription's task; when it dies of a mistake that is told at once, and readiness shows it."""

    def tell(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("events.consumer_died", consumer=name, exc_info=error)

    task = asyncio.create_task(serving, name=f"consumer {name}")
    task.add_done_callback(tell)
    return task


async def end_serving(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
