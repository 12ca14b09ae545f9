"""Reading pots: through the request's session, or where the book's lock is held."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_ledger.db.tables.pots import PotRow


async def get(session: AsyncSession, book_id: UUID, pot_id: UUID) -> PotRow | None:
    return await session.scalar(select(PotRow).where(PotRow.book_id == book_id, PotRow.id == pot_id))


async def present(connection: asyncpg.Connection, book_id: UUID, pot_id: UUID) -> asyncpg.Record | None:
    """The pot as it stands in this connection's transaction."""
    return await connection.fetchrow("SELECT * FROM pot WHERE book_id = $1 AND id = $2", book_id, pot_id)


async def others(
    connection: asyncpg.Connection, book_id: UUID, account_id: UUID, pot_id: UUID
) -> list[asyncpg.Record]:
    """The active pots of the account besides this one."""
    return list(
        await connection.fetch(
            "SELECT id, name FROM pot WHERE book_id = $1 AND account_id = $2 AND id <> $3 AND is_active",
            book_id,
            account_id,
            pot_id,
        )
    )


async def listed(
    session: AsyncSession, book_id: UUID, *, account_id: UUID | None, include_inactive: bool
) -> Sequence[PotRow]:
    """Pots in the order a person gave them, of one account or of all."""
    wanted = select(PotRow).where(PotRow.book_id == book_id)
    if account_id is not None:
        wanted = wanted.where(PotRow.account_id == account_id)
    if not include_inactive:
        wanted = wanted.where(PotRow.is_active)
    return (await session.scalars(wanted.order_by(PotRow.position, PotRow.id))).all()
