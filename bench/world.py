"""The servers a bench starts for itself and ends again: PostgreSQL and Valkey as `make run` starts them, services."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from pfms_common.upgrade import upgrade
from pfms_embedded.addresses import database_urls
from pfms_embedded.processes import guarded
from pfms_embedded.servers import EmbeddedServers
from pfms_service.provision import provision
from pfms_service.service import Service
from pfms_service.testing import test_keys

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60
BROKER_URL = os.environ.get("PFMS_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672/")


@dataclass(frozen=True, slots=True)
class World:
    """What every scenario works in.

    Args:
        quick: a smoke run: one short round of everything.
        folder: for whatever a scenario writes.
        keys: address of an "auth" that has the public key of `Person.headers`.
    """

    quick: bool
    folder: Path
    servers: EmbeddedServers
    keys: str

    def rounds(self, full: int) -> range:
        return range(1 if self.quick else full)

    def seconds(self, full: float) -> float:
        return 0.3 if self.quick else full

    def size(self, full: int) -> int:
        """How many rows of something; a smoke run takes a hundredth."""
        return max(full // 100, 1000) if self.quick else full

    @property
    def books(self) -> int:
        """How many books a scenario with many writes to."""
        return 20 if self.quick else 200

    @property
    def postgres(self) -> int:
        """Process id of the PostgreSQL server."""
        return self.postgres_of("home")

    def postgres_of(self, home: str) -> int:
        """Process id of the PostgreSQL server of an embedded run in this folder of ours."""
        return int((self.folder / home / "postgres/data/postmaster.pid").read_text().splitlines()[0])

    def admin_url(self, database: str = "postgres") -> str:
        return urlsplit(self.servers.postgres_admin_url)._replace(path=f"/{database}").geturl()

    async def admin(self, database: str = "postgres") -> asyncpg.Connection:
        """A superuser's connection, for filling and for floors: no row-level security."""
        return await asyncpg.connect(self.admin_url(database), command_timeout=600)

    def urls(self, service: Service, database: str) -> dict[str, str]:
        """Setting → address of this database."""
        urls = database_urls(self.servers.postgres_admin_url, service.name, self.servers.password_for)
        return {name: urlsplit(url)._replace(path=f"/{database}").geturl() for name, url in urls.items()}

    async def database(self, service: Service, database: str) -> dict[str, str]:
        """Makes and migrates a database of a service; answers with its addresses by setting."""
        await provision(
            self.servers.postgres_admin_url, service.name, self.servers.password_for, database=database
        )
        urls = self.urls(service, database)
        await upgrade(service.package, urls["owner_database_url"])
        return urls

    async def clone(self, service: Service, template: str, database: str) -> dict[str, str]:
        """A fresh copy of a database that nobody is connected to."""
        admin = await self.admin()
        await admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{database}" OWNER {service.name}_owner TEMPLATE "{template}"')
        await admin.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        await admin.execute(
            f'GRANT CONNECT ON DATABASE "{database}" TO {service.name}_app, {service.name}_relay'
        )
        await admin.close()
        return self.urls(service, database)

    async def drop(self, *databases: str) -> None:
        admin = await self.admin()
        for database in databases:
            await admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        await admin.close()

    @asynccontextmanager
    async def api(self, service: Service, urls: Mapping[str, str], **more: str) -> AsyncIterator["Running"]:
        """The api role of a service as a process, as the split run starts it."""
        settings = {**urls, "peers": json.dumps({"auth": self.keys}), **more}
        told = {f"{service.name}_{name}".upper(): value for name, value in settings.items()}
        async with self.python(["-m", service.package, "serve", "--roles", "api", "--port"], told) as running:
            yield running

    @asynccontextmanager
    async def gateway_in_process(
        self, service: Service | None = None, urls: Mapping[str, str] | None = None
    ) -> AsyncIterator["Running"]:
        """The embedded form: the gateway and a service's api role, or a fixed answer, in one process."""
        settings = {**(urls or {}), "peers": json.dumps({"auth": self.keys})}
        name = service.name if service else ""
        told = {f"{name}_{setting}".upper(): value for setting, value in settings.items()} if service else {}
        words = ["-m", "bench.apps", "gateway", f"--service={name}", f"--keys={self.keys}"]
        async with self.python([*words, f"--redis={self.servers.redis_url}"], told) as running:
            yield running

    @asynccontextmanager
    async def python(
        self, words: Sequence[str], told: Mapping[str, str], port: int = 0
    ) -> AsyncIterator["Running"]:
        """A Python program whose last argument is its port, ready when /readyz answers 200."""
        port = port or free_port()
        async with process([sys.executable, *words, str(port)], told, self.folder / "log") as pid:
            await ready(port, self.folder / "log")
            yield Running(pid, port)


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves on a port."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def open_world(*, quick: bool) -> AsyncIterator[World]:
    """Starts PostgreSQL (durable) and Valkey in a folder of their own; everything is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pfms-bench-"))
    folder.chmod(0o711)  # as root the servers run as nobody, who must get in
    try:
        async with (
            EmbeddedServers(folder / "home", max_connections=200, port=0) as servers,
            _keys() as keys,
        ):
            yield World(quick, folder, servers, keys)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _keys() -> AsyncIterator[str]:
    """Answers every request with the public keys."""
    body = json.dumps(await test_keys()).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@asynccontextmanager
async def process(
    words: Sequence[str], told: Mapping[str, str], log: Path, *, ending: signal.Signals = signal.SIGTERM
) -> AsyncIterator[int]:
    """A child that is ended here, and dies with us."""
    environment = {**os.environ, **told, "PYTHONDONTWRITEBYTECODE": ""}
    program = shutil.which(words[0]) or words[0]
    with log.open("ab") as out:
        child = await asyncio.create_subprocess_exec(
            *guarded([program, *words[1:]], signal.SIGTERM),
            env=environment,
            cwd=ROOT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield child.pid
    finally:
        for wish in (ending, signal.SIGKILL):
            if child.returncode is None:
                child.send_signal(wish)
                with suppress(TimeoutError):
                    await asyncio.wait_for(child.wait(), 25)


async def ready(port: int, log: Path, path: str = "/readyz") -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(READY_SECONDS * 50):
            with suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)
    raise RuntimeError(
        f"port {port} is not ready after {READY_SECONDS} s; {log} ends:\n{log.read_text()[-2000:]}"
    )
