"""The embedded PostgreSQL: one cluster in the home folder, reached over a unix socket.

A cluster is made beside its place and renamed into it, so that a kill in the middle leaves nothing that looks whole.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pfms_embedded.binaries import PostgresPrograms, postgres_programs
from pfms_embedded.home import Home, Refused, write_private
from pfms_embedded.keys import role_password
from pfms_embedded.processes import (
    StartFailed,
    alive,
    command_line,
    end_strangers,
    exited,
    spawn,
    stop,
    working_in,
)

ADMIN = "pfms"
PORT = 5432  # names the socket's file; nothing listens on the network
START_SECONDS = 300.0  # recovery after a crash replays the log before it answers
FAST_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
AT_ONCE = ((signal.SIGQUIT, 10.0),)

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A statement or a violated key quotes what people wrote; the log is kept free of it.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
FORGETFUL: Mapping[str, str] = {  # for a server that lives as long as one run of the tests
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True)
class Postgres:
    home: Home
    max_connections: int = 100
    durable: bool = True
    name: str = field(default="PostgreSQL", init=False)

    @property
    def data(self) -> Path:
        return self.home.postgres / "data"

    @property
    def log(self) -> Path:
        return self.home.postgres / "log"

    @property
    def password_file(self) -> Path:
        return self.home.postgres / "password"

    @property
    def admin_url(self) -> str:
        password = quote(self.password_file.read_text(), safe="")
        return f"postgresql://{ADMIN}:{password}@/postgres?host={quote(str(self.home.sockets))}&port={PORT}"

    def password_for(self, role: str) -> str:
        return role_password(self.password_file.read_text(), role)

    async def start(self) -> subprocess.Popen[bytes]:
        """Answers when the server takes connections. Raises Refused, or StartFailed where another try may help."""
        programs = postgres_programs(self.home)
        await self.remove_leftovers()
        await _make_cluster(self, programs)
        settings = {
            **SETTINGS,
            **({} if self.durable else FORGETFUL),
            "max_connections": str(self.max_connections),
        }
        server = [programs.folder / "postgres", "-D", self.data, "-k", self.home.sockets, "-p", PORT]
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        process = spawn([*map(str, server), *options], self.home.owner, self.log, signal.SIGINT)
        try:
            await _ready(self, process)
        except BaseException:
            await stop(process, AT_ONCE)
            raise
        return process

    async def stop(self, process: subprocess.Popen[bytes]) -> None:
        await stop(process, FAST_STOP if self.durable else AT_ONCE)

    async def remove_leftovers(self) -> None:
        """Ends a server that outlived its launcher and its orphaned children, and removes the marks of a dead one.

        The home's lock says that no launcher holds the folder, so whatever still runs on it has been left behind.
        """
        first = (_pid_file(self.data) or [""])[0].strip()
        pid = int(first) if first.isdecimal() else 0
        if pid and alive(pid) and f" {self.data} " in command_line(pid):
            await end_strangers([pid], FAST_STOP)
        # Only when their server is dead do the children count as orphans, and then they hold its shared memory.
        await end_strangers(working_in(self.data, "postgres"), AT_ONCE)
        # PostgreSQL takes a zombie, or another program that got the number since, for a server that runs.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for mark in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.home.sockets / mark).unlink(missing_ok=True)


async def _ready(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    """Waits for "ready" in postmaster.pid, beside our process id: a killed server's file says ready too."""
    deadline = time.monotonic() + START_SECONDS
    while not _says_ready(server.data, process.pid):
        if await exited(process, 0.01):
            raise StartFailed(f"PostgreSQL ended while starting (see {server.log})")
        if time.monotonic() > deadline:
            raise StartFailed(f"PostgreSQL was not ready in {START_SECONDS:.0f} s (see {server.log})")


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return []


def _says_ready(data: Path, pid: int) -> bool:
    lines = _pid_file(data)
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


async def _make_cluster(server: Postgres, programs: PostgresPrograms) -> None:
    if server.data.exists():
        _check_cluster(server, programs)
        return
    draft = server.data.with_name("data.new")
    await _remove_draft(draft)
    write_private(server.password_file, secrets.token_urlsafe(24).encode(), server.home.owner)
    command = [
        *(str(programs.folder / "initdb"), "-D", str(draft), "-U", ADMIN),
        *(f"--pwfile={server.password_file}", "--auth=scram-sha-256"),
        *("--encoding=UTF8", *_locale(programs.major), "--data-checksums", "--no-instructions"),
        *(() if server.durable else ("--no-sync",)),
    ]
    process = spawn(command, server.home.owner, server.log, signal.SIGKILL)
    try:
        await exited(process)
    finally:
        await stop(process, ())
    if process.returncode != 0:
        raise StartFailed(f"initdb failed (see {server.log})")
    draft.rename(server.data)
    _settle(server.home.postgres)


def _locale(major: int) -> tuple[str, ...]:
    """Unicode case rules in byte order, from PostgreSQL itself where it has them, else from the system."""
    if major >= 17:
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    return ("--locale=C.UTF-8",)


def _check_cluster(server: Postgres, programs: PostgresPrograms) -> None:
    if not server.password_file.exists():
        raise Refused(
            f"{server.password_file} is missing, and {server.data} can't be opened without it: bring it back from "
            f"a backup, or move {server.home.postgres} away to begin with an empty one"
        )
    made_by = int((server.data / "PG_VERSION").read_text())
    if made_by == programs.major:
        return
    raise Refused(
        f"{server.data} was written by PostgreSQL {made_by}, and {programs.folder} holds PostgreSQL "
        f"{programs.major}, which can't read it. Start with version {made_by} again, for example with: "
        f"PFMS_PG_BIN=/usr/lib/postgresql/{made_by}/bin make run"
    )


async def _remove_draft(draft: Path) -> None:
    """Removes what a killed initdb left. Its last child may still write there until it notices: hence the ending."""
    await end_strangers(working_in(draft, "postgres"), AT_ONCE)
    try:
        shutil.rmtree(draft)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StartFailed(f"{draft} is still being written to: {error}") from error


def _settle(folder: Path) -> None:
    """Makes a rename in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
