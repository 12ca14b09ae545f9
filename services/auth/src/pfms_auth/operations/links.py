"""Mailed links: confirming an address, and choosing a new password.

Asking for one answers alike whether or not the address has an account: the same statements run, and the link and
the mail are inserted from a person who may not be there.
"""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, insert, literal, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.base import Base
from pfms_auth.db.tables.mails import MailRow
from pfms_auth.db.tables.people import LinkRow, PersonRow
from pfms_auth.domain import letter
from pfms_auth.domain.address import key_of
from pfms_auth.domain.letter import Letter
from pfms_auth.domain.link import LIFE, SECRET_BYTES, LinkNotValid, Purpose
from pfms_auth.domain.password import check_password
from pfms_auth.domain.rotation import digest
from pfms_auth.domain.throttle import MAIL_DELAYS
from pfms_auth.operations import attempts
from pfms_auth.operations.context import Context
from pfms_auth.operations.events import lock, publish
from pfms_auth.operations.mails import enqueue, waiting
from pfms_auth.operations.sessions import end_sessions
from pfms_auth.queries.lookups import person_by_address, person_by_link
from pfms_auth.queries.people import Profile, profile
from pfms_common.ids import new_id
from pfms_events.contracts.auth import UserVerified
from pfms_events.outbox import Change

_ATTACH = text("SELECT attach_invitations(:person)")


async def ask_for_link(context: Context, address: str, purpose: Purpose) -> None:
    """Mails a link to the address when it has an account that can use one; too many are passed over in silence."""
    tools, now, key = context.tools, context.clock(), key_of(address)
    user_id = await person_by_address(context.pool, key) or new_id()
    secret = secrets.token_urlsafe(SECRET_BYTES)
    is_wanted = PersonRow.is_verified.is_(False) if purpose == "verify" else true()
    async with context.reading(users=[user_id]) as tx:
        counter = attempts.key(tools.keys.throttle_key, "mail", purpose, key)
        if await attempts.passes(tx, [counter], now, MAIL_DELAYS):
            stored = await tx.scalar(select(PersonRow.email).where(PersonRow.user_id == user_id, is_wanted))
            link = {
                "user_id": user_id,
                "id": new_id(),
                "purpose": purpose,
                "secret_hash": digest(secret.encode()),
                "expires_at": now + LIFE,
            }
            mail = waiting(tools, user_id, _letter(purpose, stored or address, tools.public_url, secret), now)
            await tx.execute(_insert_for_person(LinkRow, link, is_wanted))
            await tx.execute(_insert_for_person(MailRow, mail, is_wanted))


def _letter(purpose: Purpose, to: str, base_url: str, secret: str) -> Letter:
    """To the address as it is stored, never as it was typed: a look-alike is somebody else's mailbox."""
    write = letter.verify_address if purpose == "verify" else letter.reset_password
    return write(to, base_url, secret)


def _insert_for_person(row: type[Base], values: dict[str, Any], is_wanted: Any) -> Insert:
    """Inserts the row where its person exists, and otherwise nothing by the same statement."""
    columns = row.__table__.c
    chosen = select(*(literal(value, columns[name].type) for name, value in values.items()))
    of_person = chosen.select_from(PersonRow).where(PersonRow.user_id == values["user_id"], is_wanted)
    return insert(row).from_select(list(values), of_person)


async def verify_address(context: Context, secret: str) -> None:
    """The link's reader owns the address; LinkNotValid when it was used, has expired, or is not ours."""
    now = context.clock()
    user_id = await _person_of(context, secret)
    async with context.writing(users=[user_id]) as tx:
        await lock(tx, user_id)
        await _use(tx, user_id, secret, "verify", now)
        await _mark_verified(tx, await _present(tx, user_id), now)


async def reset_password(context: Context, secret: str, password: str) -> None:
    """Sets a new password and ends every session. The link proves the address too."""
    tools, now = context.tools, context.clock()
    user_id = await _person_of(context, secret)
    async with context.reading(users=[user_id]) as tx:
        person = await _present(tx, user_id)
    check_password(
        password,
        address=person.email,
        minimum=tools.minimum_password_length,
        common=tools.common_passwords,
    )
    password_hash = await tools.hasher.hash(password)
    async with context.writing(users=[user_id]) as tx:
        await lock(tx, user_id)
        await _use(tx, user_id, secret, "reset", now)
        await tx.execute(
            update(PersonRow).where(PersonRow.user_id == user_id).values(password_hash=password_hash)
        )
        await _mark_verified(tx, await _present(tx, user_id), now)
        ended = await end_sessions(tx, user_id, now, "password_reset")
        account = attempts.key(tools.keys.throttle_key, "account", key_of(person.email))
        await attempts.forgive(tx, [account])
        await enqueue(tx, tools, user_id, letter.password_changed(person.email, tools.public_url), now)
    await tools.denylist.end_sessions(ended)


async def _person_of(context: Context, secret: str) -> UUID:
    user_id = await person_by_link(context.pool, digest(secret.encode()))
    if user_id is None:
        raise LinkNotValid
    return user_id


async def _use(tx: AsyncSession, user_id: UUID, secret: str, purpose: Purpose, now: datetime) -> None:
    """Uses the link up; of two at once one finds it used."""
    used = await tx.scalar(
        update(LinkRow)
        .where(
            LinkRow.user_id == user_id,
            LinkRow.secret_hash == digest(secret.encode()),
            LinkRow.purpose == purpose,
            LinkRow.used_at.is_(None),
            LinkRow.expires_at > now,
        )
        .values(used_at=now)
        .returning(LinkRow.id)
    )
    if used is None:
        raise LinkNotValid


async def _present(tx: AsyncSession, user_id: UUID) -> Profile:
    present = await profile(tx, user_id)
    if present is None:
        raise LinkNotValid
    return present


async def _mark_verified(tx: AsyncSession, person: Profile, now: datetime) -> None:
    if person.is_verified:
        return
    version = person.version + 1
    await tx.execute(
        update(PersonRow).where(PersonRow.user_id == person.id).values(is_verified=True, version=version)
    )
    await tx.execute(_ATTACH, {"person": person.id})
    event = UserVerified(
        id=person.id,
        home_currency=person.home_currency,
        timezone=person.timezone,
        language=person.language,
        is_verified=True,
        default_book_id=person.default_book_id,
    )
    await publish(tx, person.id, [Change(event, person.id, version)], actor=person.id, now=now)
