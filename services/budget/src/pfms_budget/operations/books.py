"""Taking auth's events: a book's base currency, which decides what counts, and its zone, which says when it is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_budget.operations import months
from pfms_budget.operations.touched import EVERYTHING, Touched
from pfms_events.contracts.auth import Book
from pfms_events.envelope import Envelope

_READ = "SELECT book_id, base_currency, version FROM book WHERE book_id = ANY ($1)"
_KEEP = """
INSERT INTO book (book_id, base_currency, timezone, version)
SELECT u.* FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS u
ON CONFLICT (book_id) DO UPDATE SET base_currency = excluded.base_currency, timezone = excluded.timezone,
    version = excluded.version
"""


async def take(connection: asyncpg.Connection, envelopes: Sequence[Envelope], now: datetime) -> None:
    """Keeps the newest state of each book; another base currency changes every month."""
    newest: dict[UUID, tuple[int, Book]] = {}
    for envelope in envelopes:
        if (
            isinstance(envelope.data, Book)
            and envelope.aggregate_version > newest.get(envelope.stream_id, (0,))[0]
        ):
            newest[envelope.stream_id] = (envelope.aggregate_version, envelope.data)
    known = {row["book_id"]: row for row in await connection.fetch(_READ, list(newest))}
    told = {
        book: (version, data)
        for book, (version, data) in newest.items()
        if book not in known or known[book]["version"] < version
    }
    if not told:
        return
    rows = [(book, data.base_currency, data.timezone, version) for book, (version, data) in told.items()]
    await connection.execute(_KEEP, *map(list, zip(*rows, strict=True)))
    touched = {
        book: Touched()
        if book in known and known[book]["base_currency"] == data.base_currency
        else EVERYTHING
        for book, (_, data) in told.items()
    }
    await months.derive(connection, touched, now)
