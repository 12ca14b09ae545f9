"""A person's profile, and what sign-in needs to know of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.people import KnownPlaceRow, PersonRow


@dataclass(frozen=True, slots=True)
class Profile:
    id: UUID
    email: str
    display_name: str
    home_currency: str
    timezone: str
    language: str
    is_verified: bool
    default_book_id: UUID | None
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is held against; `is_known_place`: this person signed in from there before."""

    password_hash: str
    is_verified: bool
    is_known_place: bool


async def profile(tx: AsyncSession, user_id: UUID) -> Profile | None:
    columns: tuple[Any, ...] = (
        PersonRow.user_id,
        PersonRow.email,
        PersonRow.display_name,
        PersonRow.home_currency,
        PersonRow.timezone,
        PersonRow.language,
        PersonRow.is_verified,
        PersonRow.default_book_id,
        PersonRow.created_at,
        PersonRow.version,
    )
    found = (await tx.execute(select(*columns).where(PersonRow.user_id == user_id))).one_or_none()
    return None if found is None else Profile(*found)


async def credentials(tx: AsyncSession, user_id: UUID, place: bytes) -> Credentials | None:
    known = and_(KnownPlaceRow.user_id == PersonRow.user_id, KnownPlaceRow.place == place)
    found = (
        await tx.execute(
            select(PersonRow.password_hash, PersonRow.is_verified, KnownPlaceRow.place.is_not(None))
            .join(KnownPlaceRow, known, isouter=True)
            .where(PersonRow.user_id == user_id)
        )
    ).one_or_none()
    return None if found is None else Credentials(*found)
