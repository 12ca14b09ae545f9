"""What the rows of a bank file are compared with, and the rows that are due to be written or taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.duplicate import BankId, Known, Print
from pfms_ledger.domain.duplicate import Stored as StoredRow
from pfms_ledger.domain.matching import MAX_DAYS, Candidate
from pfms_ledger.domain.transaction import Transaction, from_data

# A row of another import counts once its import has written it and while its transaction is its own to name; rows of
# the same file count for their number and id only. A transaction is pending where the bank announced it as such and
# nobody has cleared it; CASE, so that none is looked up for the others.
# LATERAL with a limit keeps to the index, and the book is named there by its policy alone: named twice, a table
# without statistics seems to hold one row of it, and the planner takes any index that begins with the book and reads
# all of it (a thousand rows in 1.9 s). MATERIALIZED: else the look-ups run once for each import.
_KNOWN_ROW = """r.import_id, r.row, r.account_id, r.bank_id, r.id_shared, r.fingerprint, r.occurrence, r.date,
    r.amount_minor, r.transaction_id, r.status"""
_KNOWN = f"""
    WITH found AS MATERIALIZED (
        SELECT x.* FROM unnest($3::bytea[]) AS p (print), LATERAL (
            SELECT {_KNOWN_ROW} FROM import_row r WHERE r.fingerprint = p.print LIMIT 1000) AS x
        UNION ALL
        SELECT x.* FROM unnest($4::uuid[], $5::text[]) AS b (account_id, bank_id), LATERAL (
            SELECT {_KNOWN_ROW} FROM import_row r
            WHERE r.account_id = b.account_id AND r.bank_id = b.bank_id LIMIT 1000) AS x
    ), written AS MATERIALIZED (
        SELECT id, done_through FROM import WHERE book_id = $1
    )
    SELECT r.*, r.import_id = $2 AS own, coalesce(t.status = 'pending', false) AS pending
    FROM found r JOIN written i ON i.id = r.import_id
    LEFT JOIN transaction t ON t.book_id = $1 AND r.import_id <> $2
                           AND t.id = CASE WHEN r.status = 'pending' THEN r.transaction_id END
    WHERE r.import_id = $2 OR (r.transaction_id IS NOT NULL AND r.row <= i.done_through)"""


async def known(
    connection: asyncpg.Connection,
    book_id: UUID,
    import_id: UUID,
    prints: Sequence[Print],
    ids: Sequence[BankId],
) -> Known:
    """What is stored of rows with these fingerprints or bank ids, and what stood further up in the same file."""
    found = await connection.fetch(
        _KNOWN,
        book_id,
        import_id,
        list(dict.fromkeys(prints)),
        [account_id for account_id, _ in ids],
        [bank_id for _, bank_id in ids],
    )
    by_print: dict[tuple[Print, int], StoredRow] = {}
    by_id: dict[BankId, list[StoredRow]] = {}
    seen: dict[Print, int] = {}
    seen_ids: set[tuple[UUID, str, Print]] = set()
    for row in found:
        fingerprint, bank_id = row["fingerprint"], row["bank_id"]
        if row["own"]:
            seen[fingerprint] = max(seen.get(fingerprint, 0), row["occurrence"])
            if bank_id is not None:
                seen_ids.add((row["account_id"], bank_id, fingerprint))
            continue
        stored = StoredRow(
            row["transaction_id"], row["date"], row["amount_minor"], row["pending"], row["id_shared"]
        )
        by_print[fingerprint, row["occurrence"]] = stored
        if bank_id is not None:
            by_id.setdefault((row["account_id"], bank_id), []).append(stored)
    return Known(by_print, by_id, seen, seen_ids)


def known_before(known: Known, row: "Due") -> Known:
    """What is known of other files' rows, and the number this row got when its file was read."""
    return Known(known.by_print, known.by_id, {row.fingerprint: row.occurrence - 1})


# What a row may turn out to be. A row of the same make of file that stands for it already, on this account, rules it
# out: else next month's coffee would be last month's.
_CANDIDATES = """
    SELECT t.id AS transaction_id, p.account_id, t.date, p.amount_minor, coalesce(y.name, '') AS payee,
           t.source = 'import' AND t.status <> 'pending' AS imported
    FROM transaction t
    JOIN posting p ON p.book_id = t.book_id AND p.transaction_id = t.id
                  AND p.account_id = ANY ($3) AND p.amount_minor = ANY ($4)
    LEFT JOIN payee y ON y.book_id = t.book_id AND y.id = t.payee_id
    WHERE t.book_id = $1 AND t.date BETWEEN $5 AND $6 AND t.type <> 'opening'
      AND (CASE WHEN t.source = 'import' AND t.status <> 'pending'
                THEN NOT EXISTS (SELECT FROM import i WHERE i.book_id = t.book_id AND i.id = t.import_id
                                 AND i.format = ANY ($7))
                ELSE t.bank_id IS NULL END)
      AND NOT EXISTS (SELECT FROM import_row r JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
                      WHERE r.book_id = t.book_id AND r.transaction_id = t.id AND r.account_id = p.account_id
                        AND r.row <= i.done_through AND i.format = ANY ($7) AND r.status <> 'pending'
                        AND i.id <> $2)
    LIMIT 100000"""


