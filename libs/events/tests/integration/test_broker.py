"""What only a real broker does: it restarts, loses a queue, refuses, and keeps what nobody can read."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aio_pika import DeliveryMode, Message

from pfms_common.sql import connection
from pfms_events.testing.broker import OwnBroker, declared, own_broker, rabbitmq_program
from pfms_events.testing.projection import amounts, letters
from pfms_events.testing.world import World, letters_sent, mark, total, transaction, until
from pfms_events.topology import topology_of
from pfms_events.transport import Message as OurMessage
from pfms_events.transport import Outcome
from pfms_events.transport.declare import DEAD_LETTERS, declare
from pfms_events.transport.rabbit import RabbitTransport, open_connection

pytestmark = pytest.mark.rabbitmq


async def _waiting(url: str, queue: str) -> int:
    async with await open_connection(url) as link, link.channel() as channel:
        found = await channel.declare_queue(queue, passive=True)
        return found.declaration_result.message_count or 0


async def test_a_body_that_nobody_can_read_ends_among_the_dead_letters(
    world: World, book: UUID, name: str, broker_url: str
) -> None:
    subscription = amounts(name)
    async with declared(broker_url, topology_of([subscription])) as prefix:
        async with await open_connection(broker_url) as link, link.channel() as channel:
            await channel.default_exchange.publish(
                Message(b"nonsense", delivery_mode=DeliveryMode.PERSISTENT), prefix + name
            )
        transport = RabbitTransport(broker_url, prefix=prefix)
        async with world.running(transport, subscription) as wake:
            await until(1, _waiting, broker_url, prefix + DEAD_LETTERS)
            await world.write(book, transaction(-1))
            wake.set()
            await until(-1, total, world.consumer_app, name, book)
        await transport.stop()
        assert await _waiting(broker_url, prefix + name) == 0


async def test_a_message_the_broker_refuses_does_not_take_the_others_along(
    broker_url: str, name: str
) -> None:
    """Its exchange is missing, which closes the channel that all of them share."""
    topology = topology_of([letters(name)])
    async with declared(broker_url, topology) as prefix:
        async with await open_connection(broker_url) as link, link.channel() as channel:
            await channel.exchange_delete(f"{prefix}user.events")
        transport = RabbitTransport(broker_url, prefix=prefix)
        good, bad = OurMessage("transaction.created", b"[]"), OurMessage("book.created", b"[]")

        outcomes = await transport.publish_many([good, bad, good, OurMessage("payee.created", b"[]")])

        await transport.stop()
    assert list(outcomes) == [Outcome.HELD, Outcome.REFUSED, Outcome.HELD, Outcome.RETURNED]


async def test_without_a_broker_nothing_is_said_to_be_held(name: str) -> None:
    transport = RabbitTransport("amqp://guest:guest@127.0.0.1:1/")

    assert await transport.publish_many([OurMessage("payee.created", b"[]")]) == [Outcome.UNKNOWN]
    await transport.stop()


async def test_a_consumer_whose_queue_is_deleted_and_made_again_goes_on(
    world: World, book: UUID, name: str, broker_url: str
) -> None:
    subscription = amounts(name)
    topology = topology_of([subscription])
    async with declared(broker_url, topology) as prefix:
        transport = RabbitTransport(broker_url, prefix=prefix)
        async with world.running(transport, subscription, healing=True) as wake:
            await world.write(book, transaction(-1))
            wake.set()
            await until(-1, total, world.consumer_app, name, book)
            async with await open_connection(broker_url) as link, link.channel() as channel:
                await channel.queue_delete(prefix + name)

            async def healthy() -> bool:
                return transport.healthy()

            await until(False, healthy)
            await declare(broker_url, topology, prefix=prefix, settle=0)
            await until(True, healthy)
            await world.write(book, transaction(-2))
            wake.set()
            await until(-3, total, world.consumer_app, name, book)
        await transport.stop()


@pytest.fixture
async def own() -> AsyncIterator[OwnBroker]:
    """A RabbitMQ of this test alone, ended with it."""
    if rabbitmq_program() is None and os.environ.get("PFMS_REQUIRE_SERVICES") != "1":
        pytest.skip("rabbitmq-server is not installed")
    async with own_broker() as broker:
        yield broker


async def test_a_broker_killed_and_started_again_loses_nothing(
    world: World, book: UUID, name: str, own: OwnBroker
) -> None:
    both = amounts(f"{name}.a"), letters(f"{name}.l")
    await declare(own.url, topology_of(both))
    transport = RabbitTransport(own.url)
    async with world.running(transport, *both) as wake:
        await world.write(book, transaction(-1))
        wake.set()
        await until(1, letters_sent, world.consumer_app, both[1].name, book)
        await own.kill()
        for amount in (-2, -4, -8):
            await world.write(book, transaction(amount))
            wake.set()
            await asyncio.sleep(0.2)
        await own.start()
        await until(4, mark, world.consumer_app, both[0].name, book)
        await until(4, letters_sent, world.consumer_app, both[1].name, book)
    await transport.stop()

    assert await total(world.consumer_app, both[0].name, book) == -15


async def test_a_broker_that_lost_everything_is_healed_from_the_feed(
    world: World, book: UUID, name: str, own: OwnBroker
) -> None:
    """Messages were confirmed, the consumer was away, and then the broker's disk is gone."""
    both = amounts(f"{name}.a"), letters(f"{name}.l")
    topology = topology_of(both)
    await declare(own.url, topology)
    transport = RabbitTransport(own.url)
    await world.write(book, *(transaction(-1) for _ in range(300)))
    async with world.running(transport, topology=topology):
        await until(0, _unsent, world, book)
    await transport.stop()
    await own.kill()
    shutil.rmtree(own.folder / "data")
    await own.start()
    await declare(own.url, topology)

    transport = RabbitTransport(own.url)
    async with world.running(transport, *both, healing=True):
        await until(300, mark, world.consumer_app, both[0].name, book)
        await until(300, letters_sent, world.consumer_app, both[1].name, book)
    await transport.stop()

    assert await total(world.consumer_app, both[0].name, book) == -300


async def _unsent(world: World, book: UUID) -> int:
    async with connection(world.producer_relay) as session:
        count: int = await session.fetchval("SELECT count(*) FROM unsent WHERE stream_id = $1", book)
        return count
