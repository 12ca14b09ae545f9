"""Who is in a book."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.role import Role

_MEMBERS = text("SELECT user_id, display_name, role, joined_at, version FROM members_of(:book_id)")


@dataclass(frozen=True, slots=True)
class Member:
    user_id: UUID
    display_name: str
    role: Role
    joined_at: datetime
    version: int


async def members(tx: AsyncSession, book_id: UUID) -> list[Member]:
    """All members, the first joined first."""
    return [Member(*row) for row in await tx.execute(_MEMBERS, {"book_id": book_id})]


async def member(tx: AsyncSession, book_id: UUID, user_id: UUID) -> Member | None:
    return next((found for found in await members(tx, book_id) if found.user_id == user_id), None)
