"""Taking auth's events: a book's zone, which says which day it is there, and its base currency."""

from collections.abc import Sequence

import asyncpg

from pfms_events.contracts.auth import Book
from pfms_events.envelope import Envelope
from pfms_ledger.db.restatements import mark_all

_KEEP = """INSERT INTO book AS b (book_id, base_currency, timezone, version) VALUES ($1, $2, $3, $4)
    ON CONFLICT (book_id) DO UPDATE SET base_currency = excluded.base_currency, timezone = excluded.timezone,
        version = excluded.version WHERE b.version < excluded.version"""

_KNOWN = "SELECT book_id FROM book WHERE book_id = ANY ($1)"


async def take(connection: asyncpg.Connection, envelopes: Sequence[Envelope]) -> None:
    """Keeps the newest state of each book, in whatever order the events come."""
    books = [each.stream_id for each in envelopes]
    known = {row[0] for row in await connection.fetch(_KNOWN, books)}
    rows = [
        (each.stream_id, each.data.base_currency, each.data.timezone, each.aggregate_version)
        for each in envelopes
        if isinstance(each.data, Book)
    ]
    await connection.executemany(_KEEP, rows)
    for each in envelopes:
        if each.stream_id not in known:
            # What was written before had no currency to be worth anything in.
            await mark_all(connection, each.stream_id)
