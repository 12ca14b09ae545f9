"""Telling that an account is going to run dry: forecast.low_balance, once until it is expected to last again."""

from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_budget.domain.forecast import Warned, warnings
from pfms_budget.domain.outlook import Outlook
from pfms_budget.operations import log
from pfms_budget.queries import forecast
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_events.contracts.budget.forecast import ForecastLowBalance, low_forecast_id
from pfms_events.outbox import Change, lock_heads

DAYS = 30
THRESHOLD = 0
_BOOKS = "SELECT book_id FROM book WHERE $1::uuid IS NULL OR book_id > $1 ORDER BY book_id LIMIT 100"
_LASTING = "DELETE FROM low_forecast WHERE book_id = $1 AND account_id <> ALL ($2::uuid[])"
_NEW = """
INSERT INTO low_forecast (book_id, account_id) SELECT $1, u.id FROM unnest($2::uuid[]) AS u (id)
ON CONFLICT (book_id, account_id) DO NOTHING RETURNING account_id
"""


async def foretell(app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, now: datetime) -> int:
    """Looks at every book, one at a time; how many events there were."""
    told, after = 0, None
    while True:
        async with connection_of(relay_pool) as finder:
            books = [row["book_id"] for row in await finder.fetch(_BOOKS, after)]
        if not books:
            return told
        for book_id in books:
            told += await foretell_book(app_pool, book_id, now)
        after = books[-1]


async def foretell_book(app_pool: asyncpg.Pool, book_id: UUID, now: datetime) -> int:
    """Tells what is new of one book."""
    with scope(books=[book_id]):
        async with connection_of(app_pool) as connection, connection.transaction():
            outlook = Outlook(await forecast.known(connection, book_id, now, DAYS), DAYS)
            first: dict[UUID, Warned] = {}
            for warned in warnings(outlook.paths(), THRESHOLD):
                first.setdefault(warned.account_id, warned)
            await lock_heads(connection, [book_id])
            await connection.execute(_LASTING, book_id, list(first))
            new = [row["account_id"] for row in await connection.fetch(_NEW, book_id, list(first))]
            changes = [
                await _change(connection, book_id, first[key], outlook.known.accounts[key].currency)
                for key in new
            ]
            await log.tell(connection, book_id, changes, None)
    return len(changes)


async def _change(connection: asyncpg.Connection, book_id: UUID, warned: Warned, currency: str) -> Change:
    key = low_forecast_id(warned.account_id)
    event = ForecastLowBalance(
        account_id=warned.account_id, currency=currency, date=warned.date, balance_minor=warned.balance
    )
    return Change(event, key, 1 + await log.last_version(connection, book_id, key))
