"""The gateway's own questions to its services: a GET through the same ASGI door that requests take."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message

ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


async def get(app: ASGIApp, path: str) -> Answer:
    """The answer to `GET path`. Raises TimeoutError after 2 s, and whatever the service raises."""
    status = 0
    parts: list[bytes] = []
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"gateway")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    async with asyncio.timeout(ANSWER_SECONDS):
        await app(scope, receive, send)
    return Answer(status, b"".join(parts))
