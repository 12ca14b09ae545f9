"""A whole book as it is at one moment, read piece by piece."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_events.contracts.ledger import EVENTS
from pfms_ledger.db import projection
from pfms_ledger.domain.entry import Account, Category, Chart, Entry
from pfms_ledger.domain.posting import Leg

_EVENTS = frozenset(event.EVENT for event in EVENTS)
PIECE = 500
IDLE_SECONDS = 30
OF_THE_BOOK = frozenset({"ledger_settings"})
"""Kinds of which a book has one; its id follows from the book's."""
NO_ID = UUID(int=0)
_ACCOUNTS = """SELECT id, name, type, currency, balance_minor, last_four FROM account
    WHERE book_id = $1 ORDER BY position, name, id"""
_CATEGORIES = "SELECT id, parent_id, name, type FROM category WHERE book_id = $1 ORDER BY position, name, id"
_BASE = "SELECT base_currency FROM book WHERE book_id = $1"
# A page is chosen first, and what belongs to it is looked up row by row: a planner that guesses the size of a book
# wrongly, as it does after an import, would read every event of the book again for each page.
_PAGE = """WITH page AS MATERIALIZED (
        SELECT t.id, t.date, t.number, t.type, t.status, t.payee_id, t.last_event FROM transaction t
        WHERE t.book_id = $1 AND (t.date, t.number) > ($2, $3) {where} ORDER BY t.date, t.number LIMIT $4)"""
_ALL = f"""{_PAGE.format(where="")}
    SELECT t.id, t.date, t.number, t.type, t.status, p.name AS payee, e.data, l.legs
    FROM page t CROSS JOIN LATERAL (
        SELECT data::text AS data FROM event WHERE stream_id = $1 AND sequence = t.last_event OFFSET 0) e
    LEFT JOIN payee p ON p.book_id = $1 AND p.id = t.payee_id
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_array(g.kind, g.amount_minor, g.currency, g.account_id, g.category_id)
                        ORDER BY g.n)::text AS legs
        FROM posting g WHERE g.book_id = $1 AND g.transaction_id = t.id) l
    ORDER BY t.date, t.number"""
_OF_ACCOUNT = _ALL.replace(
    _PAGE.format(where=""),
    _PAGE.format(
        where="""AND (SELECT true FROM posting o
            WHERE o.book_id = $1 AND o.transaction_id = t.id AND o.account_id = $5 LIMIT 1)"""
    ),
)
_DOCUMENTS = f"""{_PAGE.format(where="AND t.type <> 'opening'")}
    SELECT t.date, t.number, e.data FROM page t CROSS JOIN LATERAL (
        SELECT data::text AS data FROM event WHERE stream_id = $1 AND sequence = t.last_event OFFSET 0) e
    ORDER BY t.date, t.number"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The book at one moment: everything read here fits together, whatever is written meanwhile."""

    connection: asyncpg.Connection
    book_id: UUID

    async def base_currency(self) -> str | None:
        base: str | None = await self.connection.fetchval(_BASE, self.book_id)
        return base

    async def chart(self) -> Chart:
        accounts = [Account(**row) for row in await self.connection.fetch(_ACCOUNTS, self.book_id)]
        categories = {row["id"]: row for row in await self.connection.fetch(_CATEGORIES, self.book_id)}
        return Chart(
            {account.id: account for account in accounts},
            {id_: Category(id_, _path(id_, categories), row["type"]) for id_, row in categories.items()},
        )

    async def entries(self, account_id: UUID | None = None) -> AsyncIterator[list[Entry]]:
        """Every entry, or those of one account, oldest first, piece by piece."""
        async for rows in self._pieces(
            _OF_ACCOUNT if account_id else _ALL, *([account_id] if account_id else [])
        ):
            yield [_entry(row) for row in rows if row["legs"] is not None]

    async def things(self, kinds: Iterable[str]) -> AsyncIterator[list[tuple[str, str]]]:
        """(event that makes it, JSON of its state) of all that lives, as it was made; transactions by day."""
        for kind in kinds:
            if kind == "transaction":
                async for rows in self._pieces(_DOCUMENTS):
                    yield [("transaction.created", row["data"]) for row in rows]
            else:
                rows = await projection.newest(self.connection, self.book_id, [kind])
                living = (row for row in rows if not row["type"].endswith(".deleted"))
                told = [
                    (making(row["type"]), row["data"]) for row in sorted(living, key=lambda row: row["made"])
                ]
                yield [(event, _of_no_book(data)) for event, data in told] if kind in OF_THE_BOOK else told

    async def _pieces(self, statement: str, *values: Any) -> AsyncIterator[list[asyncpg.Record]]:
        after = (date.min, 0)
        while True:
            rows = await self.connection.fetch(statement, self.book_id, *after, PIECE, *values)
            if rows:
                yield rows
            if len(rows) < PIECE:
                return
            after = (rows[-1]["date"], rows[-1]["number"])


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool, book_id: UUID) -> AsyncIterator[Snapshot]:
    """Holds a connection until the reader is done; a reader that stops for half a minute loses it."""
    async with connection_of(pool) as connection:
        with scope(books=[book_id]):
            transaction = connection.transaction(snapshot=True)
            await transaction.start()
        try:
            await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
            yield Snapshot(connection, book_id)
        finally:
            await transaction.rollback()


def making(event: str) -> str:
    """The event that could have made what this one left: created for updated, where the thing has such an event."""
    created = event.replace(".updated", ".created")
    return created if created in _EVENTS else event


def _of_no_book(data: str) -> str:
    """A state without the id that follows from its book: in a restored book it is another one."""
    return orjson.dumps({**orjson.loads(data), "id": NO_ID}).decode()


def _path(id_: UUID, categories: Mapping[UUID, asyncpg.Record]) -> tuple[str, ...]:
    row = categories[id_]
    above = _path(row["parent_id"], categories) if row["parent_id"] else ()
    return (*above, row["name"])


def _entry(row: asyncpg.Record) -> Entry:
    data = orjson.loads(row["data"])
    return Entry(
        id=row["id"],
        date=row["date"],
        type=row["type"],
        status=row["status"],
        payee=row["payee"],
        description=data.get("description"),
        note=data.get("note") if row["type"] != "opening" else None,
        tags=data.get("tags", ()),
        memos=[split["memo"] for split in data.get("splits", ())],
        legs=[
            Leg(kind, amount, currency, _id(account), _id(category))
            for kind, amount, currency, account, category in orjson.loads(row["legs"])
        ],
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
