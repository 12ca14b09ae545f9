"""A client who writes down what it asks before it asks, and repeats with the same key until it knows.

The log has a line `invoke` before each request and a line `ok`, `fail` or `info` after it: done, refused, unknown
(no answer, or one that asks to try again). What is unknown is asked again, so that in the end little stays so.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx2 as httpx

REQUEST_SECONDS = 20
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.1
PASSWORD = "correct horse battery staple"

type State = Literal["ok", "fail", "info"]


@dataclass(frozen=True, slots=True)
class Op:
    """One wish. `key`: the Idempotency-Key of all its requests; empty where the route takes none."""

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    version: int | None = None
    file: bytes = b""
    id: str = field(default_factory=lambda: uuid4().hex)
    key: str = field(default_factory=lambda: f"key-{uuid4()}")

    def request(self) -> dict[str, Any]:
        headers = {"Idempotency-Key": self.key} if self.key else {}
        if self.version is not None:
            headers["If-Match"] = f'"{self.version}"'
        if self.file:
            return {"headers": headers, "files": {"file": ("bank.csv", self.file)}, "data": self.body}
        return {"headers": headers, "json": self.body} if self.body is not None else {"headers": headers}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an op ended. `status` 0: no answer; `asked`: how many requests it took."""

    op: Op
    state: State
    book_id: str = ""
    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: int = 1

    @property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


class OpLog:
    """Lines on disk for whoever looks into a failure; outcomes in memory for the checker."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self.outcomes: list[Outcome] = []
        self.successes: list[float] = []
        self.requests: list[tuple[float, float]] = []

    def write(self, what: str, op: Op, **more: Any) -> None:
        line = {"at": time.time(), "what": what, "op": op.id, "name": op.name, **more}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def invoke(self, op: Op) -> None:
        body = dict(op.body) if op.body is not None else None
        self.write("invoke", op, method=op.method, path=op.path, key=op.key, version=op.version, body=body)

    def note(self, op: Op, state: State, began: float, status: int, error: str) -> None:
        self.requests.append((began, time.monotonic()))
        if state == "ok":
            self.successes.append(time.monotonic())
        self.write(state, op, status=status, error=error)

    def close(self) -> None:
        self._file.close()

    def ended(self, state: State) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.state == state]

    def counts(self) -> dict[str, int]:
        return {state: len(self.ended(state)) for state in ("ok", "fail", "info")}

    def longest_silence(self, began: float, ended: float) -> float:
        """Seconds without any success."""
        instants = [began, *(at for at in sorted(self.successes) if began <= at <= ended), ended]
        return max(later - earlier for earlier, later in pairwise(instants))

    def slowest_since(self, instant: float) -> float:
        """Seconds that the slowest request took of those that began after an instant."""
        return max((ended - began for began, ended in self.requests if began >= instant), default=0)


class Person:
    """Somebody with a book, signed in."""

    def __init__(self, url: str, log: OpLog) -> None:
        self.http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=REQUEST_SECONDS)
        self.email = f"{uuid4().hex}@example.org"
        self.log = log
        self.book_id = ""

    async def sign_up(self) -> None:
        body = {"display_name": "Anna", "home_currency": "EUR", "timezone": "Europe/Berlin"}
        op = Op(
            "register", "POST", "/auth/register", {**body, "email": self.email, "password": PASSWORD}, key=""
        )
        await self.send(op)
        await self.sign_in()
        self.book_id = (await self.get("/books"))["items"][0]["id"]

    async def sign_in(self) -> None:
        op = Op("login", "POST", "/auth/login", {"email": self.email, "password": PASSWORD}, key="")
        outcome = await self.send(op)
        assert outcome.state == "ok", outcome
        self.http.headers["Authorization"] = f"Bearer {outcome.document['access_token']}"

    async def send(self, op: Op) -> Outcome:
        """Asks until the outcome is definite, or patience ends."""
        deadline, asked = time.monotonic() + PATIENCE_SECONDS, 0
        while True:
            asked += 1
            outcome = replace(await self._ask(op, asked_before=asked > 1), asked=asked)
            if outcome.status == 401 and not op.path.startswith("/auth/"):
                await self.sign_in()
            if outcome.state != "info" or time.monotonic() > deadline:
                self.log.outcomes.append(outcome)
                return outcome
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, op: Op, *, asked_before: bool) -> Outcome:
        self.log.invoke(op)
        began = time.monotonic()
        try:
            response = await self.http.request(op.method, op.path, **op.request())
        except httpx.TransportError as error:
            self.log.note(op, "info", began, 0, repr(error))
            return Outcome(op, "info", self.book_id)
        state = state_of(op, response, asked_before=asked_before)
        self.log.note(op, state, began, response.status_code, "" if state == "ok" else response.text)
        return Outcome(
            op, state, self.book_id, response.status_code, response.content, dict(response.headers)
        )

    async def once(self, op: Op) -> httpx.Response:
        """One request, whatever comes of it."""
        return await self.http.request(op.method, op.path, **op.request())

    async def get(self, path: str, **params: Any) -> Any:
        """Reads, again while it cannot be answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = await self.http.get(path, params=params)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if response.status_code == 200:
                    return response.json()
                if response.status_code == 401:
                    await self.sign_in()
                said = f"{response.status_code} {response.text}"
            assert time.monotonic() < deadline, f"{path}: {said}"
            await asyncio.sleep(PAUSE_SECONDS)

    async def all_of(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every item of a list."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = await self.get(path, limit=200, **params, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def starting_tree(self) -> list[dict[str, Any]]:
        """The book's categories, which arrive with an event."""
        for _ in range(PATIENCE_SECONDS * 20):
            if rows := await self.all_of("/categories"):
                return rows
            await asyncio.sleep(0.05)
        raise AssertionError(f"{self.email} has no categories after {PATIENCE_SECONDS} s")

    async def close(self) -> None:
        await self.http.aclose()


def state_of(op: Op, response: httpx.Response, *, asked_before: bool) -> State:
    """`info` is everything that asks to be tried again. A thing that is gone was deleted by the first request."""
    status = response.status_code
    if response.is_success or (op.method == "DELETE" and status == 404 and asked_before):
        return "ok"
    if status >= 500 or status in {401, 429} or (status == 409 and "Retry-After" in response.headers):
        return "info"
    return "fail"
