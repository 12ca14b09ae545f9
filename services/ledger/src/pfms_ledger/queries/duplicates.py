"""Pairs of transactions that may be one recorded twice: what the rule in domain/lookalike.py is asked about."""

from collections.abc import Mapping
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

type Key = tuple[date, int, int]
FROM_THE_TOP: Key = (date.max, 2**62, 2**62)


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
    """`last` are the sort keys of the last candidate looked at, where there are more."""

    pairs: list[Pair]
    last: Key | None


# Equal amounts of an account stand side by side in one sort, and each is held against the three before it: a join of
# all with all would cost a book with a thousand equal fares a million pairs. An opening balance has its account's id.
_CANDIDATES = f"""
    WITH near AS (
        SELECT g.transaction_id AS id, g.account_id, g.amount_minor, g.currency, g.date, g.number,
               array_agg(g.transaction_id) OVER before AS ids, array_agg(g.date) OVER before AS dates,
               array_agg(g.number) OVER before AS numbers
        FROM posting g
        WHERE g.book_id = $1 AND g.account_id IS NOT NULL AND ($4::uuid IS NULL OR g.account_id = $4)
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
    """The newest pairs whose later one is dated within first and last."""
    found: list[asyncpg.Record] = []
    seen: asyncpg.Record | None = None
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(
                _CANDIDATES, book_id, first, last, account_id, *(after or FROM_THE_TOP)
            )
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
    more = bool(rows) and (seen is not rows[-1] or len(rows) == CANDIDATES)
    return Page(
        [_pair(row, loaded) for row in found],
        (seen["date"], seen["number"], seen["first_number"]) if more and seen is not None else None,
    )


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
