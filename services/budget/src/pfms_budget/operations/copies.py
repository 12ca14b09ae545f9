"""Keeping copies of the ledger's accounts, categories and transactions, and the cells they add up to.

An event counts when its version is above the copy's. What changes the cells is the difference between the state
in the event and the copy, so that neither order nor repetition matters.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from pfms_budget.domain.cells import Cells, added_up, change, opening_cells
from pfms_budget.operations import cells as cell_rows
from pfms_budget.operations.cells import write
from pfms_budget.operations.news import AccountCopy, Key, Known, News
from pfms_budget.operations.touched import EVERYTHING, Touched

type Differences = defaultdict[UUID, list[Cells]]

_COPIES = """
SELECT c.* FROM unnest($1::uuid[], $2::uuid[]) AS u (book_id, id), LATERAL (
    SELECT {columns} FROM {table} WHERE book_id = u.book_id AND id = u.id LIMIT 1) c
"""
_ACCOUNTS = _COPIES.format(
    table="account", columns="book_id, id, version, on_budget, currency, opened_on, opening_balance_minor"
)
_CATEGORIES = _COPIES.format(table="category", columns="book_id, id, version, type")
_TRANSACTIONS = _COPIES.format(table="transaction", columns="book_id, id, version, cells::text AS cells")
_ALL_ACCOUNTS = """
SELECT book_id, id, version, on_budget, currency, opened_on, opening_balance_minor FROM account WHERE book_id = $1
"""
_ALL_CATEGORIES = "SELECT book_id, id, version, type FROM category WHERE book_id = $1"
_ALL_TRANSACTIONS = "SELECT book_id, id, version, cells::text AS cells FROM transaction WHERE book_id = $1"
_KEEP_ACCOUNTS = """
INSERT INTO account (book_id, id, version, on_budget, currency, opened_on, opening_balance_minor)
SELECT u.* FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bool[], $5::text[], $6::date[], $7::bigint[]) AS u
ON CONFLICT (book_id, id) DO UPDATE SET version = excluded.version, on_budget = excluded.on_budget,
    currency = excluded.currency, opened_on = excluded.opened_on,
    opening_balance_minor = excluded.opening_balance_minor
