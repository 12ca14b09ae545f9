"""The rows of cells: adding differences, and reading them back."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.db.tables.base import NOBODY
from pfms_budget.domain.cells import Cell, Cells, Kind, Tally

_KEY = """$1::uuid[], $2::date[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[]"""
_ADD = f"""
INSERT INTO cell (book_id, day, account_id, kind, category_id, counter_id, minor, transactions, base, unstated)
SELECT u.* FROM unnest({_KEY}, $7::numeric[], $8::int[], $9::numeric[], $10::numeric[]) AS u
ON CONFLICT (book_id, day, account_id, kind, category_id, counter_id)
DO UPDATE SET minor = cell.minor + excluded.minor, transactions = cell.transactions + excluded.transactions,
    base = cell.base + excluded.base, unstated = cell.unstated + excluded.unstated
"""
_DROP_EMPTY = f"""
DELETE FROM cell c USING unnest({_KEY}) AS u (book_id, day, account_id, kind, category_id, counter_id)
WHERE c.book_id = u.book_id AND c.day = u.day AND c.account_id = u.account_id AND c.kind = u.kind
  AND c.category_id = u.category_id AND c.counter_id = u.counter_id AND c.minor = 0 AND c.transactions = 0
  AND c.base = 0 AND c.unstated = 0
"""
_OF_BOOK = """
SELECT day, account_id, kind, category_id, counter_id, minor::text AS minor, transactions, base::text AS base,
       unstated::text AS unstated
FROM cell WHERE book_id = $1
"""


async def add(connection: asyncpg.Connection, cells: Mapping[UUID, Cells]) -> None:
    """Adds differences, by book, to the stored cells, and drops those in which nothing is left."""
    rows = [
        (book, *_columns(cell), *tally) for book, changed in cells.items() for cell, tally in changed.items()
    ]
    await write(connection, _ADD, rows)
    # Only where a transaction or an opening balance goes can a cell have become empty.
    emptied = [row[:6] for row in rows if row[7] < 0 or row[3] == Kind.OPENING]
    await write(connection, _DROP_EMPTY, emptied)


async def of_book(connection: asyncpg.Connection, book_id: UUID) -> Cells:
    """The stored cells."""
    return {
        _cell(row): Tally(int(row["minor"]), row["transactions"], int(row["base"]), int(row["unstated"]))
        for row in await connection.fetch(_OF_BOOK, book_id)
    }


async def write(connection: asyncpg.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """One statement for all rows, which it takes as columns; nothing for none."""
    if rows:
        await connection.execute(statement, *map(list, zip(*rows, strict=True)))


def _columns(cell: Cell) -> tuple[date, UUID, str, UUID, UUID]:
    category_id, counter_id = cell.category_id or NOBODY, cell.counter_id or NOBODY
    return cell.day, cell.account_id, str(cell.kind), category_id, counter_id


def _cell(row: asyncpg.Record) -> Cell:
    category_id, counter_id = row["category_id"], row["counter_id"]
    return Cell(
        row["day"],
        row["account_id"],
        Kind(row["kind"]),
        None if category_id == NOBODY else category_id,
        None if counter_id == NOBODY else counter_id,
    )
