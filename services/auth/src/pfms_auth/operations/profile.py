"""Changing one's profile."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.people import PersonRow
from pfms_auth.operations.events import lock, publish
from pfms_auth.queries.books import roles_of
from pfms_auth.queries.people import Profile, profile
from pfms_common.problem import NotFound
from pfms_events.contracts.auth import UserUpdated
from pfms_events.outbox import Change


async def change_profile(
    tx: AsyncSession,
    user_id: UUID,
    changes: Mapping[str, Any],
    check: Callable[[int], None],
    now: datetime,
) -> tuple[Profile, int]:
    """Changes the given fields; `check` is given the present version. Answers with the stream's number too."""
    await lock(tx, user_id)
    present = await profile(tx, user_id)
    if present is None:
        raise NotFound("There is no such account.")
    check(present.version)
    await _check_default_book(tx, user_id, changes)
    version = present.version + 1
    await tx.execute(update(PersonRow).where(PersonRow.user_id == user_id).values(version=version, **changes))
    changed = await profile(tx, user_id)
    if changed is None:
        raise NotFound("There is no such account.")
    event = UserUpdated(
        id=user_id,
        home_currency=changed.home_currency,
        timezone=changed.timezone,
        language=changed.language,
        is_verified=changed.is_verified,
        default_book_id=changed.default_book_id,
    )
    number = await publish(tx, user_id, [Change(event, user_id, version)], actor=user_id, now=now)
    return changed, number


async def _check_default_book(tx: AsyncSession, user_id: UUID, changes: Mapping[str, Any]) -> None:
    wanted = changes.get("default_book_id")
    if wanted is not None and wanted not in await roles_of(tx, user_id):
        raise NotFound("You are in no such book.", errors={"default_book_id": ["is no book of yours"]})
