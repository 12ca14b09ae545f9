"""The embedded Valkey: limits, sessions and live updates in memory, reached over a unix socket. It keeps nothing."""

import asyncio
import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pfms_embedded.binaries import valkey_program
from pfms_embedded.home import Home
from pfms_embedded.processes import StartFailed, command_line, end_strangers, exited, spawn, stop

START_SECONDS = 10.0
STOP = ((signal.SIGTERM, 5.0),)


@dataclass(frozen=True)
class Valkey:
    home: Home
    name: str = field(default="Valkey", init=False)

    @property
    def socket(self) -> Path:
        return self.home.sockets / "valkey.sock"

    @property
    def log(self) -> Path:
        return self.home.valkey / "log"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def _pid_file(self) -> Path:
        return self.home.valkey / "pid"

    async def start(self) -> subprocess.Popen[bytes]:
        """Answers when the server does. Raises Refused, or StartFailed where another try may help."""
        program = valkey_program(self.home)
        await self.remove_leftovers()
        options = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "pidfile": self._pid_file,
            "dir": self.home.valkey,
            "save": "",
            "appendonly": "no",
            "maxmemory": "128mb",
            "maxmemory-policy": "noeviction",  # sessions live here: better refused than forgotten
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        process = spawn([str(program), *words], self.home.owner, self.log, signal.SIGKILL)
        try:
            await self._answers(process)
        except BaseException:
            await stop(process, STOP)
            raise
        return process

    async def stop(self, process: subprocess.Popen[bytes]) -> None:
        await stop(process, STOP)

    async def remove_leftovers(self) -> None:
        """Ends a server that outlived its launcher, where the kernel does not do it for us."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid = int(self._pid_file.read_text())
            if str(self.socket) in command_line(pid):
                await end_strangers([pid], STOP)
        self._pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    async def _answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await _pong(self.socket):
            if await exited(process, 0.01):
                raise StartFailed(f"Valkey ended while starting (see {self.log})")
            if time.monotonic() > deadline:
                raise StartFailed(f"Valkey did not answer in {START_SECONDS:.0f} s (see {self.log})")


async def _pong(socket: Path) -> bool:
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
