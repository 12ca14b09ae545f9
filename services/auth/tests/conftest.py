"""A running auth on a database of its own, a clock that tests turn, and a person who signs in."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest

from pfms_auth.app import SERVICE
from pfms_auth.jobs import send_mails
from pfms_auth.operations.context import Context
from pfms_common.ids import new_id
from pfms_common.principal import Jwks, TokenVerifier
from pfms_service.app import Edge
from pfms_service.resources import jwks_from
from pfms_service.testing import Harness, harness

PASSWORD = "orchid kettle seventeen"
BROWSER = {"User-Agent": "Browser/1.0"}


class TurnedClock:
    """The time that a test says it is."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Auth:
    """The service under test, and what tests do with it again and again."""

    harness: Harness
    clock: TurnedClock
    context: Context
    opened: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        client = self.harness.client()
        client.headers.update(BROWSER | headers)
        if token:
            client.headers["Authorization"] = f"Bearer {token}"
        self.opened.append(client)
        return client

    async def register(self, email: str | None = None, **fields: Any) -> "SignedIn":
        """Somebody new, signed in."""
        email = email or f"{new_id().hex}@example.org"
        body = {
            "email": email,
            "password": PASSWORD,
            "display_name": "Ada",
            "home_currency": "EUR",
            "timezone": "Europe/Berlin",
        }
        made = (await self.client().post("/auth/register", json=body | fields)).json()
        return await self.sign_in(email, UUID(made["user"]["id"]), UUID(made["book"]["id"]))

    async def sign_in(self, email: str, user_id: UUID, book_id: UUID) -> "SignedIn":
        pair = await self.client().post("/auth/login", json={"email": email, "password": PASSWORD})
        assert pair.status_code == 200, pair.text
        tokens = pair.json()
        return SignedIn(
            email,
            user_id,
            book_id,
            tokens["access_token"],
            tokens["refresh_token"],
            self.client(tokens["access_token"]),
        )

    async def mails(self, to: str) -> list[dict[str, str]]:
        """Mails to an address, the newest first, after the job has run."""
        await send_mails(self.harness.running)
        found = await self.client().get("/mailbox/messages", params={"to": to})
        items: list[dict[str, str]] = found.json()["items"]
        return items

    async def secret_mailed(self, to: str) -> str:
        """What stands behind `#token=` in the newest mail to an address that has a link."""
        texts = [mail["text"] for mail in await self.mails(to)]
        return next(text for text in texts if "#token=" in text).partition("#token=")[2].split()[0]

    async def events(self, stream_id: UUID) -> list[str]:
        rows = await self.harness.sql(
            "SELECT type FROM event WHERE stream_id = $1 ORDER BY sequence", stream_id
        )
        return [row["type"] for row in rows]


@dataclass(frozen=True)
class SignedIn:
    """A person with their newest tokens, and a client that shows them."""

    email: str
    user_id: UUID
    book_id: UUID
    access_token: str
    refresh_token: str
    client: httpx.AsyncClient


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def settings(keys_dir: Path, tmp_path: Path) -> dict[str, Any]:
    """Fields of the service's settings; a module may override them."""
    return {"keys_dir": str(keys_dir), "mailbox_dir": str(tmp_path / "mailbox")}


@pytest.fixture
async def auth(settings: dict[str, Any]) -> AsyncIterator[Auth]:
    clock = TurnedClock()
    async with harness(SERVICE, clock, **settings) as running:
        own = httpx.AsyncClient(
            transport=httpx.ASGITransport(Edge(running.app, "auth")), base_url="http://auth"
        )
        keys = Jwks(jwks_from({"auth": own}), clock)
        running.app.state.tokens = TokenVerifier(keys, clock)
        made = Auth(running, clock, running.own)
        yield made
        for client in (own, *made.opened):
            await client.aclose()
