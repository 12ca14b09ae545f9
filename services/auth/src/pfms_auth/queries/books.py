"""Books as their members see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.books import BookRow, MembershipRow
from pfms_common.role import Role


@dataclass(frozen=True, slots=True)
class Book:
    """`role` is the asking person's."""

    id: UUID
    name: str
    base_currency: str
    timezone: str
    role: Role
    created_at: datetime
    version: int


async def books(tx: AsyncSession, user_id: UUID, book_ids: Collection[UUID]) -> list[Book]:
    """Those of `book_ids` in which the person is a member, the first joined first."""
    found = await tx.execute(
        _as_member(user_id)
        .where(BookRow.book_id.in_(book_ids))
        .order_by(MembershipRow.joined_at, BookRow.book_id)
    )
    return [Book(*row) for row in found]


async def book(tx: AsyncSession, user_id: UUID, book_id: UUID) -> Book | None:
    """The book, where the person is a member of it."""
    found = (await tx.execute(_as_member(user_id).where(BookRow.book_id == book_id))).one_or_none()
    return None if found is None else Book(*found)


def _as_member(user_id: UUID) -> Select[*tuple[Any, ...]]:
    mine = and_(MembershipRow.book_id == BookRow.book_id, MembershipRow.user_id == user_id)
    return select(
        BookRow.book_id,
        BookRow.name,
        BookRow.base_currency,
        BookRow.timezone,
        MembershipRow.role,
        BookRow.created_at,
        BookRow.version,
    ).join(MembershipRow, mine)


async def roles_of(tx: AsyncSession, user_id: UUID) -> dict[UUID, Role]:
    """Book → role of every book the person is in, the first joined first."""
    found = await tx.execute(
        select(MembershipRow.book_id, MembershipRow.role)
        .where(MembershipRow.user_id == user_id)
        .order_by(MembershipRow.joined_at, MembershipRow.book_id)
    )
    return {UUID(int=book_id.int): role for book_id, role in found}  # type: ignore[misc]  # the table's check holds the roles
