"""What the job notes at a plan besides its events: when to look again, and why it could not post."""

from datetime import date
from uuid import UUID

import asyncpg

_NOTE = """UPDATE plan SET wake_on = $4, open_from = $5, problem = $6
    WHERE book_id = $1 AND id = $2 AND version = $3"""


async def note(
    connection: asyncpg.Connection,
    book_id: UUID,
    plan_id: UUID,
    version: int,
    *,
    wake_on: date | None,
    open_from: date | None,
    problem: str | None = None,
) -> None:
    """Says nothing about a plan that was changed meanwhile."""
    await connection.execute(_NOTE, book_id, plan_id, version, wake_on, open_from, problem)
