"""Pairs of transactions that may be one recorded twice: what the rule in domain/lookalike.py is asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.lookalike import Recorded, are_alike
from pfms_ledger.domain.matching import MAX_DAYS
from pfms_ledger.queries.transactions import Loaded, load_many

CANDIDATES = 500
"""Looked at for a page; a page may hold fewer than asked for and still have a next one."""
LOOKED_THROUGH = 10_000
"""Transactions in which a page looks for candidates, and the rest of the day of the last of them."""

type Key = tuple[date, int, int]
"""The later one's date and number, and the number of the earlier one."""
_ALL_OF_A_DAY = (2**62, 2**62)
_NONE_OF_A_DAY = (0, 0)

_PRESENT = "SELECT count(*) FROM transaction WHERE book_id = $1 AND id = ANY ($2) AND type <> 'opening'"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two transactions of the same account and amount, the earlier one first."""

    account_id: UUID
    amount_minor: int
    currency: str
    first: Loaded
    second: Loaded


@dataclass(frozen=True, slots=True)
class Page:
    """`last` is the place as far as which was looked, where there is more."""

    pairs: list[Pair]
    last: Key | None


# The day as far back as which a page looks; none: as far back as asked.
_BACK_TO = """SELECT date FROM {source} WHERE book_id = $1 AND date >= $2 AND (date, number) < ($3, $4) {where}
    ORDER BY date DESC, number DESC OFFSET $5 LIMIT 1"""
# Equal amounts of an account stand side by side in one sort, and each is held against the three before it: a join of
# all with all would cost a book with a thousand equal fares a million pairs. An opening balance has its account's id.
_CANDIDATES = f"""
    WITH near AS (
        SELECT g.transaction_id AS id, g.account_id, g.amount_minor, g.currency, g.date, g.number,
               array_agg(g.transaction_id) OVER before AS ids, array_agg(g.date) OVER before AS dates,
               array_agg(g.number) OVER before AS numbers
        FROM account a JOIN posting g ON g.book_id = a.book_id AND g.account_id = a.id
        WHERE a.book_id = $1 AND ($4::uuid IS NULL OR a.id = $4)
          AND g.date BETWEEN $2::date - {MAX_DAYS} AND $3 AND g.transaction_id <> g.account_id
        WINDOW before AS (PARTITION BY g.account_id, g.amount_minor ORDER BY g.date, g.number
                          ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING)
    ), pair AS (
        SELECT near.*, first.id AS first_id, first.number AS first_number
        FROM near CROSS JOIN unnest(near.ids, near.dates, near.numbers) AS first (id, date, number)
        WHERE near.date >= $2 AND first.date >= near.date - {MAX_DAYS} AND first.id <> near.id
          AND (near.date, near.number, first.number) < ($5, $6, $7)
          AND NOT EXISTS (SELECT FROM duplicate_dismissed d WHERE d.book_id = $1
                          AND d.first_id = least(first.id, near.id) AND d.second_id = greatest(first.id, near.id))
        ORDER BY near.date DESC, near.number DESC, first.number DESC LIMIT {CANDIDATES}
    )
    SELECT pair.account_id, pair.amount_minor, pair.currency, pair.date, pair.number, pair.first_number,
           f.type = 'transfer' AND s.type = 'transfer' AS transfers,
           f.id AS first_id, f.date AS first_date, f.import_id AS first_import, f.bank_id AS first_bank_id,
           coalesce(fp.name, fe.data ->> 'description', '') AS first_payee,
           s.id AS second_id, s.date AS second_date, s.import_id AS second_import, s.bank_id AS second_bank_id,
           coalesce(sp.name, se.data ->> 'description', '') AS second_payee
    FROM pair
    JOIN transaction f ON f.book_id = $1 AND f.id = pair.first_id
    JOIN transaction s ON s.book_id = $1 AND s.id = pair.id
    JOIN event fe ON fe.stream_id = $1 AND fe.sequence = f.last_event
    JOIN event se ON se.stream_id = $1 AND se.sequence = s.last_event
    LEFT JOIN payee fp ON fp.book_id = $1 AND fp.id = f.payee_id
    LEFT JOIN payee sp ON sp.book_id = $1 AND sp.id = s.payee_id
    ORDER BY pair.date DESC, pair.number DESC, pair.first_number DESC"""


async def present(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> int:
    """How many of these transactions there are."""
    count: int = await connection.fetchval(_PRESENT, book_id, ids)
    return count


async def page(
    pool: asyncpg.Pool,
    book_id: UUID,
    *,
    first: date,
    last: date,
    account_id: UUID | None,
    after: Key | None,
    limit: int,
) -> Page:
    """The newest pairs whose later one is dated within first and last.

    A page looks through a part of a large book at a time, whatever the days that are asked for.
    """
    found: list[asyncpg.Record] = []
    seen: asyncpg.Record | None = None
    start = after or (last, *_ALL_OF_A_DAY)
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            back_to = await _back_to(connection, book_id, first, account_id, start)
            rows = await connection.fetch(_CANDIDATES, book_id, back_to, start[0], account_id, *start)
            for row in rows:
                if len(found) == limit:
                    break
                seen = row
                # A pair of transfers meets on both of its accounts, and is taken on the one that the money left.
                if row["transfers"] and row["amount_minor"] > 0:
                    continue
                if are_alike(_recorded(row, "first"), _recorded(row, "second")):
                    found.append(row)
            ids = {row[f"{which}_id"] for row in found for which in ("first", "second")}
            loaded = await load_many(connection, book_id, list(ids))
    end: Key | None = (back_to, *_NONE_OF_A_DAY) if back_to > first else None
    if seen is not None and (seen is not rows[-1] or len(rows) == CANDIDATES):
        end = (seen["date"], seen["number"], seen["first_number"])
    return Page([_pair(row, loaded) for row in found], end)


async def _back_to(
    connection: asyncpg.Connection, book_id: UUID, first: date, account_id: UUID | None, start: Key
) -> date:
    source, where = ("transaction", "") if account_id is None else ("posting", "AND account_id = $6")
    values = [book_id, first, *start[:2], LOOKED_THROUGH, *([account_id] if account_id else [])]
    day: date | None = await connection.fetchval(_BACK_TO.format(source=source, where=where), *values)
    return day or first


def _recorded(row: asyncpg.Record, which: str) -> Recorded:
    return Recorded(
        row[f"{which}_id"],
        row[f"{which}_date"],
        row[f"{which}_payee"],
        row[f"{which}_import"],
        row[f"{which}_bank_id"],
    )


def _pair(row: asyncpg.Record, loaded: Mapping[UUID, Loaded]) -> Pair:
    return Pair(
        row["account_id"],
        row["amount_minor"],
        row["currency"],
        loaded[row["first_id"]],
        loaded[row["second_id"]],
    )
