"""Reading imports: one, a page of them, a page of a file's rows, and what is remembered of earlier files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Claim, Stored
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.merchant import merchant_of
from pfms_ledger.queries.transactions import stored_answer

MOST_LISTED = 1000

# While somebody reads the file in another way, it is being read.
_FIELDS = """id, user_id, account_id, file_name, file_bytes, read_on, answered,
    CASE WHEN status IN ('needs_mapping', 'preview') AND leased_until > now() THEN 'reading' ELSE status END
        AS status,
    error, format,
    answers::text, account_map::text, targets::text, reading::text,
    rows_total, rows_new, rows_duplicate, rows_match, rows_conflict, rows_error, rows_skipped,
    sum_in_minor, sum_out_minor, rows_imported, rows_undone, done_through, undone_through, version, created_at"""
_ONE = f"SELECT {_FIELDS} FROM import WHERE book_id = $1 AND id = $2"
_LIST = f"""SELECT {_FIELDS} FROM import WHERE book_id = $1 AND answered AND ($2::uuid IS NULL OR id < $2)
    ORDER BY id DESC LIMIT $3"""
_ROWS = """SELECT r.row, r.date, r.amount_minor, r.currency, r.payee, r.memo, r.bank_id, r.status, r.account_key,
           r.account_id, r.state, r.error, r.match_transaction_id, r.kept,
           CASE WHEN r.row <= i.done_through THEN r.transaction_id END AS transaction_id,
           p.id AS plan_id, coalesce(r.plan_date, o.nominal_date) AS plan_date, p.state ->> 'name' AS plan_name
    FROM import_row r JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
    LEFT JOIN plan_occurrence o ON o.book_id = r.book_id AND o.transaction_id = r.match_transaction_id
    LEFT JOIN plan p ON p.book_id = r.book_id AND p.id = coalesce(r.plan_id, o.plan_id) AND r.state = 'match'
    WHERE r.book_id = $1 AND r.import_id = $2 AND r.row > $3 AND ($4::text IS NULL OR r.state = $4)
    ORDER BY r.row LIMIT $5"""
# The relay role sees every book; what it finds is done by the app role in that book's scope.
_STALE = """SELECT book_id, id FROM import
    WHERE (answered AND status IN ('needs_mapping', 'preview', 'failed') AND done_through = 0
              AND created_at < now() - $1::interval
           OR NOT answered AND created_at < now() - $2::interval)
      AND (leased_until IS NULL OR leased_until < now()) ORDER BY id LIMIT 100"""
_ERRORS = """SELECT row, error AS message FROM import_row
    WHERE book_id = $1 AND import_id = $2 AND state = 'error' ORDER BY row LIMIT $3"""
_KEPT = """SELECT row, transaction_id, kept AS reason FROM import_row
    WHERE book_id = $1 AND import_id = $2 AND kept IS NOT NULL ORDER BY row LIMIT $3"""


@dataclass(frozen=True, slots=True)
class Import:
    """One import as it stands; JSON columns as Python values."""

    id: UUID
    user_id: UUID
    account_id: UUID | None
    file_name: str
    file_bytes: int
    read_on: date
    answered: bool
    status: str
    error: str | None
    format: str | None
    answers: dict[str, Any]
    account_map: dict[str, Any]
    targets: dict[str, Any]
    reading: dict[str, Any]
    rows_total: int
    rows_new: int
    rows_duplicate: int
    rows_match: int
    rows_conflict: int
    rows_error: int
    rows_skipped: int
    sum_in_minor: int
    sum_out_minor: int
    rows_imported: int
    rows_undone: int
    done_through: int
    undone_through: int
    version: int
    created_at: datetime

    def advanced(self, through: int, imported: int, events: int) -> "Import":
        """After a batch up to the row `through`, with `imported` rows in all."""
        return replace(self, done_through=through, rows_imported=imported, version=self.version + events)


type _Day = date  # a field is called date


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file, for people."""

    row: int
    date: date | None
    amount_minor: int | None
    currency: str | None
    payee: str
    memo: str
    bank_id: str | None
    status: str
    account_key: str
    account_id: UUID | None
    state: str
    error: str | None
    match_transaction_id: UUID | None
    transaction_id: UUID | None
    kept: str | None
    plan_id: UUID | None
    plan_date: _Day | None
    plan_name: str | None

    @property
    def match_plan(self) -> Mapping[str, Any] | None:
        """The occurrence of a plan that the row is."""
        if self.plan_id is None:
            return None
        return {"plan_id": self.plan_id, "name": self.plan_name, "nominal_date": self.plan_date}

    @property
    def merchant(self) -> str | None:
        """What the bank's text is cleaned to."""
        return merchant_of(self.payee).name if self.payee.strip() else None

    @property
    def processor(self) -> str | None:
        return merchant_of(self.payee).processor

    @property
    def location(self) -> str | None:
        return merchant_of(self.payee).location


