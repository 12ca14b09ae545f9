"""A home folder for servers of our own, and launchers that run as processes which a test may kill."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pfms_embedded.home import sockets_of
from pfms_embedded.processes import working_in

LAUNCHER = Path(__file__).with_name("launcher.py")
SERVERS = (("postgres/data", "postgres"), ("postgres/data.new", "postgres"), ("valkey", "valkey-server"))


@contextmanager
def _folder() -> Iterator[Path]:
    """Not pytest's own folder: as root that one is closed to nobody, who runs the servers then."""
    folder = Path(tempfile.mkdtemp(prefix="pfms-embedded-"))
    folder.chmod(0o711)
    yield folder
    home = folder / "home"
    deadline = time.monotonic() + 30
    # Servers whose launcher was killed end by themselves, and write to the folder until they have.
    while any(working_in(home / part, program) for part, program in SERVERS):
        assert time.monotonic() < deadline, "a server outlived its launcher"
        time.sleep(0.02)
    shutil.rmtree(sockets_of(home), ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """A home folder whose cluster is made and stopped, to copy from: initdb waits for the disk."""
    with _folder() as folder:
        launcher = subprocess.Popen([sys.executable, LAUNCHER, folder / "home"], stdout=subprocess.PIPE)
        with launcher as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.terminate()
        assert process.returncode == 0
        yield folder / "home"


@pytest.fixture
def new_home() -> Iterator[Path]:
    """A home folder that is still to be made."""
    with _folder() as folder:
        yield folder / "home"


@pytest.fixture
def home(new_home: Path, cluster: Path) -> Path:
    """A home folder with a cluster in it."""
    subprocess.run(["cp", "-a", cluster, new_home], check=True)
    return new_home


@dataclass(frozen=True)
class Launched:
    process: subprocess.Popen[str]
    admin_url: str
    redis_url: str
    postmaster: int
    valkey: int


@pytest.fixture
def launch(new_home: Path) -> Iterator[Callable[..., Launched]]:
    """Starts the servers under a launcher that is a process of its own, and waits until they answer."""
    processes: list[subprocess.Popen[str]] = []

    def start(**environment: str) -> Launched:
        process = subprocess.Popen(
            [sys.executable, LAUNCHER, new_home],
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the launcher ended without starting its servers"
        return Launched(process, **json.loads(line))

    yield start
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