async def candidates(
    connection: asyncpg.Connection,
    book_id: UUID,
    import_id: UUID,
    *,
    accounts: Sequence[UUID],
    amounts: Sequence[int],
    first: date,
    last: date,
    formats: Sequence[str],
) -> list[Candidate]:
    """Transactions that rows of these accounts, amounts and days may turn out to be.

    `formats`: those that are the same make of file as this one.
    """
    found = await connection.fetch(
        _CANDIDATES,
        book_id,
        import_id,
        list(accounts),
        list(amounts),
        first - timedelta(days=MAX_DAYS),
        last + timedelta(days=MAX_DAYS),
        list(formats),
    )
    return [Candidate(**row) for row in found]


async def taken(
    connection: asyncpg.Connection, book_id: UUID, import_id: UUID, ids: Sequence[UUID]
) -> set[UUID]:
    """Those of these transactions that rows of this file stand for already."""
    found = await connection.fetch(
        """SELECT match_transaction_id FROM import_row
           WHERE book_id = $1 AND import_id = $2 AND match_transaction_id = ANY ($3)""",
        book_id,
        import_id,
        list(ids),
    )
    return {row[0] for row in found}


_AWAITING = """SELECT t.id FROM transaction t
    WHERE t.book_id = $1 AND t.id = ANY ($2) AND t.source = 'recurring' AND t.bank_id IS NULL
      AND t.status <> 'reconciled'
      AND NOT EXISTS (SELECT FROM import_row r JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
                      WHERE r.book_id = t.book_id AND r.transaction_id = t.id AND r.row <= i.done_through)"""


async def awaiting(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these transactions of plans that no bank's row stands for yet."""
    if not ids:
        return set()
    return {row["id"] for row in await connection.fetch(_AWAITING, book_id, list(ids))}


async def numbers(connection: asyncpg.Connection, held: Held, state: str, rows: Sequence[int]) -> set[int]:
    """Those of these row numbers that are in this state."""
    if not rows:
        return set()
    found = await connection.fetch(
        "SELECT row FROM import_row WHERE book_id = $1 AND import_id = $2 AND state = $3 AND row = ANY ($4)",
        held.book_id,
        held.id,
        state,
        list(rows),
    )
    return {row[0] for row in found}


type _Day = date  # a field is called date


class Due(NamedTuple):
    """A row that is to be written, or taken back, in the order of `_DUE`."""

    row: int
    account_id: UUID
    date: date
    amount_minor: int
    currency: str
    payee: str
    memo: str
    text: str
    bank_id: str | None
    id_shared: bool
    status: str
    fingerprint: bytes
    occurrence: int
    state: str
    match_transaction_id: UUID | None
    transaction_id: UUID
    plan_id: UUID | None
    plan_date: _Day | None
    accepted: bool
    wrote_version: int | None


_DUE = """SELECT row, account_id, date, amount_minor, currency, payee, memo, text, bank_id, id_shared, status,
           fingerprint, occurrence, state, match_transaction_id, transaction_id, plan_id, plan_date, accepted,
           wrote_version
    FROM import_row WHERE book_id = $1 AND import_id = $2 AND row > $3 AND transaction_id IS NOT NULL
    ORDER BY row LIMIT $4"""


async def due(pool: asyncpg.Pool, held: Held, *, after: int, limit: int) -> list[Due]:
    """The next rows of a file that have a transaction."""
    async with transaction_in(pool, held.book_id) as connection:
        return [Due(*row) for row in await connection.fetch(_DUE, held.book_id, held.id, after, limit)]


async def first_days(pool: asyncpg.Pool, held: Held) -> dict[UUID, date]:
    """The first day of each account that the file's rows go to."""
    async with transaction_in(pool, held.book_id) as connection:
        found = await connection.fetch(
            """SELECT account_id, min(date) AS first FROM import_row
               WHERE book_id = $1 AND import_id = $2 AND transaction_id IS NOT NULL GROUP BY account_id""",
            held.book_id,
            held.id,
        )
    return {row["account_id"]: row["first"] for row in found}


async def others_wrote(connection: asyncpg.Connection, held: Held) -> bool:
    """Whether another import has written since this one was read; with a margin for clocks and open transactions."""
    wrote: bool = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM import o JOIN import i ON i.book_id = o.book_id AND i.id = $2
                          WHERE o.book_id = $1 AND o.id <> $2 AND o.written_at > i.read_at - interval '1 minute')""",
        held.book_id,
        held.id,
    )
    return wrote


async def stood_for(
    connection: asyncpg.Connection, held: Held, ids: Sequence[UUID], formats: Sequence[str]
) -> set[UUID]:
    """Those of these transactions that a row of another file of the same make stands for by now."""
    found = await connection.fetch(
        """SELECT DISTINCT r.transaction_id FROM import_row own
           JOIN import_row r ON r.book_id = own.book_id AND r.transaction_id = own.match_transaction_id
                            AND r.account_id = own.account_id AND r.import_id <> own.import_id
           JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
           WHERE own.book_id = $1 AND own.import_id = $2 AND own.match_transaction_id = ANY ($3)
             AND r.row <= i.done_through AND r.status <> 'pending' AND i.format = ANY ($4)""",
        held.book_id,
        held.id,
        list(ids),
        list(formats),
    )
    return {row[0] for row in found}


@dataclass(frozen=True, slots=True)
class Standing:
    """A transaction as it stands, with its version."""

    transaction: Transaction
    version: int


async def standing(
    connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, Standing]:
    """Those of these transactions that there are. An opening balance is none: its event is its account's."""
    found = await connection.fetch(
        """SELECT t.id, t.version, (e.data || jsonb_build_object('payee', p.name))::text AS data
           FROM transaction t JOIN event e ON e.stream_id = t.book_id AND e.sequence = t.last_event
           LEFT JOIN payee p ON p.book_id = t.book_id AND p.id = t.payee_id
           WHERE t.book_id = $1 AND t.id = ANY ($2) AND t.type <> 'opening'""",
        book_id,
        list(ids),
    )
    return {row["id"]: Standing(from_data(orjson.loads(row["data"])), row["version"]) for row in found}


