"""Taking auth's events: a book's zone, which says which day it is there, and its base currency."""

from collections.abc import Sequence

import asyncpg

from pfms_events.contracts.auth import Book
from pfms_events.envelope import Envelope
from pfms_ledger.db import books
from pfms_ledger.db.restatements import mark_all


async def take(connection: asyncpg.Connection, envelopes: Sequence[Envelope]) -> None:
    """Keeps the newest state of each book, in whatever order the events come."""
    streams = [each.stream_id for each in envelopes]
    known = await books.known(connection, streams)
    rows = [
        (each.stream_id, each.data.base_currency, each.data.timezone, each.aggregate_version)
        for each in envelopes
        if isinstance(each.data, Book)
    ]
    await books.keep(connection, rows)
    for each in envelopes:
        if each.stream_id not in known:
            # What was written before had no currency to be worth anything in.
            await mark_all(connection, each.stream_id)
