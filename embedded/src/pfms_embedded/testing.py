"""A PostgreSQL for one run of the tests: made in a second, forgetful, gone with the process that started it."""

import asyncio
import fcntl
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pfms_embedded.home import locked, open_home, sockets_of
from pfms_embedded.postgres import Postgres
from pfms_embedded.processes import StartFailed, last_lines

PREFIX = "pfms-tests-"


@dataclass(frozen=True)
class ServerForTests:
    """A running server; ``admin_url`` is a superuser's address on the database postgres."""

    admin_url: str
    home: Path
    _server: Postgres
    _process: subprocess.Popen[bytes]
    _held: ExitStack

    def stop(self) -> None:
        """Ends the server and removes its folder."""
        asyncio.run(self._server.stop(self._process))
        _remove(self.home)
        self._held.close()


def start_for_tests(folder: Path | None = None, *, max_connections: int = 200) -> ServerForTests:
    """Starts a server in ``folder``, else in a new temporary one. To be called outside an event loop."""
    _remove_abandoned()
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    if folder.exists():
        folder.chmod(0o711)  # as root the server runs as nobody, who must get in
    home = open_home(folder)
    with ExitStack() as stack:
        stack.enter_context(locked(home, port=0))
        server = Postgres(home, max_connections, durable=False)
        try:
            process = asyncio.run(server.start())
        except StartFailed as failure:
            failure.add_note(last_lines(server.log))  # the folder may be gone before anybody looks
            raise
        return ServerForTests(server.admin_url, home.path, server, process, stack.pop_all())


def _remove(home: Path) -> None:
    shutil.rmtree(sockets_of(home), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _remove_abandoned() -> None:
    """Removes the folders of runs that were killed: those whose lock nobody holds."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/lock"):
        try:
            with lock.open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if held.read():  # an empty one is just being taken
                    _remove(lock.parent)
        except OSError:
            continue  # in use, another user's, or removed meanwhile
