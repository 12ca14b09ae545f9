"""The split product on servers of its own, every process by name, so that a test may kill each of them.

Two PostgreSQL clusters (the budget's and the others'), a RabbitMQ, a Valkey, and per service the two processes that
a deployment runs. Everything listens on free ports or sockets of one temporary folder, and only what was started
here is ever signalled.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx2 as httpx

from pfms_embedded.addresses import database_urls
from pfms_embedded.home import open_home
from pfms_embedded.keys import Keys, open_keys
from pfms_embedded.postgres import Postgres
from pfms_embedded.processes import StartFailed, exited, guarded, last_lines, working_in
from pfms_embedded.valkey import Valkey
from pfms_events.testing.broker import OwnBroker, own_broker
from pfms_events.topology import packaged_topology
from pfms_events.transport.declare import declare
from pfms_service.provision import provision

SERVICES = ("auth", "ledger", "budget")
ROLES = {"api": "api", "workers": "relay,consumers,jobs"}
ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
START_TRIES = 4
CRASHES = ("Traceback", '"unhandled"', "Exception in ASGI application", "a service raised", "never retrieved")
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}


@dataclass(slots=True)
class Program:
    """One process of the product, in a process group of its own that ends with us."""

    name: str
    words: list[str]
    address: str
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                guarded([sys.executable, "-m", *self.words], signal.SIGKILL),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Waits until it says that it can serve."""
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(base_url=self.address, timeout=2) as client:
            while time.monotonic() < deadline:
                if self.process is None or self.process.poll() is not None:
                    break
                with suppress(httpx.TransportError):
                    if (await client.get("/readyz")).is_success:
                        return
                await asyncio.sleep(0.05)
        raise AssertionError(f"{self.name} was not ready in {READY_SECONDS} s:\n{last_lines(self.log)}")

    async def run(self) -> None:
        """Runs a command to its end, which must be a good one."""
        self.start()
        assert self.process is not None
        await exited(self.process)
        assert self.process.returncode == 0, f"{self.name} failed:\n{last_lines(self.log)}"

    def signal(self, wish: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, wish)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


@dataclass(slots=True)
class Cluster:
    """A PostgreSQL with the settings of production."""

    server: Postgres
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Again while orphans of a killed one hold its memory."""
        for tries_left in reversed(range(START_TRIES)):
            try:
                self.process = await self.server.start()
            except StartFailed:
                if not tries_left:
                    raise
            else:
                return

    async def kill(self) -> None:
        """kill -9 of the server and of all its children at once; each child leads a session of its own."""
        if self.process is None or self.process.poll() is not None:
            return
        children = working_in(self.server.data, "postgres")
        os.killpg(self.process.pid, signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        await exited(self.process)

    async def connect(self, database: str) -> asyncpg.Connection:
        """A superuser's connection, which row-level security hides nothing from."""
        url = urlsplit(self.server.admin_url)._replace(path=f"/{database}").geturl()
        return await asyncpg.connect(url, timeout=5, command_timeout=30)

    async def settings(self) -> dict[str, str]:
        """Those that decide what a crash may take."""
        connection = await self.connect("postgres")
        try:
            return {name: await connection.fetchval(f"SHOW {name}") for name in DURABLE}
        finally:
            await connection.close()


@dataclass(slots=True)
class Cache:
    server: Valkey
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self.process = await self.server.start()

    async def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            await exited(self.process)


