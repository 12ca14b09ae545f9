"""Reading accounts: through the request's session, or where the book's lock is held."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_ledger.db.tables.accounts import AccountRow


async def get(session: AsyncSession, book_id: UUID, account_id: UUID) -> AccountRow | None:
    return await session.scalar(
        select(AccountRow).where(AccountRow.book_id == book_id, AccountRow.id == account_id)
    )


async def present(connection: asyncpg.Connection, book_id: UUID, account_id: UUID) -> asyncpg.Record | None:
    """The account as it stands in this connection's transaction."""
    return await connection.fetchrow(
        "SELECT * FROM account WHERE book_id = $1 AND id = $2", book_id, account_id
    )


async def listed(session: AsyncSession, book_id: UUID, *, include_inactive: bool) -> Sequence[AccountRow]:
    """Accounts in the order a person gave them."""
    wanted = select(AccountRow).where(AccountRow.book_id == book_id)
    if not include_inactive:
        wanted = wanted.where(AccountRow.is_active)
    return (await session.scalars(wanted.order_by(AccountRow.position, AccountRow.id))).all()
