"""Writing the rows of a bank file: as they were read, and how they ended."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from pfms_ledger.db.leases import Held, keep

COLUMNS = {
    "row": "int",
    "account_key": "text",
    "account_id": "uuid",
    "date": "date",
    "amount_minor": "bigint",
    "currency": "text",
    "payee": "text",
    "memo": "text",
    "text": "text",
    "bank_id": "text",
    "id_shared": "boolean",
    "status": "text",
    "fingerprint": "bytea",
    "occurrence": "int",
    "state": "text",
    "error": "text",
    "match_transaction_id": "uuid",
    "transaction_id": "uuid",
}
"""What is stored of a row, with its type in SQL; `add_rows` takes tuples in this order."""


async def add_rows(connection: asyncpg.Connection, held: Held, rows: Sequence[tuple[Any, ...]]) -> None:
    """Stores rows in the order of `COLUMNS`. Half of the columns mostly say the same in all rows, such as account and
    currency: that goes once, since an array costs a look at each of its values, here and there.
    """
    await keep(connection, held)
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    alike = {name for name, values in columns.items() if name != "row" and _all_alike(values)}
    listed = [name for name in COLUMNS if name not in alike]
    given = {name: f"${n}::{COLUMNS[name]}" for n, name in enumerate([*listed, *sorted(alike)], 3)}
    statement = f"""INSERT INTO import_row (book_id, import_id, {", ".join(COLUMNS)})
        SELECT $1, $2, {", ".join(given[name] if name in alike else f"u.{name}" for name in COLUMNS)}
        FROM unnest({", ".join(f"{given[name]}[]" for name in listed)}) AS u ({", ".join(listed)})"""
    values = [*(list(columns[name]) for name in listed), *(columns[name][0] for name in sorted(alike))]
    await connection.execute(statement, held.book_id, held.id, *values)


def _all_alike(values: Sequence[Any]) -> bool:
    first = values[0]
    return all(value is first or value == first for value in values)


class Match(NamedTuple):
    """What a row turned out to be: a transaction that the book has, or an open occurrence of a plan."""

    row: int
    transaction_id: UUID | None
    plan_id: UUID | None = None
    nominal: date | None = None


async def match_rows(connection: asyncpg.Connection, held: Held, matches: Sequence[Match]) -> None:
    """New rows that turned out to be what the book has or expects."""
    await connection.execute(
        """UPDATE import_row SET state = 'match', match_transaction_id = m.id, plan_id = m.plan_id,
                                 plan_date = m.nominal
           FROM unnest($3::int[], $4::uuid[], $5::uuid[], $6::date[]) AS m (row, id, plan_id, nominal)
           WHERE book_id = $1 AND import_id = $2 AND import_row.row = m.row AND state = 'new'""",
        held.book_id,
        held.id,
        [match.row for match in matches],
        [match.transaction_id for match in matches],
        [match.plan_id for match in matches],
        [match.nominal for match in matches],
    )


async def accept_matches(connection: asyncpg.Connection, held: Held, rows: Sequence[int]) -> None:
    """Of the matches these alone; the others are imported as new."""
    await connection.execute(
        """UPDATE import_row SET accepted = row = ANY ($3)
           WHERE book_id = $1 AND import_id = $2 AND state = 'match'""",
        held.book_id,
        held.id,
        list(rows),
    )


async def accept_conflicts(connection: asyncpg.Connection, held: Held, rows: Mapping[int, UUID]) -> None:
    """These conflicts become transactions with these ids."""
    await connection.execute(
        """UPDATE import_row SET transaction_id = a.id FROM unnest($3::int[], $4::uuid[]) AS a (row, id)
           WHERE book_id = $1 AND import_id = $2 AND import_row.row = a.row AND state = 'conflict'""",
        held.book_id,
        held.id,
        list(rows),
        list(rows.values()),
    )


async def settle_rows(
    connection: asyncpg.Connection,
    held: Held,
    rows: Sequence[tuple[int, str, UUID | None, UUID | None, int | None]],
) -> None:
    """Rows that ended otherwise than they were read: (row, state, match, transaction, version written)."""
    if not rows:
        return
    await connection.execute(
        """UPDATE import_row SET state = s.state, match_transaction_id = s.match, transaction_id = s.transaction_id,
                                 wrote_version = s.wrote
           FROM unnest($3::int[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[])
                AS s (row, state, match, transaction_id, wrote)
           WHERE book_id = $1 AND import_id = $2 AND import_row.row = s.row""",
        held.book_id,
        held.id,
        *map(list, zip(*rows, strict=True)),
    )


async def let_go(connection: asyncpg.Connection, held: Held, rows: Sequence[tuple[int, str | None]]) -> None:
    """Rows that are taken back (None), so that they know no transaction any more, or kept for a reason."""
    await connection.execute(
        """UPDATE import_row SET kept = k.kept,
                                 transaction_id = CASE WHEN k.kept IS NOT NULL THEN transaction_id END
           FROM unnest($3::int[], $4::text[]) AS k (row, kept)
           WHERE book_id = $1 AND import_id = $2 AND import_row.row = k.row""",
        held.book_id,
        held.id,
        [row for row, _ in rows],
        [kept for _, kept in rows],
    )
