"""What imports write besides the journal: the uploaded file, who is at work on it and how far it is.

A worker holds an import by a lease. Each of its writes names itself and fails when the lease went to another, in
the same transaction as the effect: so a worker that was thought dead can't do anything twice.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.db.journal import stored_of

LEASE_SECONDS = 20
CHUNK_BYTES = 1024 * 1024

_LEASE = f"now() + interval '{LEASE_SECONDS} seconds'"
_HELD = "book_id = $1 AND id = $2 AND worker = $3"

_CREATE = f"""INSERT INTO import (book_id, id, worker, user_id, account_id, file_name, file_bytes, read_on, status,
                                  answers, account_map, leased_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reading', $9::text::jsonb, $10::text::jsonb, {_LEASE})"""
_TAKE = f"""UPDATE import SET worker = $3, leased_until = {_LEASE}, attempts = attempts + 1
    WHERE book_id = $1 AND id = $2 AND answered AND status IN ('reading', 'processing', 'undoing')
      AND (leased_until IS NULL OR leased_until < now())
    RETURNING status, user_id, attempts"""
_KEEP = f"UPDATE import SET leased_until = {_LEASE} WHERE {_HELD}"
_RELEASE = f"UPDATE import SET worker = NULL, leased_until = NULL WHERE {_HELD}"
_FAIL = f"UPDATE import SET status = 'failed', error = $4, worker = NULL, leased_until = NULL WHERE {_HELD}"
_ADVANCE = f"""UPDATE import SET done_through = $4, rows_imported = rows_imported + $5, version = version + $6,
                      attempts = 0, written_at = clock_timestamp(), leased_until = {_LEASE} WHERE {_HELD}"""
_COMPLETE = f"""UPDATE import SET status = 'completed', version = version + 1, worker = NULL, leased_until = NULL
    WHERE {_HELD}"""
_RETREAT = f"""UPDATE import SET undone_through = $4, rows_undone = rows_undone + $5, attempts = 0,
                      leased_until = {_LEASE} WHERE {_HELD}"""
_UNDONE = f"UPDATE import SET status = 'undone', worker = NULL, leased_until = NULL WHERE {_HELD}"
_TAKE_UNREAD = f"""UPDATE import SET worker = $3, leased_until = {_LEASE}
    WHERE book_id = $1 AND id = $2 AND answered AND status IN ('needs_mapping', 'preview')
      AND (leased_until IS NULL OR leased_until < now())
    RETURNING user_id"""
_START = f"""UPDATE import SET status = $4, worker = $3, leased_until = {_LEASE}, attempts = 0
    WHERE book_id = $1 AND id = $2"""
_RESTART = f"""UPDATE import SET status = 'reading', read_at = now(), leased_until = {_LEASE},
                       answers = $4::text::jsonb, account_map = $5::text::jsonb WHERE {_HELD}"""
_DIGESTED = f"""UPDATE import SET status = $4, format = $5, reading = $6::text::jsonb, targets = $7::text::jsonb,
           rows_total = $8, answers = $9::text::jsonb, account_map = $10::text::jsonb,
           rows_new = c.new, rows_duplicate = c.duplicate, rows_match = c.match,
           rows_conflict = c.conflict, rows_error = c.error, rows_skipped = c.skipped,
           sum_in_minor = c.came, sum_out_minor = c.went, worker = NULL, leased_until = NULL, attempts = 0
    FROM (SELECT count(*) FILTER (WHERE state = 'new') AS new,
                 count(*) FILTER (WHERE state = 'duplicate') AS duplicate,
                 count(*) FILTER (WHERE state = 'match') AS match,
                 count(*) FILTER (WHERE state = 'conflict') AS conflict,
                 count(*) FILTER (WHERE state = 'error') AS error,
                 count(*) FILTER (WHERE state = 'skipped') AS skipped,
                 coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0 AND state NOT IN ('error', 'skipped')), 0)
                     AS came,
                 coalesce(sum(amount_minor) FILTER (WHERE amount_minor < 0 AND state NOT IN ('error', 'skipped')), 0)
                     AS went
          FROM import_row WHERE book_id = $1 AND import_id = $2) AS c
    WHERE {_HELD}"""


@dataclass(frozen=True, slots=True)
class Held:
    """An import that this worker holds, for the person who brought it."""

    book_id: UUID
    id: UUID
    worker: UUID
    user_id: UUID

    @property
    def key(self) -> tuple[UUID, UUID, UUID]:
        return self.book_id, self.id, self.worker


class LostImport(Exception):
    """Another worker holds the import by now, or it was deleted; what this one was about to write is dropped."""


@asynccontextmanager
async def transaction_in(pool: asyncpg.Pool, book_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of this book. Plans are made for the values at hand: one kept from an empty table reads all."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            yield connection


async def know_sizes(pool: asyncpg.Pool, book_id: UUID) -> None:
    """Called while many rows are written or read: plans for empty tables must not live on in full ones."""
    async with transaction_in(pool, book_id) as connection:
        await connection.execute("SELECT know_sizes()")


async def create(
    connection: asyncpg.Connection,
    held: Held,
    *,
    account_id: UUID | None,
    file_name: str,
    file_bytes: int,
    read_on: Any,
    answers: Mapping[str, Any],
    account_map: Mapping[str, Any],
) -> None:
    await connection.execute(
        _CREATE,
        *held.key,
        held.user_id,
        account_id,
        file_name,
        file_bytes,
        read_on,
        orjson.dumps(answers).decode(),
        orjson.dumps(account_map).decode(),
    )


async def add_chunk(connection: asyncpg.Connection, held: Held, n: int, data: bytes) -> None:
    await connection.execute(
        "INSERT INTO import_chunk (book_id, import_id, n, data) VALUES ($1, $2, $3, $4)",
        held.book_id,
        held.id,
        n,
        data,
    )


async def answered(connection: asyncpg.Connection, book_id: UUID, import_id: UUID) -> None:
    """From now on the book knows of it."""
    await connection.execute(
        "UPDATE import SET answered = true WHERE book_id = $1 AND id = $2", book_id, import_id
    )


async def take(
    connection: asyncpg.Connection, book_id: UUID, import_id: UUID, worker: UUID
) -> tuple[Held, str, int] | None:
    """Takes an import that nobody holds: what to do with it (its status), and how often it was taken in vain."""
    row = await connection.fetchrow(_TAKE, book_id, import_id, worker)
    if row is None:
        return None
    return Held(book_id, import_id, worker, row["user_id"]), row["status"], row["attempts"]


async def keep(connection: asyncpg.Connection, held: Held) -> None:
    await _must(connection, _KEEP, *held.key)


async def release(connection: asyncpg.Connection, held: Held) -> None:
    await connection.execute(_RELEASE, *held.key)


async def fail(connection: asyncpg.Connection, held: Held, error: str) -> None:
    await connection.execute(_FAIL, *held.key, error)


async def take_unread(
    connection: asyncpg.Connection, book_id: UUID, import_id: UUID, worker: UUID
) -> Held | None:
    """Takes an import whose file is to be read in another way."""
    user_id = await connection.fetchval(_TAKE_UNREAD, book_id, import_id, worker)
    return None if user_id is None else Held(book_id, import_id, worker, user_id)


async def start(connection: asyncpg.Connection, held: Held, status: str) -> None:
    """Takes an import that this transaction has locked, for what the status says."""
    await _must(connection, _START, *held.key, status)


async def restart(
    connection: asyncpg.Connection, held: Held, answers: Mapping[str, Any], account_map: Mapping[str, Any]
) -> None:
    """Storing the rows begins, from the first one."""
    await _must(
        connection, _RESTART, *held.key, orjson.dumps(answers).decode(), orjson.dumps(account_map).decode()
    )
    await connection.execute(
        "DELETE FROM import_row WHERE book_id = $1 AND import_id = $2", held.book_id, held.id
    )


async def digested(
    connection: asyncpg.Connection,
    held: Held,
    *,
    status: str,
    format_name: str,
    reading: Mapping[str, Any],
    targets: Mapping[str, Any],
    rows_total: int,
    answers: Mapping[str, Any],
    account_map: Mapping[str, Any],
) -> None:
    """The file is read: what was found out, and the rows counted by state."""
    await _must(
        connection,
        _DIGESTED,
        *held.key,
        status,
        format_name,
        orjson.dumps(reading, default=str).decode(),
        orjson.dumps(targets, default=str).decode(),
        rows_total,
        orjson.dumps(answers).decode(),
        orjson.dumps(account_map).decode(),
    )


async def advance(
    connection: asyncpg.Connection, held: Held, through: int, imported: int, events: int
) -> None:
    """A batch is written up to this row; `events` of the import itself went with it."""
    await _must(connection, _ADVANCE, *held.key, through, imported, events)


async def complete(connection: asyncpg.Connection, held: Held) -> None:
    await _must(connection, _COMPLETE, *held.key)
    await connection.execute(
        "DELETE FROM import_chunk WHERE book_id = $1 AND import_id = $2", held.book_id, held.id
    )


async def retreat(connection: asyncpg.Connection, held: Held, through: int, undone: int) -> None:
    """A batch is taken back up to this row."""
    await _must(connection, _RETREAT, *held.key, through, undone)


async def undone(connection: asyncpg.Connection, held: Held) -> None:
    await _must(connection, _UNDONE, *held.key)


async def remember_mapping(
    connection: asyncpg.Connection, held: Held, shape: str, answers: Mapping[str, Any]
) -> None:
    await connection.execute(
        """INSERT INTO import_mapping (book_id, user_id, shape, mapping) VALUES ($1, $2, $3, $4::text::jsonb)
           ON CONFLICT (book_id, user_id, shape) DO UPDATE SET mapping = excluded.mapping""",
        held.book_id,
        held.user_id,
        shape,
        orjson.dumps(answers).decode(),
    )


async def remember_accounts(connection: asyncpg.Connection, held: Held, keys: Mapping[str, UUID]) -> None:
    await connection.execute(
        """INSERT INTO import_account (book_id, key, account_id) SELECT $1, * FROM unnest($2::text[], $3::uuid[])
           ON CONFLICT (book_id, key) DO UPDATE SET account_id = excluded.account_id""",
        held.book_id,
        list(keys),
        list(keys.values()),
    )


async def count_event(connection: asyncpg.Connection, book_id: UUID, import_id: UUID) -> None:
    """The import's last event, where nobody holds it any more."""
    await connection.execute(
        "UPDATE import SET version = version + 1 WHERE book_id = $1 AND id = $2", book_id, import_id
    )


async def recount(connection: asyncpg.Connection, held: Held) -> None:
    """The counts by state, after rows turned out to be something else."""
    await connection.execute(
        """UPDATE import SET rows_new = c.new, rows_duplicate = c.duplicate, rows_match = c.match,
                             rows_conflict = c.conflict
           FROM (SELECT count(*) FILTER (WHERE state = 'new') AS new,
                        count(*) FILTER (WHERE state = 'duplicate') AS duplicate,
                        count(*) FILTER (WHERE state = 'match') AS match,
                        count(*) FILTER (WHERE state = 'conflict') AS conflict
                 FROM import_row WHERE book_id = $1 AND import_id = $2) AS c
           WHERE book_id = $1 AND id = $2""",
        held.book_id,
        held.id,
    )


async def remove(connection: asyncpg.Connection, book_id: UUID, import_id: UUID) -> None:
    """Removes an import that wrote nothing."""
    await connection.execute(
        "DELETE FROM import_row WHERE book_id = $1 AND import_id = $2", book_id, import_id
    )
    await connection.execute("DELETE FROM import WHERE book_id = $1 AND id = $2", book_id, import_id)


async def claim(
    connection: asyncpg.Connection, book_id: UUID, claimed: Claim | None, answer: Answer
) -> Stored | None:
    """Claims a key with its answer in this transaction; the first answer when it was used before."""
    if claimed is None:
        return None
    text = await connection.fetchval(
        "SELECT to_jsonb(claim($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8))::text",
        book_id,
        claimed.user_id,
        claimed.operation,
        claimed.key,
        claimed.fingerprint,
        answer.status,
        orjson.dumps(answer.headers).decode(),
        answer.body,
    )
    return stored_of(text, claimed)


async def _must(connection: asyncpg.Connection, statement: str, *values: Any) -> None:
    """One row is changed, or the lease is lost."""
    if await connection.execute(statement, *values) != "UPDATE 1":
        raise LostImport
