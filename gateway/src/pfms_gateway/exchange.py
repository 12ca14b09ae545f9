"""One request on its way through a service: what is counted, when it is given up, what the client is told then.

The service sees plain ASGI. When the exchange is given up (too much body, too slow), the client is answered here,
the service's later messages are dropped, and its `receive` says `http.disconnect`: the same word it hears when the
client itself goes away. Nothing is cancelled, so a write runs to its commit, in this process as in another.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from starlette.types import Message, Receive, Send

from pfms_common.problem import Refusal, TooLarge, Unavailable
from pfms_gateway.compress import is_worth_it, packed_headers, packer
from pfms_gateway.headers import Headers, answer_headers
from pfms_gateway.problems import SlowClient

Outcome = Literal["answered", "failed", "undecided"]
DISCONNECT: Message = {"type": "http.disconnect"}
UNAVAILABLE_MARK = b'"code":"unavailable"'
LOOK_SECONDS = 0.05


class Deadlines:
    """When exchanges are given up. One timer looks at all: one for each cost more than the rest of an exchange."""

    def __init__(self) -> None:
        self._due: dict[Exchange, float] = {}
        self._looking = False

    def set(self, exchange: "Exchange", seconds: float) -> None:
        self._due[exchange] = time.monotonic() + seconds
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def drop(self, exchange: "Exchange") -> None:
        self._due.pop(exchange, None)

    def _look(self) -> None:
        now = time.monotonic()
        for exchange in [late for late, due in self._due.items() if due <= now]:
            self.drop(exchange)
            exchange.expire()
        self._looking = bool(self._due)
        if self._looking:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)


class Exchange:
    """Stands between the server's `receive` and `send` and a service's.

    Args:
        refuse: answers the client with a problem and returns its status.
        own: headers that the gateway puts before the service's.
        body_limit: bytes the request's body may have.
        seconds: from the last byte of the request to the first of the answer.
        may_pack: the client takes gzip.
    """

    __slots__ = (
        "_body_done", "_body_limit", "_body_seen", "_deadlines", "_may_pack", "_own", "_packer", "_reading",
        "_receive", "_refuse", "_seconds", "_send", "finished", "given_up", "outcome", "status",
    )  # fmt: skip

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        refuse: Callable[[Refusal], Coroutine[Any, Any, int]],
        own: Headers,
        body_limit: int,
        seconds: float,
        deadlines: Deadlines,
        may_pack: bool,
    ) -> None:
        self._receive = receive
        self._send = send
        self._refuse = refuse
        self._own = own
        self._body_limit = body_limit
        self._body_seen = 0
        self._body_done = False
        self._reading = False
        self._seconds = seconds
        self._deadlines = deadlines
        self._may_pack = may_pack
        self._packer: zlib._Compress | None = None
        self.status = 0
        self.finished = False
        self.given_up: asyncio.Task[int] | None = None
        self.outcome: Outcome = "undecided"

    @property
    def is_over(self) -> bool:
        """Whether the client was answered here, so that nobody hears the service any more."""
        return self.given_up is not None

    def start_clock(self) -> None:
        self._deadlines.set(self, self._seconds)

    def stop_clock(self) -> None:
        self._deadlines.drop(self)

    async def receive(self) -> Message:
        if self.is_over:
            return DISCONNECT
        self._reading = True
        message = await self._receive()
        self._reading = False
        return self._taken(message)

    def _taken(self, message: Message) -> Message:
        """What the service hears of `message`, which may have come after the exchange was given up."""
        if self.is_over:
            return DISCONNECT
        if message["type"] == "http.request":
            self._body_seen += len(message.get("body", b""))
            if self._body_seen > self._body_limit:
                self.give_up(TooLarge(f"At most {self._body_limit} bytes are taken here."))
                return DISCONNECT
            self._body_done = not message.get("more_body", False)
            if self.status == 0:
                self.start_clock()
        return message

    async def send(self, message: Message) -> None:
        if self.given_up is not None:
            return
        if message["type"] == "http.response.start":
            self._deadlines.drop(self)
            self.status = message["status"]
            self.outcome = "failed" if self.status in {502, 504} else "answered"
            headers = answer_headers(self._own, message.get("headers", ()))
            if self._may_pack and is_worth_it(headers):
                headers, self._packer = packed_headers(headers), packer()
            await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
            return
        if self.status == 503 and UNAVAILABLE_MARK in message.get("body", b""):
            self.outcome = "failed"
        self.finished = not message.get("more_body", False)
        await self._send(message if self._packer is None else self._packed(message, self._packer))

    def _packed(self, message: Message, packer: "zlib._Compress") -> Message:
        body = packer.compress(message.get("body", b"")) + (packer.flush() if self.finished else b"")
        return {**message, "body": body}

    def give_up(self, refusal: Refusal) -> None:
        """Answers the client and lets the service finish unheard."""
        self.stop_clock()
        if self.status == 0 and not self.is_over:
            self.given_up = asyncio.create_task(self._refuse(refusal))

    def expire(self) -> None:
        if self._reading and not self._body_done:
            self.give_up(SlowClient("The rest of the body did not come in time."))
            return
        self.outcome = "failed"
        self.give_up(
            Unavailable(
                f"The answer did not begin within {self._seconds:g} seconds. "
                "Whether a change was made is unknown; repeat it with the same Idempotency-Key."
            )
        )
