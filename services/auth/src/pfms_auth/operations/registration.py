"""Registering: a person, their first book, and a mail to confirm the address.

Nobody learns whether an address has an account: for a taken one the same statements run and are taken back, the
answer's ids lead nowhere, and the address's owner gets a mail instead.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.adapters.tools import Tools
from pfms_auth.db.tables.people import KnownPlaceRow, LinkRow, PersonRow
from pfms_auth.domain import letter, link
from pfms_auth.domain.address import key_of
from pfms_auth.domain.rotation import digest
from pfms_auth.domain.throttle import MAIL_DELAYS
from pfms_auth.operations import attempts
from pfms_auth.operations.books import NewBook, insert_book
from pfms_auth.operations.events import lock, publish
from pfms_auth.operations.mails import enqueue
from pfms_auth.queries.books import Book
from pfms_auth.queries.people import Profile
from pfms_common.ids import new_id
from pfms_events.contracts.auth import UserRegistered
from pfms_events.outbox import Change

PERSONAL_BOOK = "Personal"
"""Book names travel in events, where nobody's own name may."""

_CLAIM_ADDRESS = text("SELECT claim_address(:wanted)")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Args:
    place: keyed hash of the client's address, which is known from now on.
    """

    user_id: UUID
    book_id: UUID
    email: str
    password_hash: str
    display_name: str
    home_currency: str
    timezone: str
    language: str
    place: bytes


@dataclass(frozen=True, slots=True)
class Registered:
    """The new person and book, with the numbers of their streams."""

    profile: Profile
    book: Book
    person_number: int
    book_number: int


async def register(tx: AsyncSession, tools: Tools, new: NewPerson, now: datetime) -> Registered:
    """Registers, or pretends to. Person and book are in the transaction's scope."""
    taken = await tx.scalar(_CLAIM_ADDRESS, {"wanted": key_of(new.email)}) is not None
    secret = secrets.token_urlsafe(link.SECRET_BYTES)
    attempt = await tx.begin_nested()
    registered = await _insert(tx, new, f"taken {new.user_id}" if taken else key_of(new.email), secret, now)
    if taken:
        await attempt.rollback()
        mail = letter.address_taken(new.email, tools.public_url)
    else:
        await attempt.commit()  # law commits: a savepoint, not the transaction
        mail = letter.verify_address(new.email, tools.public_url, secret)
    counter = attempts.key(tools.keys.throttle_key, "mail", "register", key_of(new.email))
    if await attempts.passes(tx, [counter], now, MAIL_DELAYS):
        await enqueue(tx, tools, new.user_id, mail, now)
    return registered


async def _insert(
    tx: AsyncSession, new: NewPerson, address_key: str, secret: str, now: datetime
) -> Registered:
    await lock(tx, new.user_id, new.book_id)
    profile = Profile(
        id=new.user_id,
        email=new.email,
        display_name=new.display_name,
        home_currency=new.home_currency,
        timezone=new.timezone,
        language=new.language,
        is_verified=False,
        default_book_id=new.book_id,
        created_at=now,
        version=1,
    )
    await _insert_person(tx, profile, new, address_key)
    book, book_number = await insert_book(
        tx, new.user_id, NewBook(new.book_id, PERSONAL_BOOK, new.home_currency, new.timezone), now
    )
    await tx.execute(
        insert(LinkRow).values(
            user_id=new.user_id,
            id=new_id(),
            purpose="verify",
            secret_hash=digest(secret.encode()),
            expires_at=now + link.LIFE,
        )
    )
    event = UserRegistered(
        id=new.user_id,
        home_currency=new.home_currency,
        timezone=new.timezone,
        language=new.language,
        default_book_id=new.book_id,
    )
    person_number = await publish(
        tx, new.user_id, [Change(event, new.user_id, 1)], actor=new.user_id, now=now
    )
    return Registered(profile, book, person_number, book_number)


async def _insert_person(tx: AsyncSession, profile: Profile, new: NewPerson, address_key: str) -> None:
    await tx.execute(
        insert(PersonRow).values(
            user_id=profile.id,
            email=profile.email,
            address_key=address_key,
            password_hash=new.password_hash,
            display_name=profile.display_name,
            home_currency=profile.home_currency,
            timezone=profile.timezone,
            language=profile.language,
            is_verified=False,
            default_book_id=profile.default_book_id,
            created_at=profile.created_at,
            version=profile.version,
        )
    )
    await tx.execute(
        insert(KnownPlaceRow).values(user_id=profile.id, place=new.place, seen_at=profile.created_at)
    )
