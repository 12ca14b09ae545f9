"""Reading categories: through the request's session, or where the book's lock is held."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_ledger.db.tables.categories import CategoryRow


async def get(session: AsyncSession, book_id: UUID, category_id: UUID) -> CategoryRow | None:
    wanted = select(CategoryRow).where(CategoryRow.book_id == book_id, CategoryRow.id == category_id)
    return await session.scalar(wanted)


async def listed(
    session: AsyncSession,
    book_id: UUID,
    *,
    include_inactive: bool,
    after: tuple[int, UUID] | None,
    limit: int,
) -> Sequence[CategoryRow]:
    """A page of the tree in the order a person gave it, parents and children alike."""
    wanted = select(CategoryRow).where(CategoryRow.book_id == book_id)
    if not include_inactive:
        wanted = wanted.where(CategoryRow.is_archived.is_(False))
    if after is not None:
        position, category_id = after
        wanted = wanted.where(
            (CategoryRow.position > position)
            | ((CategoryRow.position == position) & (CategoryRow.id > category_id))
        )
    return (await session.scalars(wanted.order_by(CategoryRow.position, CategoryRow.id).limit(limit))).all()


async def present(connection: asyncpg.Connection, book_id: UUID, category_id: UUID) -> asyncpg.Record | None:
    """The category as it stands in this connection's transaction."""
    return await connection.fetchrow(_ONE, book_id, category_id)


async def are_there(connection: asyncpg.Connection, book_id: UUID) -> bool:
    """Whether the book has any category."""
    there: bool = await connection.fetchval(_ANY, book_id)
    return there


async def children(connection: asyncpg.Connection, book_id: UUID, category_id: UUID) -> list[asyncpg.Record]:
    """The categories right below one."""
    rows: list[asyncpg.Record] = await connection.fetch(_CHILDREN, book_id, category_id)
    return rows


async def of_key(connection: asyncpg.Connection, book_id: UUID, key: str) -> UUID | None:
    """The category of the starting tree with this stable name."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM category WHERE book_id = $1 AND key = $2", book_id, key
    )
    return found


async def is_taken(connection: asyncpg.Connection, book_id: UUID, folded: str) -> bool:
    """Whether a category of the top level has this folded name."""
    taken: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM category WHERE book_id = $1 AND parent_id IS NULL AND name_folded = $2)",
        book_id,
        folded,
    )
    return taken


async def with_descendants(connection: asyncpg.Connection, book_id: UUID, category_id: UUID) -> list[UUID]:
    """A category and everything below it."""
    return [row["id"] for row in await connection.fetch(_BELOW, book_id, category_id)]


_ANY = "SELECT EXISTS (SELECT FROM category WHERE book_id = $1)"
_ONE = "SELECT * FROM category WHERE book_id = $1 AND id = $2"
_CHILDREN = "SELECT * FROM category WHERE book_id = $1 AND parent_id = $2 ORDER BY position, id"
# UNION, not UNION ALL: even a circle would come to an end.
_BELOW = """WITH RECURSIVE below AS (
        SELECT id FROM category WHERE book_id = $1 AND id = $2
        UNION SELECT k.id FROM category k JOIN below ON k.parent_id = below.id WHERE k.book_id = $1
    ) SELECT id FROM below"""
