"""The HTTP server: uvicorn, with limits that it has not got itself on what comes before and after a request."""

import asyncio
import socket
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pfms_common import problem
from pfms_common.clock import system_clock
from pfms_common.problem import Invalid, Refusal
from pfms_gateway.headers import ANSWER
from pfms_gateway.problems import HeadersTooLarge, SlowClient, problem_of

HEAD_SECONDS = 5.0
HEAD_BYTES = 64 * 1024
"""Of request line and headers together: well above what the app refuses in words, to bound memory."""

UNREAD_BYTES = 64 * 1024 * 1024
"""A refused upload is read to its end up to here, so that the client comes to read why; then it is cut off."""

JOINED_BYTES = 64 * 1024
KEEP_ALIVE_SECONDS = 75
DRAIN_SECONDS = 20


class JoinedWrites:
    """A transport that writes once where uvicorn writes twice, headers and body: a system call and a packet less,
    which is a fifth of a small answer's cost. What is written in one turn of the loop goes out together.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > JOINED_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._transport.write(data)

    def close(self) -> None:
        self.flush()
        self._transport.close()


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol; refuses slow or endless heads, and cuts off endless bodies that nobody reads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._unread = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        joined: Any = JoinedWrites(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(joined)
        # A listener bound without naming the protocol leaves Nagle's algorithm on: 40 ms for every answer.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server begins to stop: answers without an end are told, once for all connections or oftener."""
        drain = self.app_state.get("drain")
        if drain is not None:
            drain()
        super().shutdown()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # An app that gives up on a client: closing would wait until it has read what it was sent.
        cast("dict[str, Any]", self.scope)["pfms.cut"] = self.transport.abort
        self._unread = 0
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._stop_head_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > UNREAD_BYTES:
                self.transport.close()
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head:
            self._head_goes_on(len(data))

    def send_400_response(self, msg: str) -> None:
        self._refuse(Invalid(msg))

    def _head_goes_on(self, size: int) -> None:
        """Only part of a head has come so far: from here on its size and time are counted."""
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            self._refuse(HeadersTooLarge("The request line and headers are too large."))
        elif self._head_timer is None:
            self._await_head()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_too_slow)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_slow(self) -> None:
        self._head_timer = None
        self._refuse(SlowClient(f"The headers did not come within {HEAD_SECONDS:g} seconds."))

    def _refuse(self, refusal: Refusal) -> None:
        """Says why and hangs up: after a broken head or body nothing else can be read."""
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()
            return
        told = problem_of(refusal)
        body = problem.document(told, detail=refusal.detail, instance="", request_id="", now=system_clock())
        lines = [*ANSWER, (b"content-type", problem.MEDIA_TYPE.encode())]
        lines += [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self.transport.write(b"HTTP/1.1 %d Refused\r\n%s\r\n%s" % (told.status, head, body))
        self.transport.close()


def server_config(app: ASGIApp, *, host: str, port: int, **more: Any) -> Config:
    """How the gateway is served, alone or with every service in its process."""
    return Config(
        app,
        host=host,
        port=port,
        loop="auto",
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        **more,
    )