def _import(row: asyncpg.Record) -> Import:
    values = dict(row)
    for name in ("answers", "account_map", "targets", "reading"):
        values[name] = orjson.loads(values[name])
    return Import(**values)


async def get(
    connection: asyncpg.Connection, book_id: UUID, import_id: UUID, *, lock: bool = False
) -> Import | None:
    """`lock`: nobody changes it until this transaction ends."""
    row = await connection.fetchrow(_ONE + (" FOR NO KEY UPDATE" if lock else ""), book_id, import_id)
    return _import(row) if row else None


@dataclass(frozen=True, slots=True)
class Detailed:
    """An import with its first errors, and with what taking it back left; both at most `MOST_LISTED`."""

    found: Import
    errors: list[Mapping[str, Any]]
    kept: list[Mapping[str, Any]]


async def detailed(pool: asyncpg.Pool, book_id: UUID, import_id: UUID) -> Detailed | None:
    async with transaction_in(pool, book_id) as connection:
        return await detailed_in(connection, book_id, import_id)


async def detailed_in(connection: asyncpg.Connection, book_id: UUID, import_id: UUID) -> Detailed | None:
    found = await get(connection, book_id, import_id)
    if found is None:
        return None
    errors = kept = []
    if found.rows_error:
        errors = await connection.fetch(_ERRORS, book_id, import_id, MOST_LISTED)
    if found.status == "undone":
        kept = await connection.fetch(_KEPT, book_id, import_id, MOST_LISTED)
    return Detailed(found, [dict(row) for row in errors], [dict(row) for row in kept])


async def listed(pool: asyncpg.Pool, book_id: UUID, *, after: UUID | None, limit: int) -> list[Import]:
    """Newest first."""
    async with transaction_in(pool, book_id) as connection:
        return [_import(row) for row in await connection.fetch(_LIST, book_id, after, limit)]


async def rows(
    pool: asyncpg.Pool, book_id: UUID, import_id: UUID, *, state: str | None, after: int, limit: int
) -> list[FileRow]:
    """A page of the file's rows, in the file's order."""
    async with transaction_in(pool, book_id) as connection:
        found = await connection.fetch(_ROWS, book_id, import_id, after, state, limit)
    return [FileRow(**row) for row in found]


async def answered_before(pool: asyncpg.Pool, book_id: UUID, claim: Claim | None) -> Stored | None:
    """What was answered under this key before."""
    if claim is None:
        return None
    async with transaction_in(pool, book_id) as connection:
        written = await stored_answer(connection, book_id, claim)
    return written.stored if written else None


async def stale(relay: asyncpg.Pool, kept: timedelta, answered_within: timedelta) -> list[tuple[UUID, UUID]]:
    """Book and import of previews older than `kept`, and of uploads that got no answer in `answered_within`."""
    return [(row["book_id"], row["id"]) for row in await relay.fetch(_STALE, kept, answered_within)]


async def chunk(pool: asyncpg.Pool, held: Held, n: int) -> bytes | None:
    """A piece of the uploaded file; None behind its end."""
    async with transaction_in(pool, held.book_id) as connection:
        data: bytes | None = await connection.fetchval(
            "SELECT data FROM import_chunk WHERE book_id = $1 AND import_id = $2 AND n = $3",
            held.book_id,
            held.id,
            n,
        )
    return data


@dataclass(frozen=True, slots=True)
class AccountFound:
    """What an import must know of an account."""

    id: UUID
    currency: str
    type: str
    is_active: bool


async def accounts(
    connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, AccountFound]:
    found = await connection.fetch(
        "SELECT id, currency, type, is_active FROM account WHERE book_id = $1 AND id = ANY ($2)",
        book_id,
        list(ids),
    )
    return {row["id"]: AccountFound(**row) for row in found}


async def remembered_accounts(
    connection: asyncpg.Connection, book_id: UUID, keys: Sequence[str]
) -> dict[str, UUID]:
    """The accounts that the keys of a file stood for last time, as far as these are still open."""
    found = await connection.fetch(
        """SELECT m.key, m.account_id FROM import_account m
           JOIN account a ON a.book_id = m.book_id AND a.id = m.account_id AND a.is_active
           WHERE m.book_id = $1 AND m.key = ANY ($2)""",
        book_id,
        list(keys),
    )
    return {row["key"]: row["account_id"] for row in found}


async def remembered_mapping(
    connection: asyncpg.Connection, book_id: UUID, user_id: UUID, shape: str
) -> dict[str, Any] | None:
    text = await connection.fetchval(
        "SELECT mapping::text FROM import_mapping WHERE book_id = $1 AND user_id = $2 AND shape = $3",
        book_id,
        user_id,
        shape,
    )
    return None if text is None else dict(orjson.loads(text))
