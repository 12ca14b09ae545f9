"""Reading what a book has set for its ledger."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.share import Counted

_SETTINGS = "SELECT default_account_id, shares, version FROM ledger_settings WHERE book_id = $1"
# The account that was set, else the only one that daily money is on.
_QUICK = """
    SELECT s.default_account_id AS chosen, (
        SELECT CASE count(*) WHEN 1 THEN (array_agg(a.id))[1] END FROM account a
        WHERE a.book_id = $1 AND a.is_active AND a.on_budget) AS only
    FROM (SELECT 1) AS one LEFT JOIN ledger_settings s ON s.book_id = $1"""


@dataclass(frozen=True, slots=True)
class Settings:
    """Version 0: nothing was ever set."""

    default_account_id: UUID | None = None
    shares: Counted = "mine"
    version: int = 0


async def settings(connection: asyncpg.Connection, book_id: UUID) -> Settings:
    row = await connection.fetchrow(_SETTINGS, book_id)
    return Settings(**row) if row else Settings()


async def read(pool: asyncpg.Pool, book_id: UUID) -> Settings:
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            return await settings(connection, book_id)


async def quick_account(pool: asyncpg.Pool, book_id: UUID) -> UUID | None:
    """The account that quick entries are on: the one that is set, else the only open one on the budget."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            row = await connection.fetchrow(_QUICK, book_id)
    chosen: UUID | None = row["chosen"] or row["only"]
    return chosen


async def newest_version(connection: asyncpg.Connection, book_id: UUID, settings_id: UUID) -> int:
    """The version of the last change, also where an undo took the settings away."""
    version: int = await connection.fetchval(
        "SELECT coalesce(max(aggregate_version), 0) FROM event WHERE stream_id = $1 AND aggregate_id = $2",
        book_id,
        settings_id,
    )
    return version
