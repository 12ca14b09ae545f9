"""Taking the ledger's events: copies and cells at once, months once per list, or when the queue is empty."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from pfms_budget.operations import contributions, copies, evaluating, months
from pfms_budget.operations.news import News
from pfms_budget.operations.touched import EVERYTHING, Touched
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_events.envelope import Envelope

BOOKS_AT_ONCE = 10
"""Books derived in one transaction while catching up: few, since their writers wait."""

COPIES = (
    "account",
    "category",
    "pot",
    "pot_balance",
    "rate",
    "transaction",
    "cell",
    "recurring_plan",
    "recurring_mark",
    "income_source",
)
"""Made anew by a rebuild."""

AHEAD_OF_UTC = timedelta(hours=14)
"""The first place on earth where a period begins."""

_WAITING = "SELECT book_id FROM dirty ORDER BY book_id LIMIT $1"
_NOTE = """
INSERT INTO dirty AS d (book_id, since, before)
SELECT u.* FROM unnest($1::uuid[], $2::date[], $3::bigint[]) AS u
ON CONFLICT (book_id) DO UPDATE SET since = least(d.since, excluded.since), before = least(d.before, excluded.before)
"""
# A book without a stored month has no budget.
_ENDING = """
SELECT b.book_id FROM book b, LATERAL (
    SELECT first_day FROM month WHERE book_id = b.book_id ORDER BY first_day DESC LIMIT 1) m
WHERE m.first_day <= $1 AND ($2::uuid IS NULL OR b.book_id > $2) ORDER BY b.book_id LIMIT $3
"""
_FORGET = "DELETE FROM {table} WHERE book_id = $1"


async def take(
    connection: asyncpg.Connection, envelopes: Sequence[Envelope], *, behind: bool, now: datetime
) -> None:
    """Applies a list in the caller's transaction. `behind`: months are derived when the queue is empty."""
    news = News().add(envelopes)
    touched = await copies.keep(connection, news)
    await contributions.settle(connection, news.answers, now)
    if linked := {book for book, _ in (*news.pots, *news.pot_balances, *news.categories)}:
        await evaluating.evaluate(connection, linked, now)
    if not touched:
        return
    if behind:
        await _note(connection, touched, news.lowest)
    else:
        await months.derive(connection, touched, now)


async def _note(
    connection: asyncpg.Connection, touched: Mapping[UUID, Touched], lowest: Mapping[UUID, int]
) -> None:
    since = [what.first or date.min for what in touched.values()]
    await connection.execute(_NOTE, list(touched), since, [lowest[book] - 1 for book in touched])


async def derive_waiting(app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, now: datetime) -> None:
    """Derives the months of every book that waits, some books at a time."""
    while True:
        async with connection_of(relay_pool) as finder:
            books = [row["book_id"] for row in await finder.fetch(_WAITING, BOOKS_AT_ONCE)]
        if not books:
            return
        await _bring_up_to_date(app_pool, books, now)


async def extend(app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, now: datetime) -> int:
    """Derives the periods that time itself has added to budgets, those whose last one has begun; how many books were
    looked at.

    A book west of UTC is found some hours before its own period begins, and left as it is.
    """
    due, amount, after = (now + AHEAD_OF_UTC).date(), 0, None
    while True:
        async with connection_of(relay_pool) as finder:
            books = [row["book_id"] for row in await finder.fetch(_ENDING, due, after, BOOKS_AT_ONCE)]
        if not books:
            return amount
        await _bring_up_to_date(app_pool, books, now)
        amount, after = amount + len(books), books[-1]


async def _bring_up_to_date(app_pool: asyncpg.Pool, books: Sequence[UUID], now: datetime) -> None:
    with scope(books=books):
        async with connection_of(app_pool) as connection, connection.transaction():
            await connection.execute("SELECT lock_heads($1)", books)
            await months.derive(connection, dict.fromkeys(books, Touched()), now)


async def replace(connection: asyncpg.Connection, book_id: UUID, news: News | None, now: datetime) -> None:
    """Makes copies, cells and months of a book anew from all that the ledger tells; plans stay as they are."""
    for table in COPIES:
        await connection.execute(_FORGET.format(table=table), book_id)
    await copies.keep(connection, news or News())
    await contributions.settle(connection, news.answers if news else {}, now)
    await months.derive(connection, {book_id: EVERYTHING}, now, is_replay=True)
