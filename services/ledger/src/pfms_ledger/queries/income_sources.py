"""Reading income sources."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_ledger.db.tables.income_sources import IncomeSourceRow


async def get(session: AsyncSession, book_id: UUID, source_id: UUID) -> IncomeSourceRow | None:
    return await session.scalar(
        select(IncomeSourceRow).where(IncomeSourceRow.book_id == book_id, IncomeSourceRow.id == source_id)
    )


async def present(connection: asyncpg.Connection, book_id: UUID, source_id: UUID) -> asyncpg.Record | None:
    """The source as it stands in this connection's transaction."""
    return await connection.fetchrow(
        "SELECT * FROM income_source WHERE book_id = $1 AND id = $2", book_id, source_id
    )


async def others(connection: asyncpg.Connection, book_id: UUID, source_id: UUID) -> list[asyncpg.Record]:
    """The active sources of the book but for this one: (id, name)."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT id, name FROM income_source WHERE book_id = $1 AND id <> $2 AND is_active", book_id, source_id
    )
    return rows


async def listed(
    session: AsyncSession, book_id: UUID, *, include_inactive: bool
) -> Sequence[IncomeSourceRow]:
    """All of a book, in the order they were made."""
    wanted = select(IncomeSourceRow).where(IncomeSourceRow.book_id == book_id)
    if not include_inactive:
        wanted = wanted.where(IncomeSourceRow.is_active)
    return (await session.scalars(wanted.order_by(IncomeSourceRow.id))).all()