async def versions(
    connection: asyncpg.Connection, book_id: UUID, wanted: Mapping[UUID, int]
) -> dict[UUID, Transaction]:
    """Transactions as they were at a version."""
    found = await connection.fetch(
        """SELECT e.aggregate_id, e.data::text AS data FROM unnest($2::uuid[], $3::bigint[]) AS w (id, version)
           JOIN event e ON e.stream_id = $1 AND e.aggregate_id = w.id AND e.aggregate_version = w.version""",
        book_id,
        list(wanted),
        list(wanted.values()),
    )
    return {row["aggregate_id"]: from_data(orjson.loads(row["data"])) for row in found}


async def announced(
    connection: asyncpg.Connection, held: Held, ids: Sequence[UUID]
) -> dict[UUID, tuple[date, int]]:
    """Day and amount with which a bank file announced these transactions as pending."""
    found = await connection.fetch(
        """SELECT r.transaction_id, r.date, r.amount_minor FROM import_row r
           JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
           WHERE r.book_id = $1 AND r.import_id <> $2 AND r.transaction_id = ANY ($3)
             AND r.row <= i.done_through AND r.status = 'pending' ORDER BY r.import_id""",
        held.book_id,
        held.id,
        list(ids),
    )
    return {row["transaction_id"]: (row["date"], row["amount_minor"]) for row in found}


async def estimated(
    connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, tuple[date, int]]:
    """Day and amount with which plans posted these transactions."""
    found = await connection.fetch(
        """SELECT transaction_id, date, amount_minor FROM plan_occurrence
           WHERE book_id = $1 AND transaction_id = ANY ($2)""",
        book_id,
        list(ids),
    )
    return {row["transaction_id"]: (row["date"], row["amount_minor"]) for row in found}


async def matched_elsewhere(connection: asyncpg.Connection, held: Held, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these transactions that a row of another import was found to be."""
    found = await connection.fetch(
        """SELECT DISTINCT r.transaction_id FROM import_row r
           JOIN import i ON i.book_id = r.book_id AND i.id = r.import_id
           WHERE r.book_id = $1 AND r.import_id <> $2 AND r.transaction_id = ANY ($3) AND r.row <= i.done_through""",
        held.book_id,
        held.id,
        list(ids),
    )
    return {row[0] for row in found}
