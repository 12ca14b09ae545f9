"""The transport inside one process: every service's relay and consumers share one of these.

Nothing is kept here. Publishing returns when each subscription has committed what it got, or has written it to
its retry table; until then the relay keeps the row, so kill -9 loses nothing.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from pfms_events.transport import Incoming, Lost, Message, Outcome, Receive, end_serving, start_serving, take

PUBLISH_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Delivery:
    incoming: Incoming
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Lane:
    """One subscription: what waits for it, and whether it has fallen behind for longer than publishers wait."""

    types: frozenset[str]
    receive: Receive
    lost: Lost
    live: deque[_Delivery] = field(default_factory=deque)
    bulk: deque[_Delivery] = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    stuck: bool = False
    task: asyncio.Task[None] | None = None


class MemoryTransport:
    """Durable through the tables at both ends. `patience`: seconds a publisher waits for one subscription.

    Started once every subscription is made, and stopped before the first is ended: publishers wait outside that
    time, or a message would count as held while somebody it is for is missing.
    """

    def __init__(self, patience: float = PUBLISH_SECONDS) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._patience = patience
        self._started = asyncio.Event()

    async def start(self) -> None:
        self._started.set()

    async def publish_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        await self._started.wait()
        outcomes, waiting = [], list[tuple[int, _Lane, asyncio.Future[None]]]()
        for index, message in enumerate(messages):
            lanes = [lane for lane in self._lanes.values() if message.type in lane.types]
            outcomes.append(Outcome.HELD if lanes else Outcome.RETURNED)
            # A stuck one takes this from the feed later, so it never holds its neighbours.
            waiting += [(index, lane, _enqueue(lane, message)) for lane in lanes if not lane.stuck]
        if waiting:
            await asyncio.wait({done for _, _, done in waiting}, timeout=self._patience)
        for index, lane, done in waiting:
            if not done.done():
                _give_up(lane)
            elif done.cancelled() and not lane.stuck:
                outcomes[index] = Outcome.UNKNOWN  # its consumer stopped before it had committed
        return outcomes

    async def subscribe(
        self, name: str, types: Sequence[str], receive: Receive, *, prefetch: int, lost: Lost
    ) -> None:
        del prefetch  # publishers wait for the commit, so no more than one read of the relay is ever here
        lane = _Lane(frozenset(types), receive, lost)
        lane.task = start_serving(_serve(lane), name)
        self._lanes[name] = lane

    async def unsubscribe(self, name: str) -> None:
        lane = self._lanes.pop(name, None)
        if lane is not None and lane.task is not None:
            await end_serving(lane.task)
            _drop(lane)

    def healthy(self) -> bool:
        return not any(lane.stuck or lane.task is None or lane.task.done() for lane in self._lanes.values())

    async def stop(self) -> None:
        self._started.clear()
        for name in list(self._lanes):
            await self.unsubscribe(name)


def _enqueue(lane: _Lane, message: Message) -> asyncio.Future[None]:
    delivery = _Delivery(Incoming(message.body), asyncio.get_running_loop().create_future())
    (lane.bulk if message.bulk else lane.live).append(delivery)
    lane.arrived.set()
    return delivery.done


async def _serve(lane: _Lane) -> None:
    while True:
        if not lane.live and not lane.bulk:
            lane.arrived.clear()
            await lane.arrived.wait()
        taken = take(lane.live, lane.bulk, lambda delivery: len(delivery.incoming.body))
        try:
            rejected = await lane.receive([d.incoming for d in taken], bool(lane.live or lane.bulk))
        except BaseException:
            _cancel(taken)
            raise
        if rejected:
            _log.error("events.rejected", bodies=len(rejected))
        for delivery in taken:
            if not delivery.done.done():
                delivery.done.set_result(None)
        if lane.stuck:
            lane.stuck = False
            lane.lost()


def _give_up(lane: _Lane) -> None:
    """Publishers wait no longer; the subscription compares itself with the feed as soon as it moves again."""
    lane.stuck = True
    _drop(lane)


def _drop(lane: _Lane) -> None:
    _cancel((*lane.live, *lane.bulk))
    lane.live.clear()
    lane.bulk.clear()


def _cancel(deliveries: Sequence[_Delivery]) -> None:
    for delivery in deliveries:
        delivery.done.cancel()
