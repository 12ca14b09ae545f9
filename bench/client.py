"""A load client on raw sockets, for machines without wrk: `python -m bench.client <file>` (see bench/load.py)."""

import asyncio
import base64
import json
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count, cycle
from pathlib import Path
from typing import Any

import uvloop


class Connection(asyncio.Protocol):
    """Sends the next request when an answer is complete."""

    def __init__(self, messages: Iterator[bytes], until: float) -> None:
        self._messages, self._until = messages, until
        self._transport: Any = None
        self._buffer = b""
        self._sent_at = 0.0
        self.took: list[float] = []
        self.refused = 0
        self.broken = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length or 0):
            return
        now = time.perf_counter()
        self.took.append(now - self._sent_at)
        self.refused += head[9:10] != b"2"
        self._buffer = b""
        if now < self._until:
            self._send()
        else:
            self.over.set_result(None)
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.over.done():
            self.broken = 1
            self.over.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._messages))


def messages(requests: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """The requests in turn, for ever, each with a fresh key where it takes one."""
    parts = [[base64.b64decode(part) for part in one] for one in requests]
    own, number = secrets.token_hex(8), count()
    for part in cycle(parts):
        yield part[0] if len(part) == 1 else b"%b%b%010d%b" % (part[0], own.encode(), next(number), part[1])


async def main(path: str) -> None:
    told = json.loads(Path(path).read_text())
    sends = messages(told["requests"])
    began = time.perf_counter()
    until = began + told["seconds"]
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: Connection(sends, until), "127.0.0.1", told["port"]))[1]
        for _ in range(told["connections"])
    ]
    await asyncio.gather(*(connection.over for connection in connections))
    seconds = time.perf_counter() - began
    took = sorted(one for connection in connections for one in connection.took)
    found = {
        "done": len(took),
        "seconds": seconds,
        "refused": sum(connection.refused for connection in connections),
        "broken": sum(connection.broken for connection in connections),
        "p50": took[len(took) // 2] * 1e3 if took else 0,
        "p99": took[len(took) * 99 // 100] * 1e3 if took else 0,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
