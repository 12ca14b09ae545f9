"""Fixtures for the tests of services: a real database per test, cloned from a migrated template, and sign-ins.

The PostgreSQL server is the one in `PFMS_TEST_PG_URL`, which the repository's conftest starts where it is unset.
"""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import httpx2 as httpx
from fastapi import FastAPI
from joserfc.jwk import OKPKey

from pfms_common.ids import new_id
from pfms_common.principal import Token, access_claims, sign
from pfms_common.role import Role
from pfms_common.upgrade import upgrade
from pfms_service.app import Edge, attach, build_app
from pfms_service.provision import provision
from pfms_service.resources import open_resources
from pfms_service.service import Resources, Running, Service

PASSWORD = "only-for-tests"  # noqa: S105  # of roles on a server that ends with the tests
KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})
_templates: dict[str, str] = {}


def admin_url(database: str | None = None, role: str | None = None) -> str:
    """The test server's address, for another database or role where named."""
    url = urlsplit(os.environ["PFMS_TEST_PG_URL"])
    host = url.netloc.rpartition("@")[2]
    netloc = f"{role}:{PASSWORD}@{host}" if role else url.netloc
    return urlunsplit(url._replace(netloc=netloc, path=f"/{database}" if database else url.path))


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses of one database for its three roles."""

    database: str
    owner: str
    app: str
    relay: str


def urls_of(service: str, database: str) -> Urls:
    return Urls(database, *(admin_url(database, f"{service}_{role}") for role in ("owner", "app", "relay")))


async def _template(service: Service) -> str:
    """A migrated database to clone, made once per process."""
    if service.name not in _templates:
        name = f"test_{service.name}_{os.getpid()}_{secrets.token_hex(3)}"
        await provision(admin_url(), service.name, lambda _role: PASSWORD, database=name)
        await upgrade(service.package, urls_of(service.name, name).owner)
        _templates[service.name] = name
    return _templates[service.name]


@asynccontextmanager
async def fresh_database(service: Service) -> AsyncIterator[Urls]:
    """A migrated database of its own, dropped at the end."""
    template = await _template(service)
    name = f"test_{service.name}_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(admin_url())
    try:
        await admin.execute(
            f'CREATE DATABASE "{name}" OWNER {service.name}_owner TEMPLATE "{template}" STRATEGY FILE_COPY'
        )
        await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {service.name}_app, {service.name}_relay')
        yield urls_of(service.name, name)
    finally:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.close()


async def drop_templates() -> None:
    """Called once at the end of a process's tests."""
    admin = await asyncpg.connect(admin_url())
    try:
        for name in _templates.values():
            await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await admin.close()
    _templates.clear()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in, with one book and any others."""

    user_id: UUID = field(default_factory=new_id)
    book_id: UUID = field(default_factory=new_id)
    role: Role = "owner"
    books: Mapping[UUID, Role] = field(default_factory=dict)

    def headers(self, expires_in: int = 600) -> dict[str, str]:
        now = datetime.now(UTC)
        token = Token(
            user_id=self.user_id,
            session_id=self.user_id,
            book_id=self.book_id,
            books={self.book_id: self.role, **self.books},
            expires_at=int(now.timestamp()) + expires_in,
            auth_time=int(now.timestamp()),
        )
        return {"Authorization": f"Bearer {sign(KEY, 'at+jwt', access_claims(token, now=now, amr=['pwd']))}"}


@dataclass(frozen=True, slots=True)
class Harness:
    """A service's API in this process on a database of its own."""

    service: Service
    app: FastAPI
    urls: Urls
    resources: Resources
    own: Any

    @property
    def running(self) -> Running:
        return Running(self.resources, self.own)

    def client(self, person: Person | None = None) -> httpx.AsyncClient:
        """A client signed in as `person`, or nobody."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(Edge(self.app, self.service.name), raise_app_exceptions=False),
            base_url="http://test/api/v1",
            headers=person.headers() if person else {},
        )

    async def sql(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Runs a statement as the owner, who sees every row."""
        connection = await asyncpg.connect(self.urls.owner)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()


async def test_keys() -> dict[str, Any]:
    return {"keys": [KEY.as_dict(private=False)]}


@asynccontextmanager
async def harness(service: Service, clock: Any = None, **settings: Any) -> AsyncIterator[Harness]:
    """The API of `service`, with tokens of `Person.headers` accepted; `settings` are further fields."""
    auth = FastAPI()
    auth.get("/api/v1/auth/jwks")(test_keys)
    async with (
        fresh_database(service) as urls,
        httpx.AsyncClient(transport=httpx.ASGITransport(auth), base_url="http://auth") as peer,
    ):
        made = service.settings.model_validate(
            {
                "database_url": urls.app,
                "relay_database_url": urls.relay,
                "owner_database_url": urls.owner,
                **settings,
            }
        )
        options: dict[str, Any] = {"clock": clock} if clock else {}
        async with (
            open_resources(
                service, made, needs_relay=True, poke=lambda: None, peers={"auth": peer}, feeds={}, **options
            ) as resources,
            service.own(resources) as own,
        ):
            app = build_app(service)
            attach(app, resources, own)
            yield Harness(service, app, urls, resources, own)
