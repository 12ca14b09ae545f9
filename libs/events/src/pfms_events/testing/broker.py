"""A RabbitMQ for tests: queues under a random prefix of a shared one, or a server of the test's own."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from pfms_events.topology import EXCHANGES, Topology
from pfms_events.transport.declare import DEAD_LETTERS, declare
from pfms_events.transport.rabbit import open_connection


@asynccontextmanager
async def declared(broker_url: str, topology: Topology) -> AsyncIterator[str]:
    """Declares the topology under a new prefix, and gives the prefix."""
    prefix = f"test-{secrets.token_hex(6)}."
    await declare(broker_url, topology, prefix=prefix, settle=0)
    try:
        yield prefix
    finally:
        await undeclare(broker_url, topology, prefix)


async def undeclare(broker_url: str, topology: Topology, prefix: str) -> None:
    async with await open_connection(broker_url) as link, link.channel() as channel:
        for queue in [f"{q.name}{lane}" for q in topology.queues for lane in ("", ".bulk")]:
            await channel.queue_delete(prefix + queue)
        await channel.queue_delete(prefix + DEAD_LETTERS)
        for exchange in [f"{name}{lane}" for name in EXCHANGES for lane in ("", ".bulk")]:
            await channel.exchange_delete(prefix + exchange)
        await channel.exchange_delete(prefix + DEAD_LETTERS)


_PROGRAMS = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/opt/rabbitmq/sbin/rabbitmq-server"))
_START_SECONDS = 90


def rabbitmq_program() -> str | None:
    """The server itself; the one on the path of Debian is a wrapper that changes the user."""
    installed = next((str(path) for path in _PROGRAMS if path.exists()), None)
    return installed or shutil.which("rabbitmq-server")


@dataclass(slots=True)
class OwnBroker:
    """A server with its own ports, node name and folder, so that a test may kill it."""

    program: str
    folder: Path
    port: int
    environment: dict[str, str]
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Returns when it takes connections."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.program,
                env=self.environment,
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(_START_SECONDS):
            while True:
                with suppress(*CONNECTION_EXCEPTIONS, TimeoutError):
                    await (await open_connection(self.url)).close()
                    return
                await asyncio.sleep(0.2)

    async def kill(self) -> None:
        """kill -9 of its whole process group."""
        if self.process is not None and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()


@asynccontextmanager
async def own_broker() -> AsyncIterator[OwnBroker]:
    """Starts one, and ends it with its folder. Its port mapper is its own too, and no daemon stays behind."""
    program = rabbitmq_program()
    if program is None:
        raise FileNotFoundError("rabbitmq-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pfms-rabbit-"))
    port, distribution, mapper = _free_port(), _free_port(), _free_port()
    environment = os.environ | {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(mapper),
        "RABBITMQ_NODENAME": f"pfms-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
    }
    (folder / "plugins").write_text("[].\n")
    epmd = await asyncio.create_subprocess_exec("epmd", "-port", str(mapper), env=environment, stderr=DEVNULL)
    broker = OwnBroker(program, folder, port, environment)
    try:
        await broker.start()
        yield broker
    finally:
        await broker.kill()
        epmd.kill()
        await epmd.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
