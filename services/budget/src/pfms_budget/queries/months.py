"""The hot read: a month with its lines as one JSON document from one SQL function, in one round trip."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

import asyncpg

from pfms_common.period import PeriodKey
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope

WAIT_SECONDS = 1.0
_POLL_SECONDS = (0.005, 0.01, 0.02, 0.04)

type Stale = Literal["lagging", "parked"]

_ONE = "SELECT key, version, applied, document FROM budget_months($1, $2, $2, 1, true, $3)"
_MANY = "SELECT key, version, applied, document FROM budget_months($1, $2, $3, $4, false, $5)"
_APPLIED = """
SELECT least(coalesce((SELECT applied_through FROM progress
                       WHERE stream_id = $1 AND consumer = 'budget.ledger' AND producer = 'ledger'), 0),
             (SELECT before FROM dirty WHERE book_id = $1)) AS applied,
       EXISTS (SELECT FROM dirty WHERE book_id = $1) AS waits
"""
_PARKED = """
SELECT EXISTS (SELECT FROM retry WHERE stream_id = $1 AND consumer = 'budget.ledger' AND parked_at IS NOT NULL
                                   AND sequence <= $2)
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A month as JSON text; `applied` is the ledger's number up to which its figures are complete."""

    key: str
    version: int
    applied: int
    text: str


async def one(
    connection: asyncpg.Connection | asyncpg.Pool, book_id: UUID, month: PeriodKey, wanted: int = 0
) -> Document | None:
    """The month of this key; None outside the book's budget. Needs no transaction."""
    row = await connection.fetchrow(_ONE, book_id, month.first, wanted)
    return Document(*row) if row and row["key"] == month.key else None


async def many(
    pool: asyncpg.Pool, book_id: UUID, first: date, last: date, most: int, wanted: int = 0
) -> Sequence[Document]:
    """The months that begin in these days, oldest first, without their lines."""
    async with connection_of(pool) as connection:
        return [Document(*row) for row in await connection.fetch(_MANY, book_id, first, last, most, wanted)]


async def caught_up(pool: asyncpg.Pool, book_id: UUID, wanted: int, *, derived: bool = False) -> Stale | None:
    """Waits up to a second until the figures hold the ledger's number; else says why they do not.

    `derived`: until they hold all that their copies do, besides.
    """
    deadline, tries = time.monotonic() + WAIT_SECONDS, 0
    while True:
        with scope(books=[book_id]):
            async with connection_of(pool) as connection, connection.transaction():
                applied, waits = await connection.fetchrow(_APPLIED, book_id)
                if applied >= wanted and not (derived and waits):
                    return None
                if time.monotonic() >= deadline:
                    return "parked" if await connection.fetchval(_PARKED, book_id, wanted) else "lagging"
        await asyncio.sleep(_POLL_SECONDS[min(tries, len(_POLL_SECONDS) - 1)])
        tries += 1
