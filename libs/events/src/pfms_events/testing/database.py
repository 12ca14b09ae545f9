"""A database of its own for a test, with random name, the three roles of a service and the event tables."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from pfms_events.tables import IdempotencyKey, create_event_tables

_ROLES = ("owner", "app", "relay")


@dataclass(frozen=True, slots=True)
class Database:
    """Addresses by role; `name` is also the service whose roles these are."""

    name: str
    admin_url: str
    owner_url: str
    app_url: str
    relay_url: str


@asynccontextmanager
async def event_database(
    admin_url: str,
    *,
    idempotency: IdempotencyKey = "book",
    migrate: Callable[[str], None] = lambda _service: None,
) -> AsyncIterator[Database]:
    """Makes it as a service's first migration would, and drops it at the end.

    Args:
        admin_url: a server and a role that may create databases and roles.
        idempotency: as for `create_event_tables`.
        migrate: makes further tables with alembic's `op`; gets the service's name.
    """
    name = f"events_{secrets.token_hex(6)}"
    password = secrets.token_urlsafe(18)
    admin = await asyncpg.connect(admin_url)
    try:
        for role in _ROLES:
            await admin.execute(f"CREATE ROLE {name}_{role} LOGIN PASSWORD '{password}'")
        await admin.execute(f"CREATE DATABASE {name} OWNER {name}_owner")
        urls = {role: _as(admin_url, f"{name}_{role}", password, name) for role in _ROLES}
        try:
            await _migrate(urls["owner"], name, idempotency, migrate)
            yield Database(name, _in(admin_url, name), urls["owner"], urls["app"], urls["relay"])
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            for role in _ROLES:
                await admin.execute(f"DROP ROLE {name}_{role}")
    finally:
        await admin.close()


async def _migrate(
    owner_url: str, service: str, idempotency: IdempotencyKey, migrate: Callable[[str], None]
) -> None:
    def run(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            create_event_tables(service, idempotency=idempotency)
            migrate(service)

    engine = create_async_engine(
        owner_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=pool.NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def _as(url: str, user: str, password: str, database: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}", path=f"/{database}"))


def _in(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
