"""Work of many batches: noted before its first batch, gone with its last, so that a job finds what was cut off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Claim
from pfms_common.problem import KeyReused
from pfms_ledger.db.leases import HELD, LEASE, Held, must

# What is asked for again while nobody works on it goes on with who asked.
_BEGIN = f"""INSERT INTO work AS w (book_id, id, user_id, kind, wanted, correlation_id, claim, worker, leased_until)
    VALUES ($1, $2, $4, $5, $6::text::jsonb, $7, $8::text::jsonb, $3, {LEASE})
    ON CONFLICT (book_id, kind, wanted) DO UPDATE
        SET worker = excluded.worker, leased_until = excluded.leased_until,
            claim = coalesce(excluded.claim, w.claim)
        WHERE w.leased_until IS NULL OR w.leased_until < now()
    RETURNING id"""
_COLUMNS = "id, wanted::text AS wanted, correlation_id, claim::text AS claim, done"
_SAME_KEY = """SELECT claim ->> 'fingerprint' FROM work WHERE book_id = $1
    AND claim ->> 'user_id' = $2 AND claim ->> 'operation' = $3 AND claim ->> 'key' = $4"""
_ADVANCE = f"UPDATE work SET done = done + $4, attempts = 0, leased_until = {LEASE} WHERE {HELD}"


@dataclass(frozen=True, slots=True)
class Work:
    """What is wanted, under which correlation id its events go, whose key its answer is kept under, and how many
    things it has changed so far.
    """

    id: UUID
    wanted: Mapping[str, Any]
    correlation_id: str
    claim: Claim | None
    done: int


async def begin(
    connection: asyncpg.Connection,
    held: Held,
    kind: str,
    wanted: Mapping[str, Any],
    correlation_id: str,
    claim: Claim | None,
) -> tuple[Work, bool]:
    """Notes it, or finds the same work that was begun before; and whether it is this worker's to do.

    Raises:
        KeyReused: other work is going on under this key.
    """
    if claim is not None:
        key = (str(claim.user_id), claim.operation, claim.key)
        for row in await connection.fetch(_SAME_KEY, held.book_id, *key):
            if row[0] != claim.fingerprint.hex():
                raise KeyReused("This Idempotency-Key was used for another request.")
    text = orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS).decode()
    kept = _written(claim)
    mine = await connection.fetchval(_BEGIN, *held.key, held.user_id, kind, text, correlation_id, kept)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM work WHERE book_id = $1 AND kind = $2 AND wanted = $3::text::jsonb",
        held.book_id,
        kind,
        text,
    )
    return _read(row), mine is not None


async def get(connection: asyncpg.Connection, held: Held) -> Work | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM work WHERE book_id = $1 AND id = $2", held.book_id, held.id
    )
    return _read(row) if row is not None else None


async def advance(connection: asyncpg.Connection, held: Held, changed: int) -> None:
    """A batch is written."""
    await must(connection, _ADVANCE, *held.key, changed)


async def end(connection: asyncpg.Connection, held: Held) -> None:
    """Nothing is left to do."""
    await must(connection, f"DELETE FROM work WHERE {HELD}", *held.key)


async def give_up(connection: asyncpg.Connection, held: Held, _error: str) -> None:
    """What is done stays; what is left can be asked for again."""
    await connection.execute(f"DELETE FROM work WHERE {HELD}", *held.key)


def _written(claim: Claim | None) -> str | None:
    if claim is None:
        return None
    fields = {"user_id": str(claim.user_id), "operation": claim.operation, "key": claim.key}
    return orjson.dumps({**fields, "fingerprint": claim.fingerprint.hex()}).decode()


def _read(row: asyncpg.Record) -> Work:
    claim = orjson.loads(row["claim"]) if row["claim"] else None
    return Work(
        row["id"],
        orjson.loads(row["wanted"]),
        row["correlation_id"],
        claim
        and Claim(
            UUID(claim["user_id"]), claim["operation"], claim["key"], bytes.fromhex(claim["fingerprint"])
        ),
        row["done"],
    )