"""
_KEEP_CATEGORIES = """
INSERT INTO category (book_id, id, version, type)
SELECT u.* FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) AS u
ON CONFLICT (book_id, id) DO UPDATE SET version = excluded.version, type = excluded.type
"""
_KEEP_TRANSACTIONS = """
INSERT INTO transaction (book_id, id, version, cells)
SELECT u.book_id, u.id, u.version, u.cells::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) AS u (book_id, id, version, cells)
ON CONFLICT (book_id, id) DO UPDATE SET version = excluded.version, cells = excluded.cells
"""
_RETURN_ALLOCATIONS = """
DELETE FROM allocation a USING unnest($1::uuid[], $2::uuid[]) AS u (book_id, category_id)
WHERE a.book_id = u.book_id AND a.category_id = u.category_id RETURNING a.book_id, a.first_day
"""


async def keep(connection: asyncpg.Connection, news: News) -> dict[UUID, Touched]:
    """Brings copies and cells up to date; answers what that touched in each book.

    The caller's transaction holds the heads of all books of the news.
    """
    touched: defaultdict[UUID, Touched] = defaultdict(Touched)
    differences: Differences = defaultdict(list)
    await _keep_accounts(connection, news.accounts, touched, differences)
    await _keep_categories(connection, news.categories, touched)
    await _keep_transactions(connection, news.transactions, differences)
    cells = {book: added_up(parts) for book, parts in differences.items()}
    await cell_rows.add(connection, cells)
    for book, changed in cells.items():
        touched[book] |= Touched(frozenset(cell.day for cell in changed))
    return {book: what for book, what in touched.items() if what}


async def all_of(connection: asyncpg.Connection, book_id: UUID) -> News:
    """All copies of a book."""
    news = News()
    for row in await connection.fetch(_ALL_ACCOUNTS, book_id):
        news.accounts[_key(row)] = Known(row["version"], _account(row))
    for row in await connection.fetch(_ALL_CATEGORIES, book_id):
        news.categories[_key(row)] = Known(row["version"], row["type"])
    for row in await connection.fetch(_ALL_TRANSACTIONS, book_id):
        news.transactions[_key(row)] = Known(row["version"], cell_rows.from_json(row["cells"]))
    return news


def cells_of_copies(kept: News) -> list[Cells]:
    """The cells that these copies add to, opening balances included."""
    openings = [_opening(key[1], account.state) for key, account in kept.accounts.items()]
    return [*openings, *(transaction.state or {} for transaction in kept.transactions.values())]


async def _keep_accounts(
    connection: asyncpg.Connection,
    told: Mapping[Key, Known[AccountCopy]],
    touched: defaultdict[UUID, Touched],
    differences: Differences,
) -> None:
    """An account that is on the budget or in another currency than before changes what every month counts."""
    rows = await _read(connection, _ACCOUNTS, told)
    copies = {_key(row): Known(row["version"], _account(row)) for row in rows}
    newer = _newer(told, copies)
    for key, (old, new) in newer.items():
        differences[key[0]].append(change(_opening(key[1], old), _opening(key[1], new)))
        if (old and old[:2]) != (new and new[:2]):
            touched[key[0]] |= EVERYTHING
    nothing: Sequence[object] = [None] * len(AccountCopy._fields)
    kept = [(*key, told[key].version, *(new or nothing)) for key, (_, new) in newer.items()]
    await write(connection, _KEEP_ACCOUNTS, kept)


async def _keep_categories(
    connection: asyncpg.Connection, told: Mapping[Key, Known[str]], touched: defaultdict[UUID, Touched]
) -> None:
    """A category that counts otherwise than before changes every month; a deleted one returns its allocations."""
    rows = await _read(connection, _CATEGORIES, told)
    newer = _newer(told, {_key(row): Known(row["version"], row["type"]) for row in rows})
    for (book, _), (old, new) in newer.items():
        if (old or "expense") != (new or "expense"):
            touched[book] |= EVERYTHING
    await write(connection, _KEEP_CATEGORIES, [(*k, told[k].version, new) for k, (_, new) in newer.items()])
    gone = [key for key, (_, new) in newer.items() if new is None]
    if gone:
        for row in await connection.fetch(_RETURN_ALLOCATIONS, *map(list, zip(*gone, strict=True))):
            touched[row["book_id"]] |= Touched(frozenset([row["first_day"]]))


async def _keep_transactions(
    connection: asyncpg.Connection, told: Mapping[Key, Known[Cells]], differences: Differences
) -> None:
    rows = await _read(connection, _TRANSACTIONS, told)
    newer = _newer(
        told, {_key(row): Known(row["version"], cell_rows.from_json(row["cells"])) for row in rows}
    )
    for key, (old, new) in newer.items():
        differences[key[0]].append(change(old or {}, new or {}) if old else new or {})
    await write(
        connection,
        _KEEP_TRANSACTIONS,
        [(*k, told[k].version, cell_rows.to_json(new)) for k, (_, new) in newer.items()],
    )


def _newer[T](
    told: Mapping[Key, Known[T]], copies: Mapping[Key, Known[T]]
) -> dict[Key, tuple[T | None, T | None]]:
    """The old and the new state of what is told in a later version than the copy's."""
    return {
        key: (copies[key].state if key in copies else None, news.state)
        for key, news in told.items()
        if key not in copies or copies[key].version < news.version
    }


async def _read(
    connection: asyncpg.Connection, statement: str, told: Mapping[Key, Any]
) -> Sequence[asyncpg.Record]:
    if not told:
        return []
    rows: Sequence[asyncpg.Record] = await connection.fetch(statement, *map(list, zip(*told, strict=True)))
    return rows


def _key(row: asyncpg.Record) -> Key:
    return row["book_id"], row["id"]


def _account(row: asyncpg.Record) -> AccountCopy | None:
    return AccountCopy(*(row[name] for name in AccountCopy._fields)) if row["currency"] else None


def _opening(account_id: UUID, account: AccountCopy | None) -> Cells:
    return opening_cells(account_id, account.opened_on, account.opening_balance_minor) if account else {}