@dataclass(slots=True)
class Product:
    """A running split product; `programs` by name: "gateway", "ledger api", "ledger workers", …"""

    folder: Path
    keys: Keys
    clusters: dict[str, Cluster]
    broker: OwnBroker
    cache: Cache
    ports: list[int]
    programs: dict[str, Program] = field(default_factory=dict)
    apis: dict[str, str] = field(default_factory=dict)
    feeds: dict[str, str] = field(default_factory=dict)
    read: dict[Path, int] = field(default_factory=dict)
    standby: Program = field(init=False)

    @property
    def url(self) -> str:
        return self.programs["gateway"].address

    def cluster_of(self, service: str) -> Cluster:
        return self.clusters["budget" if service == "budget" else "others"]

    async def database(self, service: str) -> asyncpg.Connection:
        return await self.cluster_of(service).connect(f"pfms_{service}")

    def program(self, name: str, words: str, address: str = "") -> Program:
        log = self.folder / "log" / f"{name.replace(' ', '-')}.log"
        return Program(name, words.split(), address, self.environment(), log)

    def environment(self) -> dict[str, str]:
        """What all processes are told. A person's pace is no limit here."""
        variables = {
            **os.environ,
            "AUTH_KEYS_DIR": str(self.keys.auth),
            "AUTH_MAILBOX_DIR": str(self.folder / "mailbox"),
            "GATEWAY_PORT": str(self.ports[0]),
            "GATEWAY_UPSTREAMS": json.dumps(self.apis),
            "GATEWAY_REDIS_URL": self.cache.server.url,
            "GATEWAY_BROKER_URL": self.broker.url,
            "GATEWAY_LIMITS": '{"*": 1000000}',
            "PYTHONDONTWRITEBYTECODE": "",
        }
        for service in SERVICES:
            admin_url = self.cluster_of(service).server.admin_url
            told = {
                **database_urls(admin_url, service, self.keys.password_for),
                "broker_url": self.broker.url,
                "redis_url": self.cache.server.url,
                "peers": json.dumps(self.apis),
                "feeds": json.dumps(self.feeds),
                "service_key_file": str(self.keys.service_key_file(service)),
                "service_public_keys": json.dumps(self.keys.public_keys(SERVICES)),
                "cursor_secret": self.keys.secret(f"{service}-cursor"),
            }
            variables |= {f"{service}_{name}".upper(): value for name, value in told.items()}
        return variables

    def lay_out(self) -> None:
        """Names every process, with its address."""
        gateway, *others = self.ports
        api, beside = others[: len(SERVICES)], others[len(SERVICES) :]
        self.apis = {name: f"http://127.0.0.1:{port}" for name, port in zip(SERVICES, api, strict=True)}
        self.feeds = {
            name: f"http://127.0.0.1:{port}" for name, port in zip(SERVICES, beside[:3], strict=True)
        }
        for role, ports in (("api", api), ("workers", beside[:3])):
            for service, port in zip(SERVICES, ports, strict=True):
                self.add(service, role, port)
        words = "pfms_gateway serve"
        self.programs["gateway"] = self.program("gateway", words, f"http://127.0.0.1:{gateway}")
        self.standby = self.serving("ledger", "workers", beside[3], "ledger standby")

    def add(self, service: str, role: str, port: int) -> None:
        name = f"{service} {role}"
        self.programs[name] = self.serving(service, role, port, name)

    def serving(self, service: str, role: str, port: int, name: str) -> Program:
        words = f"pfms_{service} serve --roles {ROLES[role]} --port {port}"
        return self.program(name, words, f"http://127.0.0.1:{port}")

    async def prepare(self, service: str) -> None:
        await provision(self.cluster_of(service).server.admin_url, service, self.keys.password_for)
        await self.program(f"{service} migrate", f"pfms_{service} migrate").run()

    async def declare_queues(self) -> None:
        await declare(self.broker.url, packaged_topology())

    async def start(self) -> None:
        await asyncio.gather(self.declare_queues(), *(self.prepare(service) for service in SERVICES))
        for program in self.programs.values():
            program.start()
        await self.ready()

    async def ready(self) -> None:
        for program in self.programs.values():
            await program.ready()

    def crashes(self) -> list[str]:
        """What the logs say, since they were last read, of errors that nobody foresaw."""
        found = []
        for log in (self.folder / "log").iterdir():
            with log.open("rb") as lines:
                lines.seek(self.read.get(log, 0))
                new = lines.read()
                self.read[log] = lines.tell()
            text = new.decode(errors="replace").splitlines()
            found += [f"{log.name}: {line[:1000]}" for line in text if any(mark in line for mark in CRASHES)]
        return found

    async def check(self) -> None:
        """Runs the invariants of the services that promise some, over all books."""
        names = ("ledger", "budget")
        await asyncio.gather(*(self.program(f"{name} check", f"pfms_{name} check").run() for name in names))


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Product]:
    """A product in `folder`, which stays; its processes end with the block."""
    (folder / "log").mkdir()
    cache = Cache(Valkey(open_home(folder / "others")))
    clusters = {name: Cluster(Postgres(open_home(folder / name))) for name in ("others", "budget")}
    servers: list[Cache | Cluster] = [cache, *clusters.values()]
    async with AsyncExitStack() as stack:
        for server in servers:
            stack.push_async_callback(server.kill)
        starting = asyncio.gather(*(server.start() for server in servers))
        broker = await stack.enter_async_context(own_broker())
        await starting
        keys = open_keys(folder / "home")
        product = Product(folder, keys, clusters, broker, cache, free_ports(2 * len(SERVICES) + 2))
        product.lay_out()
        stack.callback(_kill_programs, product)
        await product.start()
        yield product
    for cluster in clusters.values():
        shutil.rmtree(cluster.server.home.sockets)


def free_ports(amount: int) -> list[int]:
    """Below those that the system gives to clients, so that a killed server finds its own again."""
    found = (port for port in random.sample(range(20_000, 32_000), 2_000) if _free(port))
    return [next(found) for _ in range(amount)]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _kill_programs(product: Product) -> None:
    for program in (*product.programs.values(), product.standby):
        program.kill()
