"""`make e2e-split`: the end-to-end suite on a split run of its own, on a PostgreSQL that ends with it.

RabbitMQ and Redis are those in PFMS_BROKER_URL and PFMS_REDIS_URL, or on their standard local ports.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from pfms_embedded.testing import start_for_tests

ROOT = Path(__file__).parents[1]
READY = b"PFMS is ready at "
STOP_SECONDS = 60


def main() -> None:
    server, home = start_for_tests(), Path(tempfile.mkdtemp(prefix="pfms-split-"))
    port = free_port()
    environment = {
        **os.environ,
        "PFMS_PG_ADMIN_URL": server.admin_url,
        "PFMS_HOME": str(home),
        "PFMS_PORT": str(port),
        "PFMS_SERVICES_PORT": str(port + 1),
        "GATEWAY_LIMITS": '{"*": 1000000}',
    }
    split = subprocess.Popen(
        [sys.executable, "deploy/split.py"], cwd=ROOT, env=environment, stdout=subprocess.PIPE
    )
    try:
        if not _ready(split):
            sys.exit("the split run ended before it was ready; what it said stands above")
        # Those that kill bring an embedded product of their own.
        suite = ["tests/e2e", "--ignore", "tests/e2e/test_kill.py", *sys.argv[1:]]
        tests = [sys.executable, "-m", "pytest", "-q", *suite]
        told = {**os.environ, "PFMS_BASE_URL": f"http://127.0.0.1:{port}"}
        status = subprocess.run(tests, cwd=ROOT, env=told, check=False).returncode
    finally:
        split.send_signal(signal.SIGTERM)
        try:
            split.wait(STOP_SECONDS)
        finally:
            split.kill()
            server.stop()
            shutil.rmtree(home, ignore_errors=True)
    sys.exit(status)


def free_port() -> int:
    """One with room above it for the services' ports, below those that clients get."""
    for port in range(21_000, 32_000, 200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise SystemExit("no free port between 21000 and 32000")


def _ready(split: subprocess.Popen[bytes]) -> bool:
    """Passes on what the split run says, until it is ready; a thread takes over from there."""
    if split.stdout is None:
        raise RuntimeError("the split run was started with a pipe")
    for line in split.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
        if line.startswith(READY):
            threading.Thread(
                target=shutil.copyfileobj, args=(split.stdout, sys.stdout.buffer), daemon=True
            ).start()
            return True
    return False


if __name__ == "__main__":
    main()
