"""Inviting by mail, and answering. Who asks in the app must own the address; who holds the link has read its mail."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.books import BookRow, InvitationRow, MembershipRow
from pfms_auth.domain import invitation as rules
from pfms_auth.domain import letter, link
from pfms_auth.domain.address import key_of
from pfms_auth.domain.membership import (
    AlreadyMember,
    check_another,
    check_room_for_book,
    check_room_for_member,
)
from pfms_auth.domain.rotation import digest
from pfms_auth.domain.throttle import MAIL_DELAYS
from pfms_auth.operations import attempts
from pfms_auth.operations.access import Access, fresh_access
from pfms_auth.operations.context import Context
from pfms_auth.operations.events import lock, publish
from pfms_auth.operations.mails import enqueue
from pfms_auth.operations.members import lock_as
from pfms_auth.queries import invitations
from pfms_auth.queries.books import Book, book, roles_of
from pfms_auth.queries.invitations import Invitation
from pfms_auth.queries.lookups import book_by_invitation
from pfms_auth.queries.people import profile
from pfms_common.ids import new_id
from pfms_common.problem import NotFound
from pfms_common.role import Role
from pfms_events.contracts.auth import BookMemberAdded
from pfms_events.outbox import Change

_VERIFIED_PERSON = text("SELECT verified_person_by_address(:wanted)")


@dataclass(frozen=True, slots=True)
class Joined:
    """What accepting gives: the book, a token that names it, and the book's number."""

    book: Book
    access: Access
    number: int


async def invite(
    tx: AsyncSession, context: Context, book_id: UUID, actor: UUID, email: str, role: Role, now: datetime
) -> Invitation:
    """Mails an invitation; owners may. A newer one to the same address takes the place of the older.

    Whether the address has an account makes no difference that the inviter could see.
    """
    tools, key = context.tools, key_of(email)
    await lock_as(tx, book_id, actor, "owner")
    inviter = await profile(tx, actor)
    if inviter is None:
        raise NotFound("There is no such book.")
    check_another(key, key_of(inviter.email))
    counter = attempts.key(tools.keys.throttle_key, "mail", "invite", str(book_id), key)
    await attempts.take(tx, [counter], now, MAIL_DELAYS)
    await _withdraw_older(tx, book_id, key)
    await _check_room(tx, book_id, now)
    name = await tx.scalar(select(BookRow.name).where(BookRow.book_id == book_id))
    if name is None:
        raise NotFound("There is no such book.")
    invitation_id, secret = new_id(), secrets.token_urlsafe(link.SECRET_BYTES)
    await tx.execute(
        insert(InvitationRow).values(
            book_id=book_id,
            id=invitation_id,
            user_id=await tx.scalar(_VERIFIED_PERSON, {"wanted": key}),
            email=email,
            address_key=key,
            role=role,
            book_name=name,
            inviter_name=inviter.display_name,
            secret_hash=digest(secret.encode()),
            created_at=now,
            expires_at=now + rules.LIFE,
            status="pending",
            version=1,
        )
    )
    mail = letter.invitation_to_book(
        email,
        tools.public_url,
        invitation_id=str(invitation_id),
        secret=secret,
        book=name,
        inviter=inviter.display_name,
    )
    await enqueue(tx, tools, actor, mail, now)
    return _there(await invitations.by_id(tx, invitation_id))


async def withdraw(
    tx: AsyncSession,
    book_id: UUID,
    actor: UUID,
    invitation_id: UUID,
    check: Callable[[int], None],
    now: datetime,
) -> None:
    """Takes an open invitation back; owners may."""
    await lock_as(tx, book_id, actor, "owner")
    found = _there(await invitations.by_id(tx, invitation_id))
    if found.book_id != book_id:
        raise NotFound("There is no such invitation.")
    check(found.version)
    rules.check_open(found.status, found.expires_at, now)
    await _close(tx, found, "withdrawn")


async def accept(
    context: Context, user_id: UUID, session_id: UUID, invitation_id: UUID, secret: str | None
) -> Joined:
    """Makes the person a member, with a token that says so."""
    now = context.clock()
    found = await _find(context, user_id, invitation_id, secret)
    async with context.writing(users=[user_id], books=[found.book_id]) as tx:
        await lock(tx, user_id, found.book_id)
        present = _there(await invitations.by_id(tx, invitation_id))
        rules.check_open(present.status, present.expires_at, now)
        check_room_for_book(len(await roles_of(tx, user_id)))
        number = await _join(tx, present, user_id, now)
        await _close(tx, present, "accepted")
        joined = await book(tx, user_id, present.book_id)
        if joined is None:
            raise NotFound("There is no such book.")
        return Joined(joined, await fresh_access(tx, context.tools, user_id, session_id, now), number)


async def decline(context: Context, user_id: UUID, invitation_id: UUID, secret: str | None) -> None:
    found = await _find(context, user_id, invitation_id, secret)
    async with context.writing(users=[user_id], books=[found.book_id]) as tx:
        await lock(tx, found.book_id)
        present = _there(await invitations.by_id(tx, invitation_id))
        rules.check_open(present.status, present.expires_at, context.clock())
        await _close(tx, present, "declined")


async def _find(context: Context, user_id: UUID, invitation_id: UUID, secret: str | None) -> Invitation:
    """The invitation to this person, or the one whose mailed secret they hold."""
    if secret is None:
        async with context.reading(users=[user_id]) as tx:
            return _there(await invitations.by_id(tx, invitation_id))
    secret_hash = digest(secret.encode())
    book_id = await book_by_invitation(context.pool, secret_hash)
    if book_id is None:
        raise NotFound("There is no such invitation.")
    async with context.reading(users=[user_id], books=[book_id]) as tx:
        return _there(await invitations.by_secret(tx, invitation_id, secret_hash))


async def _join(tx: AsyncSession, present: Invitation, user_id: UUID, now: datetime) -> int:
    membership_id = new_id()
    added = await tx.scalar(
        upsert(MembershipRow)
        .values(
            book_id=present.book_id,
            user_id=user_id,
            id=membership_id,
            role=present.role,
            joined_at=now,
            version=1,
        )
        .on_conflict_do_nothing()
        .returning(MembershipRow.id)
    )
    if added is None:
        raise AlreadyMember("You are a member of this book already.")
    event = BookMemberAdded(id=membership_id, book_id=present.book_id, user_id=user_id, role=present.role)
    change = Change(event, membership_id, 1)
    return await publish(tx, present.book_id, [change], actor=user_id, now=now)


async def _check_room(tx: AsyncSession, book_id: UUID, now: datetime) -> None:
    members = select(func.count()).where(MembershipRow.book_id == book_id)
    count = await tx.scalar(members)
    check_room_for_member((count or 0) + len(await invitations.of_book(tx, book_id, now)))


async def _withdraw_older(tx: AsyncSession, book_id: UUID, address_key: str) -> None:
    await tx.execute(
        update(InvitationRow)
        .where(
            InvitationRow.book_id == book_id,
            InvitationRow.address_key == address_key,
            InvitationRow.status == "pending",
        )
        .values(status="withdrawn", version=InvitationRow.version + 1)
    )


async def _close(tx: AsyncSession, present: Invitation, status: rules.Status) -> None:
    await tx.execute(
        update(InvitationRow)
        .where(InvitationRow.book_id == present.book_id, InvitationRow.id == present.id)
        .values(status=status, version=present.version + 1)
    )


def _there(found: Invitation | None) -> Invitation:
    if found is None:
        raise NotFound("There is no such invitation.")
    return found
