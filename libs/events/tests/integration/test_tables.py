"""The tables as a migration leaves them: models, policies and grants."""

from collections.abc import AsyncIterator
from typing import get_args

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from pfms_common.sql import NAMING
from pfms_events.tables import IdempotencyKey, event_tables
from pfms_events.testing.database import Database, event_database

_GRANTS = """
SELECT table_name, replace(grantee, $1, '') AS role, array_agg(privilege_type::text ORDER BY privilege_type) AS may
FROM information_schema.role_table_grants
WHERE grantee IN ($1 || '_app', $1 || '_relay') GROUP BY 1, 2
"""
_READ_WRITE = ["DELETE", "INSERT", "SELECT", "UPDATE"]
_EXPECTED = {
    ("event", "_app"): ["INSERT", "SELECT"],
    ("event", "_relay"): ["DELETE", "SELECT"],
    ("stream_head", "_app"): ["INSERT", "SELECT", "UPDATE"],
    ("stream_head", "_relay"): ["SELECT"],
    ("unsent", "_app"): ["INSERT"],
    ("unsent", "_relay"): ["DELETE", "SELECT"],
    ("unroutable", "_app"): ["SELECT"],
    ("unroutable", "_relay"): ["DELETE", "INSERT", "SELECT"],
    ("progress", "_app"): _READ_WRITE,
    ("progress", "_relay"): ["SELECT"],
    ("retry", "_app"): _READ_WRITE,
    ("retry", "_relay"): ["SELECT"],
    ("inbox", "_app"): ["INSERT", "SELECT"],
    ("inbox", "_relay"): ["DELETE", "SELECT"],
    ("idempotency", "_app"): ["INSERT", "SELECT"],
    ("idempotency", "_relay"): ["DELETE", "SELECT"],
}


@pytest.fixture(params=get_args(IdempotencyKey.__value__))
async def migrated(
    request: pytest.FixtureRequest, admin_url: str
) -> AsyncIterator[tuple[Database, IdempotencyKey]]:
    async with event_database(admin_url, idempotency=request.param) as database:
        yield database, request.param


async def test_a_migration_makes_what_the_models_say_and_grants_no_more_than_it_must(
    migrated: tuple[Database, IdempotencyKey],
) -> None:
    database, idempotency = migrated
    metadata = MetaData(naming_convention=NAMING)
    event_tables(metadata, idempotency=idempotency)

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    engine = create_async_engine(
        database.owner_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        assert await connection.run_sync(compare) == []
    await engine.dispose()

    admin = await asyncpg.connect(database.admin_url)
    grants = await admin.fetch(_GRANTS, database.name)
    assert {(row["table_name"], row["role"]): row["may"] for row in grants} == _EXPECTED
    unprotected = await admin.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert unprotected == []
    await admin.close()


async def test_without_a_scope_the_app_sees_nothing(
    producer: Database, producer_admin: asyncpg.Connection
) -> None:
    await producer_admin.execute("INSERT INTO stream_head VALUES (gen_random_uuid(), 3)")
    app = await asyncpg.connect(producer.app_url)

    assert await app.fetchval("SELECT count(*) FROM stream_head") == 0

    await app.close()
