"""Brings a service's database to a version, as its owner role; the migrations stand in its `db/migrations`.

Alembic takes a fifth of a second to load and as long to look at three databases that are at their newest version, as
they are at nearly every start: it is loaded only where there is something to do.
"""

import asyncio
from importlib.resources import files
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config

_REVISION_DIGITS = 4


async def upgrade(package: str, owner_url: str, revision: str = "head") -> None:
    """Brings the database to `revision`; several processes at once are safe, one waits for the other."""
    if revision == "head" and await _version(owner_url) == newest(package):
        return
    from alembic import command  # noqa: PLC0415  # see above

    await _run(package, owner_url, lambda config: command.upgrade(config, revision))


async def downgrade(package: str, owner_url: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415  # see above

    await _run(package, owner_url, lambda config: command.downgrade(config, revision))


def upgrade_now(package: str, owner_url: str) -> None:
    asyncio.run(upgrade(package, owner_url))


def newest(package: str) -> str:
    """The revision of the newest migration of `package`, with which the name of its file begins."""
    names = [file.name for file in files(package).joinpath("db/migrations/versions").iterdir()]
    return max(name[:_REVISION_DIGITS] for name in names if name[:_REVISION_DIGITS].isdecimal())


def config_for(package: str) -> "Config":
    """Alembic's configuration for the migrations of `package` (an import root such as `pfms_ledger`)."""
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", f"{package}:db/migrations")
    return config


async def _version(owner_url: str) -> str | None:
    """The revision the database is at. A migration writes it in its own transaction, so all up to it is done."""
    connection = await asyncpg.connect(owner_url)
    try:
        version: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return version


async def _run(package: str, owner_url: str, act: "Callable[[Config], None]") -> None:
    engine = create_async_engine(
        owner_url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=pool.NullPool
    )
    config = config_for(package)

    def work(connection: Connection) -> None:
        config.attributes["connection"] = connection
        act(config)

    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(hashtext('pfms migrate'))"))
            await connection.commit()
            await connection.run_sync(work)
            await connection.commit()
    finally:
        await engine.dispose()
