"""A service in another process, as an ASGI app: streams both ways over one pool of connections.

Not imported by the app: where the services are in one process, its HTTP client need not be loaded.
A client that goes away closes the connection to the service, which then hears `http.disconnect` itself.
"""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from pfms_gateway.proxy import UpstreamDown

CONNECT_SECONDS = 1.0
IDLE_READ_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which a server closes an idle connection, so that no request meets a closing one."""

WATCH_AFTER_SECONDS = 0.05
"""Most answers are there before; only then is it worth a task to notice that the client left."""

SENT_AT_ONCE = 64 * 1024
"""A body up to this size, its length declared, is read first and sent as one piece."""


class _ClientLeft(Exception):
    """The client stopped in the middle of its body."""


class HttpUpstream:
    """The service at `address`, such as `http://ledger:3003`."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        upload = _Upload(scope, receive)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("An upstream is called inside a task.")
        watch = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, upload.watch, task)
        try:
            if upload.is_small:
                await upload.read()
            await self._pass(scope, upload, send)
        except asyncio.CancelledError:
            if not upload.left:
                raise
            task.uncancel()
        except (_ClientLeft, aiohttp.ClientError, OSError, TimeoutError) as error:
            if not upload.left:
                raise UpstreamDown(f"{type(error).__name__}: {error}") from error
        finally:
            watch.cancel()
            upload.stop_watching()

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _pass(self, scope: Scope, upload: "_Upload", send: Send) -> None:
        response = await self._ask(scope, upload)
        try:
            headers = [(name.lower(), value) for name, value in response.raw_headers]
            start = {"type": "http.response.start", "status": response.status, "headers": headers}
            # A service writes head and body apart. Dying between the two it has answered nothing that a client has
            # seen yet, and can still be refused for; a stream's head does not wait for what may come in an hour.
            chunk = await response.content.readany() if response.content_length else b""
            await send(start)
            more = not response.content.at_eof()
            await send({"type": "http.response.body", "body": chunk, "more_body": more})
            while more:
                chunk = await response.content.readany()
                more = not response.content.at_eof()
                await send({"type": "http.response.body", "body": chunk, "more_body": more})
        finally:
            response.close() if not response.content.at_eof() else response.release()

    async def _ask(self, scope: Scope, upload: "_Upload") -> aiohttp.ClientResponse:
        """Asks once; a second time only when no connection came about, so that not a byte was sent."""
        query = scope["query_string"].decode("ascii")
        url = URL(self._address + scope["path"] + ("?" + query if query else ""), encoded=True)
        headers = [
            (name.decode("ascii"), value.decode("utf-8", "replace"))
            for name, value in scope["headers"]
            if name != b"transfer-encoding"
        ]
        try:
            return await self._open().request(
                scope["method"], url, headers=headers, data=upload.data(), allow_redirects=False
            )
        except aiohttp.ClientConnectorError:
            return await self._open().request(
                scope["method"], url, headers=headers, data=upload.data(), allow_redirects=False
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=IDLE_READ_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            )
            session._retry_connection = False  # noqa: SLF001  # aiohttp has no public switch, and would send a PUT or DELETE twice
            self._session = session
        return self._session


class _Upload:
    """The request's body, and word of the client that sends it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        sizes = dict(scope["headers"])
        self._receive = receive
        self._whole = b""
        self._done = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self.is_small = (
            b"transfer-encoding" not in sizes and int(sizes.get(b"content-length", 0)) <= SENT_AT_ONCE
        )
        self.left = False

    async def read(self) -> None:
        """Reads a small body whole; a client that leaves meanwhile sets `left`."""
        self._whole = b"".join([chunk async for chunk in self._chunks()])

    def data(self) -> bytes | AsyncIterator[bytes] | None:
        if self.is_small:
            return self._whole or None
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                self.left = True
                raise _ClientLeft
            yield message.get("body", b"")
            more = message.get("more_body", False)
        self._done.set()

    def watch(self, task: asyncio.Task[None]) -> None:
        self._watching = asyncio.create_task(self._cancel_when_client_left(task))

    def stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _cancel_when_client_left(self, task: asyncio.Task[None]) -> None:
        """Once the body is complete, the next message can only be that the client left: drop the exchange."""
        await self._done.wait()
        while (await self._receive())["type"] != "http.disconnect":
            continue
        self.left = True
        task.cancel()
