"""Open invitations: those of a book, for its owners, and those to a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.books import InvitationRow
from pfms_auth.domain.invitation import Status
from pfms_common.role import Role


@dataclass(frozen=True, slots=True)
class Invitation:
    id: UUID
    book_id: UUID
    book_name: str
    inviter_name: str
    email: str
    role: Role
    status: Status
    created_at: datetime
    expires_at: datetime
    version: int


async def of_book(tx: AsyncSession, book_id: UUID, now: datetime) -> list[Invitation]:
    return await _open(tx, _all().where(InvitationRow.book_id == book_id), now)


async def to_person(tx: AsyncSession, user_id: UUID, now: datetime) -> list[Invitation]:
    return await _open(tx, _all().where(InvitationRow.user_id == user_id), now)


async def by_id(tx: AsyncSession, invitation_id: UUID) -> Invitation | None:
    """The invitation, of a book or to a person of this transaction's scope."""
    found = (await tx.execute(_all().where(InvitationRow.id == invitation_id))).one_or_none()
    return None if found is None else Invitation(*found)


async def by_secret(tx: AsyncSession, invitation_id: UUID, secret_hash: bytes) -> Invitation | None:
    """The invitation of the mailed link."""
    this = _all().where(InvitationRow.id == invitation_id, InvitationRow.secret_hash == secret_hash)
    found = (await tx.execute(this)).one_or_none()
    return None if found is None else Invitation(*found)


async def _open(tx: AsyncSession, wanted: Select[*tuple[Any, ...]], now: datetime) -> list[Invitation]:
    still = wanted.where(InvitationRow.status == "pending", InvitationRow.expires_at > now)
    return [Invitation(*row) for row in await tx.execute(still.order_by(InvitationRow.id))]


def _all() -> Select[*tuple[Any, ...]]:
    columns: tuple[Any, ...] = (
        InvitationRow.id,
        InvitationRow.book_id,
        InvitationRow.book_name,
        InvitationRow.inviter_name,
        InvitationRow.email,
        InvitationRow.role,
        InvitationRow.status,
        InvitationRow.created_at,
        InvitationRow.expires_at,
        InvitationRow.version,
    )
    return select(*columns)
