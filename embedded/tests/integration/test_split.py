"""The split run's supervision, tried on stand-ins for the services: they say what happens to them."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SPLIT = Path(__file__).parents[3] / "deploy/split.py"
STAND_IN = '''
import http.server, os, signal, sys
name, words = __package__.removeprefix("pfms_"), sys.argv[1:]
role = words[2].partition(",")[0] if "--roles" in words else words[0]
def say(what):
    os.write(1, f"{name} {role} {what}\\n".encode())  # at once: others write there too
if words[0] != "serve":
    say(os.environ[f"{name.upper()}_OWNER_DATABASE_URL"])
    sys.exit(name == os.environ.get("FAILS"))
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        """Says nothing of requests."""
def stop(*_):
    say("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
port = int(words[-1] if "--port" in words else os.environ["GATEWAY_PORT"])
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Ready)
say(f"pid {os.getpid()}")
server.serve_forever()
'''
SERVICES = re.findall(r'"(\w+)": FIRST \+', SPLIT.read_text())
SERVED = [f"{name} {role}" for name in SERVICES for role in ("api", "relay")]

Split = Callable[..., subprocess.Popen[bytes]]


def free_ports() -> int:
    """A number from which all ports that the split run takes are free; clients' own ports lie higher."""
    return next(
        first
        for first in random.sample(range(20_000, 32_000), 100)
        if all(_free(port) for port in range(first, first + 200))
    )


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def said(tmp_path: Path) -> Path:
    return tmp_path / "said"


@pytest.fixture
def split(tmp_path: Path, said: Path) -> Iterator[Split]:
    for name in (*SERVICES, "gateway"):
        package = tmp_path / "stand-ins" / f"pfms_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(STAND_IN)
    first = str(free_ports())
    places = {
        "PFMS_PORT": first,
        "PFMS_SERVICES_PORT": first,
        "PYTHONPATH": str(tmp_path / "stand-ins"),
        "PFMS_HOME": str(tmp_path / "home"),
        "PFMS_PG_ADMIN_URL": "postgresql://admin@database:5433/postgres",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(**environment: str) -> subprocess.Popen[bytes]:
        with said.open("wb") as output:
            environment = {**os.environ, **places, **environment}
            process = subprocess.Popen([sys.executable, SPLIT], stdout=output, stderr=output, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def waited_for(said: Path, *texts: str) -> str:
    """What was said, once every text is in it."""
    deadline = time.monotonic() + 90
    while not all(text in said.read_text() for text in texts):
        assert time.monotonic() < deadline, said.read_text()
        time.sleep(0.05)
    return said.read_text()


def pid_of(served: str, output: str) -> int:
    return int(output.rpartition(f"{served} pid ")[2].split()[0])


def test_every_service_is_prepared_before_any_is_served(split: Split, said: Path) -> None:
    split()

    lines = waited_for(said, "PFMS is ready at").splitlines()

    steps = [line.split()[1] for line in lines[: 3 * len(SERVICES)]]
    assert sorted(steps) == [step for step in ("events", "migrate", "provision") for _ in SERVICES]
    assert all("@database:5433/pfms_" in line for line in lines[: 3 * len(SERVICES)])


def test_a_killed_process_is_started_again(split: Split, said: Path) -> None:
    split()
    first = pid_of("ledger relay", waited_for(said, "PFMS is ready at"))

    os.kill(first, signal.SIGKILL)

    output = waited_for(said, "ended (-9); started again")
    while pid_of("ledger relay", output) == first:
        time.sleep(0.05)
        output = waited_for(said, "ledger relay")
    assert output.count("ledger relay pid") == 2
    assert output.count("ledger api pid") == 1


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_goes_through_the_processes_from_the_last_to_the_first(
    split: Split, said: Path, wish: signal.Signals
) -> None:
    process = split()
    waited_for(said, "PFMS is ready at", "gateway serve pid", *(f"{served} pid" for served in SERVED))

    process.send_signal(wish)

    assert process.wait(30) == 0
    stopped = [line.removesuffix(" stopped") for line in said.read_text().splitlines() if "stopped" in line]
    beside, apis = ([f"{name} {role}" for name in reversed(SERVICES)] for role in ("relay", "api"))
    assert stopped == ["gateway serve", *beside, *apis]


def test_the_processes_of_a_killed_run_end_with_it(split: Split, said: Path) -> None:
    process = split()
    waited_for(said, "PFMS is ready at")

    process.kill()

    waited_for(said, "gateway serve stopped", *(f"{served} stopped" for served in SERVED))


def test_a_step_that_fails_is_named_and_nothing_is_served(split: Split, said: Path) -> None:
    process = split(FAILS="ledger")

    assert process.wait(30) == 1
    assert "python -m pfms_ledger provision failed" in said.read_text()
    assert "pid" not in said.read_text()
