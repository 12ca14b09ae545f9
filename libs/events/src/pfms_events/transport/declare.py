"""`events declare`: exchanges, queues and bindings, made at deployment and before any traffic."""

import asyncio

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel

from pfms_events.topology import EXCHANGES, Queue, Topology, exchange_of
from pfms_events.transport.rabbit import open_connection

DEAD_LETTERS = "dead-letters"
DELIVERY_LIMIT = 20
SETTLE_SECONDS = 1.5


async def declare(
    broker_url: str, topology: Topology, *, prefix: str = "", settle: float = SETTLE_SECONDS
) -> None:
    """Makes what is missing; existing queues and what they hold stay as they are.

    Waits `settle` seconds at the end: a quorum queue is not safe in the first second after its declaration.
    """
    connection = await open_connection(broker_url)
    async with connection:
        channel = await connection.channel()
        await _declare_dead_letters(channel, prefix)
        for name, kind in EXCHANGES.items():
            for exchange in (name, f"{name}.bulk"):
                await channel.declare_exchange(prefix + exchange, ExchangeType(kind), durable=True)
        for queue in topology.queues:
            await _declare_queue(channel, prefix, queue, "")
            await _declare_queue(channel, prefix, queue, ".bulk")
        await asyncio.sleep(settle)


async def _declare_dead_letters(channel: AbstractChannel, prefix: str) -> None:
    exchange = await channel.declare_exchange(prefix + DEAD_LETTERS, ExchangeType.FANOUT, durable=True)
    queue = await channel.declare_queue(
        prefix + DEAD_LETTERS, durable=True, arguments={"x-queue-type": "quorum"}
    )
    await queue.bind(exchange)


async def _declare_queue(channel: AbstractChannel, prefix: str, queue: Queue, lane: str) -> None:
    declared = await channel.declare_queue(
        prefix + queue.name + lane,
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            **(
                {"x-dead-letter-exchange": prefix + DEAD_LETTERS}
                if queue.keep is None
                else {"x-message-ttl": queue.keep * 1000}
            ),
        },
    )
    for event_type in queue.types:
        exchange = exchange_of(event_type)
        # A fanout exchange hands over every type; the consumer leaves out what it has no use for.
        key = "" if EXCHANGES[exchange] == "fanout" else event_type
        await declared.bind(prefix + exchange + lane, key)
