"""Every service's migrations: one line of them, up and down, and at their end the tables that the code means."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, Text, Uuid, pool
from sqlalchemy.ext.asyncio import create_async_engine

from pfms_common.upgrade import config_for, downgrade, newest, upgrade
from pfms_embedded.services import SERVICES
from pfms_service.provision import provision
from pfms_service.service import Service
from pfms_service.testing import PASSWORD, admin_url, fresh_database, urls_of

_REMAINS = """
SELECT relname::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
_SCHEMA = """
SELECT table_name::text, column_name::text, data_type::text, is_nullable::text, coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
"""
_VERSION = "SELECT version_num FROM alembic_version"

every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def revisions(service: Service) -> list[str]:
    """From the oldest to the newest."""
    directory = ScriptDirectory.from_config(config_for(service.package))
    return [script.revision for script in reversed(list(directory.walk_revisions()))]


@pytest_asyncio.fixture
async def empty(service: Service) -> AsyncIterator[str]:
    async with empty_database(service) as url:
        yield url


@asynccontextmanager
async def empty_database(service: Service) -> AsyncIterator[str]:
    """The owner's address of a database without tables."""
    name = f"test_{service.name}_{secrets.token_hex(6)}"
    await provision(admin_url(), service.name, lambda _role: PASSWORD, database=name)
    yield urls_of(service.name, name).owner
    admin = await asyncpg.connect(admin_url())
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


async def fetch(url: str, statement: str) -> list[tuple]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def differences(url: str, metadata: MetaData) -> list:
    """What alembic would have to do to make the database as the models say."""

    def compare(connection: Connection) -> list:
        options = {"compare_type": True, "include_name": lambda name, kind, _: name != "alembic_version"}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


@every_service
def test_there_is_one_newest_migration(service):
    heads = ScriptDirectory.from_config(config_for(service.package)).get_heads()

    assert len(heads) == 1, f"two branches met: let one of {', '.join(heads)} follow the other"


@every_service
def test_the_newest_migration_is_known_by_the_name_of_its_file(service):
    assert newest(service.package) == revisions(service)[-1]


@every_service
async def test_each_step_can_be_taken_back_and_taken_again(service, empty):
    for below, step in zip(["base", *revisions(service)], revisions(service), strict=False):
        await upgrade(service.package, empty, step)
        taken = await fetch(empty, _SCHEMA)
        await downgrade(service.package, empty, below)
        await upgrade(service.package, empty, step)
        assert await fetch(empty, _SCHEMA) == taken


@every_service
async def test_the_way_back_leaves_nothing(service, empty):
    await upgrade(service.package, empty)
    await downgrade(service.package, empty, "base")

    assert await fetch(empty, _REMAINS) == []


async def test_several_processes_may_migrate_at_once():
    service = SERVICES[0]
    async with empty_database(service) as url:
        words = [
            "-c",
            "import asyncio, sys; from pfms_common.upgrade import *; asyncio.run(upgrade(*sys.argv[1:]))",
        ]
        call = [sys.executable, *words, service.package, url]
        processes = [await asyncio.create_subprocess_exec(*call) for _ in range(2)]

        assert [await process.wait() for process in processes] == [0, 0]
        assert await fetch(url, _VERSION) == [(revisions(service)[-1],)]


@every_service
async def test_an_older_database_is_brought_on(service, empty):
    *_, older, newest_of_all = ["base", *revisions(service)]
    await upgrade(service.package, empty, newest_of_all)
    await downgrade(service.package, empty, older)

    await upgrade(service.package, empty)

    assert await fetch(empty, _VERSION) == [(newest_of_all,)]


@every_service
async def test_the_tables_are_those_of_the_models(service):
    async with fresh_database(service) as urls:
        assert await differences(urls.owner, service.metadata) == []


async def test_a_model_without_a_migration_is_seen():
    service = SERVICES[0]
    metadata = MetaData()
    for table in service.metadata.tables.values():
        table.to_metadata(metadata)
    Table("forgotten", metadata, Column("book_id", Uuid, primary_key=True), Column("note", Text))

    async with fresh_database(service) as urls:
        found = await differences(urls.owner, metadata)

    assert [(what[0], what[1].name) for what in found] == [("add_table", "forgotten")]
