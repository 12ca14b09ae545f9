"""Work that outlives its request: who is at it, until when.

A worker holds a row of `import` or `work` by a lease. Each of its writes names itself and fails when the lease went
to another, in the same transaction as the effect: so a worker that was thought dead can't do anything twice.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

type Leased = Literal["import", "work"]

LEASE_SECONDS = 20
LEASE = f"now() + interval '{LEASE_SECONDS} seconds'"
HELD = "book_id = $1 AND id = $2 AND worker = $3"
FREE = "(leased_until IS NULL OR leased_until < now())"

# What a row is to be gone on with, and by which of its columns one knows how.
_WAITING: dict[Leased, tuple[str, str]] = {
    "import": ("answered AND status IN ('reading', 'processing', 'undoing')", "status"),
    "work": ("true", "kind"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What this worker holds, for the person who began it."""

    book_id: UUID
    id: UUID
    worker: UUID
    user_id: UUID
    table: Leased = "import"

    @property
    def key(self) -> tuple[UUID, UUID, UUID]:
        return self.book_id, self.id, self.worker


class LostLease(Exception):
    """Another worker goes on with it by now, or it is gone; what this one was about to write is dropped."""


@asynccontextmanager
async def transaction_in(pool: asyncpg.Pool, book_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of this book. Plans are made for the values at hand: one kept from an empty table reads all."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            yield connection


async def left(connection: asyncpg.Connection, table: Leased) -> list[tuple[UUID, UUID]]:
    """What nobody works on in any book, for the relay role: (book_id, id), at most a hundred."""
    waiting, _ = _WAITING[table]
    rows = await connection.fetch(
        f"SELECT book_id, id FROM {table} WHERE {waiting} AND {FREE} ORDER BY id LIMIT 100"
    )
    return [(row["book_id"], row["id"]) for row in rows]


async def take(
    connection: asyncpg.Connection, table: Leased, book_id: UUID, thing_id: UUID, worker: UUID
) -> tuple[Held, str, int] | None:
    """Takes what nobody holds: what to do with it, and how often it was taken in vain."""
    waiting, what = _WAITING[table]
    row = await connection.fetchrow(
        f"""UPDATE {table} SET worker = $3, leased_until = {LEASE}, attempts = attempts + 1
            WHERE book_id = $1 AND id = $2 AND {waiting} AND {FREE}
            RETURNING {what} AS what, user_id, attempts""",
        book_id,
        thing_id,
        worker,
    )
    if row is None:
        return None
    return Held(book_id, thing_id, worker, row["user_id"], table), row["what"], row["attempts"]


async def keep(connection: asyncpg.Connection, held: Held) -> None:
    await must(connection, f"UPDATE {held.table} SET leased_until = {LEASE} WHERE {HELD}", *held.key)


async def release(connection: asyncpg.Connection, held: Held) -> None:
    await connection.execute(
        f"UPDATE {held.table} SET worker = NULL, leased_until = NULL WHERE {HELD}", *held.key
    )


async def must(connection: asyncpg.Connection, statement: str, *values: Any) -> None:
    """One row is changed, or the lease is lost."""
    if await connection.execute(statement, *values) not in {"UPDATE 1", "DELETE 1"}:
        raise LostLease
