"""A producer's and a consumer's database, and both transports, for the tests of this package."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from pfms_common.ids import new_id
from pfms_events.subscription import Subscription
from pfms_events.testing.broker import declared, undeclare
from pfms_events.testing.database import Database, event_database
from pfms_events.testing.projection import create_tables
from pfms_events.testing.world import World, open_world
from pfms_events.topology import topology_of
from pfms_events.transport import Transport
from pfms_events.transport.declare import declare
from pfms_events.transport.memory import MemoryTransport
from pfms_events.transport.rabbit import RabbitTransport, open_connection

_EVENT_TABLES = "event, stream_head, unsent, unroutable, progress, retry, inbox, idempotency"
_TEST_TABLES = "amount_copy, amount_total, letter"


@pytest.fixture(scope="session")
def admin_url() -> str:
    return os.environ.get("PFMS_TEST_PG_URL", "postgresql://root@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
async def producer(admin_url: str) -> AsyncIterator[Database]:
    async with event_database(admin_url) as database:
        yield database


@pytest.fixture(scope="session")
async def consumer(admin_url: str) -> AsyncIterator[Database]:
    async with event_database(admin_url, migrate=create_tables) as database:
        yield database


@pytest.fixture
async def producer_admin(producer: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(producer.admin_url)
    await connection.execute(f"TRUNCATE {_EVENT_TABLES}")
    yield connection
    await connection.close()


@pytest.fixture
async def consumer_admin(consumer: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(consumer.admin_url)
    await connection.execute(f"TRUNCATE {_EVENT_TABLES}, {_TEST_TABLES}")
    yield connection
    await connection.close()


@pytest.fixture
def addresses(producer: Database, consumer: Database) -> dict[str, str]:
    return {
        "producer_app": producer.app_url,
        "producer_relay": producer.relay_url,
        "consumer_app": consumer.app_url,
        "consumer_relay": consumer.relay_url,
    }


@pytest.fixture
async def world(
    addresses: dict[str, str], producer_admin: asyncpg.Connection, consumer_admin: asyncpg.Connection
) -> AsyncIterator[World]:
    """Both databases, empty."""
    async with open_world(**addresses) as opened:
        yield opened


@pytest.fixture
def book() -> UUID:
    return new_id()


@pytest.fixture
def name() -> str:
    """A consumer's name, new for every test."""
    return f"test.{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
async def broker_url() -> str:
    """A RabbitMQ: the one in PFMS_TEST_BROKER_URL, else one on the standard local port."""
    url = os.environ.get("PFMS_TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672/")
    try:
        await (await open_connection(url)).close()
    except (*CONNECTION_EXCEPTIONS, TimeoutError) as error:
        if os.environ.get("PFMS_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"no RabbitMQ at the standard local port or in PFMS_TEST_BROKER_URL: {error}")
    return url


@dataclass(frozen=True)
class Lane:
    """One kind of transport. `open` gives one to this test's queues, each time as a new process would; `add`
    makes the queues of one more subscription; `settings` is how a child process opens the same.
    """

    open: Callable[[], Awaitable[Transport]]
    add: Callable[[Subscription], Awaitable[None]]
    settings: dict[str, str]


type Lanes = Callable[..., AbstractAsyncContextManager[Lane]]


@pytest.fixture(params=["memory", pytest.param("rabbit", marks=pytest.mark.rabbitmq)])
def lanes(request: pytest.FixtureRequest) -> Lanes:
    """`async with lanes(*subscriptions) as lane`: the queues of these subscriptions, on either transport."""
    if request.param == "memory":
        return _memory_lane
    url = request.getfixturevalue("broker_url")

    @asynccontextmanager
    async def rabbit_lane(*subscriptions: Subscription) -> AsyncIterator[Lane]:
        async with declared(url, topology_of(subscriptions)) as prefix, AsyncExitStack() as stack:

            async def open_transport() -> Transport:
                transport = RabbitTransport(url, prefix=prefix)
                stack.push_async_callback(transport.stop)
                return transport

            async def add(subscription: Subscription) -> None:
                topology = topology_of([subscription])
                await declare(url, topology, prefix=prefix, settle=0)
                stack.push_async_callback(undeclare, url, topology, prefix)

            yield Lane(open_transport, add, {"broker_url": url, "prefix": prefix})

    return rabbit_lane


@asynccontextmanager
async def _memory_lane(*_subscriptions: Subscription) -> AsyncIterator[Lane]:
    async with AsyncExitStack() as stack:

        async def open_transport() -> Transport:
            transport = MemoryTransport(patience=0.5)
            stack.push_async_callback(transport.stop)
            return transport

        async def add(_subscription: Subscription) -> None:
            """It is there as soon as it subscribes."""

        yield Lane(open_transport, add, {"broker_url": "", "prefix": ""})
