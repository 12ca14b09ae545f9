"""RabbitMQ: persistent messages, confirms, returns raised, quorum queues `<name>` and `<name>.bulk`.

Queues and exchanges are declared by `declare`, at deployment, never here while messages flow: a quorum queue
that is killed within a second of its declaration loses everything it had confirmed.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog
from aio_pika import Connection, DeliveryMode, connect
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.connection import make_url
from aio_pika.exceptions import (
    CONNECTION_EXCEPTIONS,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
    PublishError,
)
from aiormq.exceptions import ChannelAccessRefused

from pfms_events.topology import exchange_of
from pfms_events.transport import Incoming, Lost, Message, Outcome, Receive, end_serving, start_serving, take

CONNECT_SECONDS = 3
CONFIRM_SECONDS = 5
HEARTBEAT_SECONDS = 10
RECONNECT_SECONDS = 1
_USER_PREFIX = "pfms_"
# What the broker says to this very message: no such exchange, not allowed, not well formed.
_REFUSALS = (ChannelNotFoundEntity, ChannelAccessRefused, ChannelPreconditionFailed)
_LINK_ERRORS = (*CONNECTION_EXCEPTIONS, TimeoutError)

_log = structlog.get_logger(__name__)


class _Link(Connection):
    """A plain connection: whoever uses it notices when it breaks and opens the next."""

    def __del__(self) -> None:
        """Nothing: whoever opened it closes it. The library would start a task here, for a connection that was
        refused too, and where no loop runs any more that ends in a warning about a coroutine never awaited.
        """


async def open_connection(url: str) -> AbstractConnection:
    return await connect(
        make_url(url, heartbeat=HEARTBEAT_SECONDS), timeout=CONNECT_SECONDS, connection_class=_Link
    )


@dataclass(slots=True)
class _Served:
    """One subscription and what has arrived for it on its present channel."""

    queue: str
    receive: Receive
    prefetch: int
    lost: Lost
    live: deque[AbstractIncomingMessage] = field(default_factory=deque)
    bulk: deque[AbstractIncomingMessage] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    attached: bool = False
    task: asyncio.Task[None] | None = None


class RabbitTransport:
    """One connection for publishing and one for consuming, so that a blocked publisher never stops consumers.

    `prefix` goes before every exchange and queue name (tests share a broker).
    """

    def __init__(self, url: str, *, prefix: str = "") -> None:
        self._url = url
        self._prefix = prefix
        self._user = make_url(url).user or "guest"
        self._links: dict[str, AbstractConnection] = {}
        self._opening = asyncio.Lock()
        self._confirming: AbstractChannel | None = None
        self._served: dict[str, _Served] = {}

    async def start(self) -> None:
        """Connections are opened when first needed and again whenever they break."""

    async def publish_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        try:
            channel = await self._publishing()
        except _LINK_ERRORS as error:
            _log.warning("events.broker_away", error=repr(error))
            await self._drop("publish")
            return [Outcome.UNKNOWN] * len(messages)
        outcomes = await asyncio.gather(*(self._publish(channel, message) for message in messages))
        if None in outcomes:
            self._confirming = None
            # What was still on its way to the closed channel breaks the connection for whoever comes next.
            await self._drop("publish")
            if len(messages) > 1:
                # One of them closed the channel for all; alone, each gets its own answer.
                return [
                    o or (await self.publish_many([m]))[0] for m, o in zip(messages, outcomes, strict=True)
                ]
        return [outcome or Outcome.REFUSED for outcome in outcomes]

    async def _publish(self, channel: AbstractChannel, message: Message) -> Outcome | None:
        """None: the broker closed the channel because of a message, perhaps of this one."""
        exchange = self._prefix + exchange_of(message.type) + (".bulk" if message.bulk else "")
        amqp = AmqpMessage(
            message.body,
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            user_id=self._user,
        )
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                target = await channel.get_exchange(exchange, ensure=False)
                await target.publish(amqp, message.type, mandatory=True)
        except PublishError:
            return Outcome.RETURNED
        except DeliveryError:
            return Outcome.REFUSED
        except _REFUSALS as error:
            _log.error("events.refused", type=message.type, exchange=exchange, error=repr(error))
            return None
        except _LINK_ERRORS as error:
            _log.warning("events.unconfirmed", type=message.type, error=repr(error))
            self._confirming = None
            return Outcome.UNKNOWN
        return Outcome.HELD

    async def subscribe(
        self, name: str, types: Sequence[str], receive: Receive, *, prefetch: int, lost: Lost
    ) -> None:
        del types  # the queue's bindings were made when it was declared
        served = _Served(self._prefix + name, receive, prefetch, lost)
        served.task = start_serving(self._serve(served), name)
        self._served[name] = served

    async def unsubscribe(self, name: str) -> None:
        served = self._served.pop(name, None)
        if served is not None and served.task is not None:
            await end_serving(served.task)

    def healthy(self) -> bool:
        return all(served.attached for served in self._served.values())

    async def stop(self) -> None:
        for name in list(self._served):
            await self.unsubscribe(name)
        for link in self._links.values():
            with contextlib.suppress(*_LINK_ERRORS):
                await link.close()

    async def _publishing(self) -> AbstractChannel:
        async with self._opening:
            if self._confirming is None or self._confirming.is_closed:
                link = await self._link("publish")
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._confirming = await link.channel(publisher_confirms=True, on_return_raises=True)
            return self._confirming

    async def _link(self, purpose: str) -> AbstractConnection:
        link = self._links.get(purpose)
        if link is None or link.is_closed:
            link = self._links[purpose] = await open_connection(self._url)
        return link

    async def _drop(self, purpose: str) -> None:
        """The next use opens a new connection: a reset one does not always know that it is closed."""
        link = self._links.pop(purpose, None)
        if link is not None:
            with contextlib.suppress(*_LINK_ERRORS):
                await link.close()

    async def _serve(self, served: _Served) -> None:
        """Attaches, serves until the channel breaks, attaches again."""
        while True:
            link: AbstractConnection | None = None
            try:
                async with self._opening:
                    link = await self._link("consume")
                await _serve_channel(served, link)
            except _REFUSALS as error:
                _log.error(
                    "events.no_queue", queue=served.queue, error=repr(error), hint="run `events declare`"
                )
            except _LINK_ERRORS as error:
                _log.warning("events.consumer_detached", queue=served.queue, error=repr(error))
                if link is self._links.get("consume"):
                    await self._drop("consume")
            await asyncio.sleep(RECONNECT_SECONDS)
            served.lost()


async def _serve_channel(served: _Served, link: AbstractConnection) -> None:
    """Ends when the channel or connection closes or the broker cancels a consumer (its queue was deleted)."""
    served.live.clear()
    served.bulk.clear()
    async with asyncio.timeout(CONNECT_SECONDS):
        channel = await link.channel(publisher_confirms=False)
        await channel.set_qos(served.prefetch)
    broken = asyncio.Event()

    def on_broken(*_: object) -> None:
        broken.set()
        served.woken.set()

    channel.close_callbacks.add(on_broken)
    (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(on_broken)
    try:
        for name, waiting in ((served.queue, served.live), (f"{served.queue}.bulk", served.bulk)):
            queue = await channel.get_queue(name)
            await queue.consume(partial(_arrive, served, waiting))
        served.attached = True
        while not broken.is_set():
            served.woken.clear()
            if served.live or served.bulk:
                await _hand_over(served)
            else:
                await served.woken.wait()
    finally:
        served.attached = False
        with contextlib.suppress(*_LINK_ERRORS):
            await channel.close()


async def _arrive(
    served: _Served, waiting: deque[AbstractIncomingMessage], message: AbstractIncomingMessage
) -> None:
    waiting.append(message)
    served.woken.set()


async def _hand_over(served: _Served) -> None:
    taken = take(served.live, served.bulk, lambda message: len(message.body))
    incoming = [Incoming(message.body, _sender(message.user_id)) for message in taken]
    rejected = await served.receive(incoming, bool(served.live or served.bulk))
    for index, message in enumerate(taken):
        if index in rejected:
            await message.reject(requeue=False)
        else:
            await message.ack()


def _sender(user: str | None) -> str | None:
    """The service behind a broker user `pfms_<service>`; the broker refuses a forged user id."""
    return user.removeprefix(_USER_PREFIX) if user and user.startswith(_USER_PREFIX) else None
