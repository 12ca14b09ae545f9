"""What imports write besides the journal: the uploaded file, and how far it is; under the lease of `db/leases.py`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Answer, Claim, Stored
from pfms_ledger.db.journal import stored_of
from pfms_ledger.db.leases import FREE, HELD, LEASE, Held, must, transaction_in

CHUNK_BYTES = 1024 * 1024


_CREATE = f"""INSERT INTO import (book_id, id, worker, user_id, account_id, file_name, file_bytes, read_on, status,
                                  answers, account_map, leased_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reading', $9::text::jsonb, $10::text::jsonb, {LEASE})"""
_FAIL = f"UPDATE import SET status = 'failed', error = $4, worker = NULL, leased_until = NULL WHERE {HELD}"
_ADVANCE = f"""UPDATE import SET done_through = $4, rows_imported = rows_imported + $5, version = version + $6,
                      attempts = 0, written_at = clock_timestamp(), leased_until = {LEASE} WHERE {HELD}"""
_COMPLETE = f"""UPDATE import SET status = 'completed', version = version + 1, worker = NULL, leased_until = NULL
    WHERE {HELD}"""
_RETREAT = f"""UPDATE import SET undone_through = $4, rows_undone = rows_undone + $5, attempts = 0,
                      leased_until = {LEASE} WHERE {HELD}"""
_UNDONE = f"UPDATE import SET status = 'undone', worker = NULL, leased_until = NULL WHERE {HELD}"
_TAKE_UNREAD = f"""UPDATE import SET worker = $3, leased_until = {LEASE}
    WHERE book_id = $1 AND id = $2 AND answered AND status IN ('needs_mapping', 'preview')
      AND {FREE}
    RETURNING user_id"""
_START = f"""UPDATE import SET status = $4, worker = $3, leased_until = {LEASE}, attempts = 0
    WHERE book_id = $1 AND id = $2"""
_RESTART = f"""UPDATE import SET status = 'reading', read_at = now(), leased_until = {LEASE},
                       answers = $4::text::jsonb, account_map = $5::text::jsonb WHERE {HELD}"""
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
    WHERE {HELD}"""


async def know_sizes(pool: asyncpg.Pool, book_id: UUID) -> None:
    """Called while many rows are written or read: plans for empty tables must not live on in full ones."""
    async with transaction_in(pool, book_id) as connection:
        await connection.execute("SELECT know_sizes()")


async def know_written(pool: asyncpg.Pool, book_id: UUID, changes: int) -> None:
    """Called when so many changes are written: a planner that takes the book for empty reads all of it for a page.

    It is told as soon as may be; where it can't be told now, autovacuum does it.
    """
    with suppress(asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError):
        async with transaction_in(pool, book_id) as connection:
            await connection.execute("SELECT know_sizes($1)", changes)


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
    await must(connection, _START, *held.key, status)


async def restart(
    connection: asyncpg.Connection, held: Held, answers: Mapping[str, Any], account_map: Mapping[str, Any]
) -> None:
    """Storing the rows begins, from the first one."""
    await must(
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
    await must(
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
    await must(connection, _ADVANCE, *held.key, through, imported, events)


async def complete(connection: asyncpg.Connection, held: Held) -> None:
    await must(connection, _COMPLETE, *held.key)
    await connection.execute(
        "DELETE FROM import_chunk WHERE book_id = $1 AND import_id = $2", held.book_id, held.id
    )


async def retreat(connection: asyncpg.Connection, held: Held, through: int, undone: int) -> None:
    """A batch is taken back up to this row."""
    await must(connection, _RETREAT, *held.key, through, undone)


async def undone(connection: asyncpg.Connection, held: Held) -> None:
    await must(connection, _UNDONE, *held.key)


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
