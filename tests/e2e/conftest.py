"""The whole product, seen from outside: at PFMS_BASE_URL, else embedded in a folder of its own for this run."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest
import pytest_asyncio

from tests.e2e.calls import furnish

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
# What a person sees within a second; a machine under load gets more before a test gives up.
PATIENCE_SECONDS = 10
NO_LIMITS = '{"*": 1000000}'


class Product:
    """An embedded run as a child process, on a port of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = environment
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Product":
        told = {**os.environ, "PFMS_HOME": str(self.home), "PFMS_PORT": str(self.port), **self.environment}
        told.pop("PYTHONDONTWRITEBYTECODE", None)
        log = self.home.parent / f"{self.home.name}.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pfms_embedded", "run"],
                cwd=ROOT,
                env=told,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"not ready: {log.read_text()[-2000:]}")

    def kill(self) -> None:
        """kill -9, as the power cut of a process."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """Where the product is."""
    given = os.environ.get("PFMS_BASE_URL")
    if given:
        yield given.rstrip("/")
        return
    folder = new_folder()
    product = Product(folder / "home", GATEWAY_LIMITS=NO_LIMITS).start()
    try:
        yield product.url
    finally:
        product.stop()
        shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """A folder that root's servers, which run as nobody, can reach: pytest's own is closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="pfms-e2e-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture
def own_product() -> Iterator[Callable[..., Product]]:
    """Starts embedded products that a test may kill; ends what it left."""
    folder, started = new_folder(), []

    def start(**environment: str) -> Product:
        product = Product(folder / f"home{len(started)}", **environment)
        started.append(product)
        return product.start()

    yield start
    for product in started:
        if product.process is not None and product.process.poll() is None:
            product.kill()
    shutil.rmtree(folder, ignore_errors=True)


class User:
    """Somebody at a client; every write of money has a key of its own."""

    def __init__(self, http: httpx.AsyncClient, email: str, password: str) -> None:
        self.http, self.email, self.password = http, email, password
        self.tokens: dict[str, Any] = {}
        self.book_id = ""

    async def sign_up(self, **fields: str) -> dict[str, Any]:
        body = {"display_name": "Anna", "home_currency": "EUR", "timezone": "Europe/Berlin", **fields}
        response = await self.http.post(
            "/auth/register", json={"email": self.email, "password": self.password, **body}
        )
        assert response.status_code == 201, response.text
        self.book_id = response.json()["book"]["id"]
        return response.json()

    async def sign_in(self) -> None:
        response = await self.http.post("/auth/login", json={"email": self.email, "password": self.password})
        assert response.status_code == 200, response.text
        self.tokens = response.json()
        self.http.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    async def confirm_address(self) -> None:
        """Follows the link of the mail that came after signing up."""
        inbox = await self.until(
            lambda: self.get("/mailbox/messages", to=self.email),
            lambda inbox: any("/verify-email#token=" in mail["text"] for mail in inbox["items"]),
        )
        text = next(mail["text"] for mail in inbox["items"] if "/verify-email#token=" in mail["text"])
        secret = text.partition("/verify-email#token=")[2].split()[0]
        response = await self.http.post("/auth/verify-email", json={"token": secret})
        assert response.is_success, response.text

    async def get(self, path: str, **params: Any) -> Any:
        response = await self.http.get(path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: dict[str, Any], status: int = 201, key: str = "") -> Any:
        response = await self.http.post(path, json=body, headers={"Idempotency-Key": key or str(uuid4())})
        assert response.status_code == status, response.text
        return response.json()

    async def patch(self, path: str, version: int, body: dict[str, Any]) -> Any:
        response = await self.http.patch(path, json=body, headers={"If-Match": f'"{version}"'})
        assert response.status_code == 200, response.text
        return response.json()

    async def delete(self, path: str, version: int) -> None:
        response = await self.http.delete(path, headers={"If-Match": f'"{version}"'})
        assert response.status_code == 204, response.text

    async def account(self, name: str = "Checking", **fields: Any) -> dict[str, Any]:
        body = {"type": "checking", "currency": "EUR", "opening_balance_minor": 0, "opened_on": "2026-01-01"}
        made: dict[str, Any] = await self.post("/accounts", {"name": name, **body, **fields})
        return made

    async def categories(self) -> dict[str, str]:
        """Key → id of the starting tree, which arrives with an event."""
        page = await self.until(
            lambda: self.get("/categories", limit=200), lambda page: len(page["items"]) > 20
        )
        return {item["key"]: item["id"] for item in page["items"]}

    async def until(self, ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
        """Asks again until it holds; what arrives by events arrives soon."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = await ask()
            if holds(answer):
                return answer
            assert time.monotonic() < deadline, f"still {answer}"
            await asyncio.sleep(0.02)

    async def month(self, key: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.get(f"/budgets/{key}")
        return answer

    async def upload(
        self, account: dict[str, Any], name: str, content: bytes, **fields: str
    ) -> dict[str, Any]:
        """Uploads a bank file and waits until it is read."""
        response = await self.http.post(
            "/imports", files={"file": (name, content)}, data={"account_id": account["id"], **fields}
        )
        assert response.status_code == 201, response.text
        path = f"/imports/{response.json()['id']}"
        read: dict[str, Any] = await self.until(
            lambda: self.get(path), lambda read: read["status"] != "reading"
        )
        return read

    async def commit(self, upload: dict[str, Any], **choices: Any) -> dict[str, Any]:
        """Commits an import and waits for its end."""
        path = f"/imports/{upload['id']}"
        await self.post(f"{path}/commit", choices, 202)
        done: dict[str, Any] = await self.until(
            lambda: self.get(path), lambda now: now["status"] in {"completed", "failed"}
        )
        return done


@pytest_asyncio.fixture
async def new_user(base_url: str) -> AsyncIterator[Callable[..., Any]]:
    """Makes people who have signed up and in."""
    clients: list[httpx.AsyncClient] = []

    async def make(url: str = base_url, **fields: str) -> User:
        http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30)
        clients.append(http)
        user = User(http, f"{uuid4().hex}@example.org", "correct horse battery staple")
        await user.sign_up(**fields)
        await user.sign_in()
        return user

    yield make
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture
async def anna(new_user: Callable[..., Any]) -> User:
    user: User = await new_user()
    return user


@pytest_asyncio.fixture
async def household(anna: User) -> tuple[User, dict[str, str]]:
    """An owner whose every text is a canary, and the ids of one thing of each kind."""
    return anna, await furnish(anna)


@pytest_asyncio.fixture(scope="session")
async def document(base_url: str) -> dict[str, Any]:
    """The gateway's OpenAPI document."""
    async with httpx.AsyncClient(base_url=base_url) as http:
        read: dict[str, Any] = (await http.get("/openapi.json")).json()
        return read
