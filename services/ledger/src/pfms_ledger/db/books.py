"""What the ledger keeps of auth's books."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

_KNOWN = "SELECT book_id FROM book WHERE book_id = ANY ($1)"
_KEEP = """INSERT INTO book AS b (book_id, base_currency, timezone, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (book_id) DO UPDATE SET base_currency = excluded.base_currency, timezone = excluded.timezone,
        version = excluded.version WHERE b.version < excluded.version"""


async def known(connection: asyncpg.Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these that are kept already."""
    return {row[0] for row in await connection.fetch(_KNOWN, ids)}


async def keep(connection: asyncpg.Connection, states: Sequence[tuple[UUID, str, str, int]]) -> None:
    """Id, base currency, time zone and version of each; an older version than the kept one changes nothing."""
    await connection.executemany(_KEEP, states)
