"""Which files of attachments are kept, and until when; the bytes are in the store."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

# Kept for as long as the longest of those who used it says: the same content may be attached twice.
_KEEP = """INSERT INTO blob AS b (book_id, sha256, keep_until) VALUES ($1, $2, $3)
    ON CONFLICT (book_id, sha256) DO UPDATE SET keep_until = greatest(b.keep_until, excluded.keep_until)"""
_KEEP_ON = """UPDATE blob SET keep_until = greatest(keep_until, now() + $3::interval)
    WHERE book_id = $1 AND sha256 = $2"""
_LET_GO = "UPDATE blob SET keep_until = $3 WHERE book_id = $1 AND sha256 = $2"
# Whoever attaches the same content just now has put the time off, or waits for this row.
_TAKE_UNUSED = """DELETE FROM blob b WHERE b.book_id = $1 AND b.sha256 = $2 AND b.keep_until <= $3
    AND NOT EXISTS (SELECT FROM attachment a WHERE a.book_id = b.book_id AND a.sha256 = b.sha256)
    RETURNING b.sha256"""


async def keep(connection: asyncpg.Connection, book_id: UUID, sha256: str, until: datetime) -> None:
    """A file that may be new."""
    await connection.execute(_KEEP, book_id, sha256, until)


async def keep_on(connection: asyncpg.Connection, book_id: UUID, sha256: str, time: timedelta) -> None:
    """A file that is there, for so long from now."""
    await connection.execute(_KEEP_ON, book_id, sha256, time)


async def let_go(connection: asyncpg.Connection, book_id: UUID, sha256: str, since: datetime) -> None:
    await connection.execute(_LET_GO, book_id, sha256, since)


async def take_unused(connection: asyncpg.Connection, book_id: UUID, sha256: str, now: datetime) -> bool:
    """Forgets a file that nothing refers to and that need not be kept any longer; False: it is used after all."""
    return await connection.fetchval(_TAKE_UNUSED, book_id, sha256, now) is not None
