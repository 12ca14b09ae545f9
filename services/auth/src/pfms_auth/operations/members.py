"""Who is in a book, and as what. Roles are read under the book's lock: a token may be ten minutes behind."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.books import MembershipRow
from pfms_auth.domain.membership import check_owner_remains, require_role
from pfms_auth.operations.events import lock, publish
from pfms_auth.queries.members import Member, member
from pfms_common.problem import NotFound
from pfms_common.role import Role
from pfms_events.contracts.auth import BookMemberRemoved, BookMemberRoleChanged
from pfms_events.outbox import Change


async def lock_as(tx: AsyncSession, book_id: UUID, user_id: UUID, needed: Role) -> None:
    """Locks the book for a change that needs this role. Who is no member learns nothing: 404."""
    await lock(tx, book_id)
    roles = await _roles(tx, book_id)
    if user_id not in roles:
        raise NotFound("There is no such book.")
    require_role(roles[user_id], needed)


async def change_role(
    tx: AsyncSession,
    book_id: UUID,
    actor: UUID,
    user_id: UUID,
    role: Role,
    check: Callable[[int], None],
    now: datetime,
) -> tuple[Member, int]:
    """Gives a member another role; owners may. Answers with the member and the book's number."""
    await lock_as(tx, book_id, actor, "owner")
    present = await _membership(tx, book_id, user_id)
    check(present.version)
    check_owner_remains(await _roles(tx, book_id), user_id, role)
    version = present.version + 1
    await tx.execute(update(MembershipRow).where(*_is(book_id, user_id)).values(role=role, version=version))
    event = BookMemberRoleChanged(id=present.id, book_id=book_id, user_id=user_id, role=role)
    number = await publish(tx, book_id, [Change(event, present.id, version)], actor=actor, now=now)
    changed = await member(tx, book_id, user_id)
    if changed is None:
        raise NotFound("There is no such member of this book.")
    return changed, number


async def remove_member(
    tx: AsyncSession,
    book_id: UUID,
    actor: UUID,
    user_id: UUID,
    check: Callable[[int], None],
    now: datetime,
) -> int:
    """Takes a member out of the book; owners may. Answers with the book's number."""
    await lock_as(tx, book_id, actor, "owner")
    return await _remove(tx, book_id, actor, user_id, check, now)


async def leave(tx: AsyncSession, book_id: UUID, user_id: UUID, now: datetime) -> int:
    """Everybody may go, but not the last owner."""
    await lock_as(tx, book_id, user_id, "viewer")
    return await _remove(tx, book_id, user_id, user_id, lambda _version: None, now)


async def _remove(
    tx: AsyncSession,
    book_id: UUID,
    actor: UUID,
    user_id: UUID,
    check: Callable[[int], None],
    now: datetime,
) -> int:
    present = await _membership(tx, book_id, user_id)
    check(present.version)
    check_owner_remains(await _roles(tx, book_id), user_id, None)
    await tx.execute(delete(MembershipRow).where(*_is(book_id, user_id)))
    event = BookMemberRemoved(id=present.id, book_id=book_id, user_id=user_id)
    change = Change(event, present.id, present.version + 1)
    return await publish(tx, book_id, [change], actor=actor, now=now)


async def _membership(tx: AsyncSession, book_id: UUID, user_id: UUID) -> Row[UUID, int]:
    found = (
        await tx.execute(select(MembershipRow.id, MembershipRow.version).where(*_is(book_id, user_id)))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such member of this book.")
    return found


async def _roles(tx: AsyncSession, book_id: UUID) -> dict[UUID, Role]:
    """User → role of every member."""
    found = await tx.execute(
        select(MembershipRow.user_id, MembershipRow.role).where(MembershipRow.book_id == book_id)
    )
    return {UUID(int=user_id.int): role for user_id, role in found}  # type: ignore[misc]  # the table's check holds the roles


def _is(book_id: UUID, user_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return MembershipRow.book_id == book_id, MembershipRow.user_id == user_id
