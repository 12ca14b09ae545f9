"""Load on one address from a process of its own: wrk where it is installed, else bench/client.py."""

import asyncio
import base64
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WRK = shutil.which("wrk")


@dataclass(frozen=True, slots=True)
class Request:
    """Bytes to send; where `after` is set, a fresh Idempotency-Key stands between the two parts."""

    before: bytes
    after: bytes | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What came back. `p50` and `p99` in milliseconds."""

    done: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.done / self.seconds


def request(
    method: str, path: str, headers: Mapping[str, str], body: bytes = b"", *, with_key: bool = False
) -> Request:
    """An HTTP/1.1 request on a connection that stays open."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    head = "\r\n".join(lines)
    if not with_key:
        return Request(f"{head}\r\n\r\n".encode() + body)
    return Request(f"{head}\r\nIdempotency-Key: ".encode(), b"\r\n\r\n" + body)


async def load(port: int, requests: Sequence[Request], *, connections: int, seconds: float) -> Load:
    """Keeps that many connections busy. Raises when any answer was not a success: its time would say nothing."""
    with tempfile.TemporaryDirectory() as folder:
        command, environment = _wrk if WRK and seconds >= 1 else _own, os.environ  # wrk counts whole seconds
        words, more = command(Path(folder), port, requests, connections, seconds)
        process = await asyncio.create_subprocess_exec(
            *words,
            env={**environment, **more},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    try:
        found = json.loads(said.decode().strip().splitlines()[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise RuntimeError(f"the load client said:\n{said.decode()}") from error
    if found["refused"] or found["broken"] or not found["done"]:
        raise RuntimeError(
            f"{found['refused']} refused and {found['broken']} broken of {found['done']} answers"
        )
    return Load(found["done"], found["seconds"], found["p50"], found["p99"])


def _wrk(
    folder: Path, port: int, requests: Sequence[Request], connections: int, seconds: float
) -> tuple[list[str], dict[str, str]]:
    parts = ",\n".join(
        "{" + ", ".join(_lua(part) for part in (one.before, one.after) if part is not None) + "}"
        for one in requests
    )
    (folder / "requests.lua").write_text(f"return {{\n{parts}\n}}\n")
    script = Path(__file__).with_name("load.lua")
    words = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "20s",
        "-s",
        str(script),
    ]
    told = {"BENCH_REQUESTS": str(folder / "requests.lua"), "BENCH_RUN": secrets.token_hex(8)}
    return [*words, f"http://127.0.0.1:{port}/"], told


def _lua(text: bytes) -> str:
    return '"' + "".join(f"\\{byte:03d}" for byte in text) + '"'


def _own(
    folder: Path, port: int, requests: Sequence[Request], connections: int, seconds: float
) -> tuple[list[str], dict[str, str]]:
    told = {
        "port": port,
        "connections": connections,
        "seconds": seconds,
        "requests": [
            [base64.b64encode(part).decode() for part in (one.before, one.after) if part is not None]
            for one in requests
        ],
    }
    (folder / "load.json").write_text(json.dumps(told))
    return [sys.executable, "-m", "bench.client", str(folder / "load.json")], {}
