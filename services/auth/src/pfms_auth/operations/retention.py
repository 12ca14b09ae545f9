"""Forgetting what is over: sessions and links past their time, answered invitations, resting counters."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, text

from pfms_auth.db.tables.books import InvitationRow
from pfms_auth.db.tables.people import KnownPlaceRow, LinkRow
from pfms_auth.db.tables.sessions import SessionRow
from pfms_auth.operations.context import Context

KEPT = timedelta(days=30)
PLACES_KEPT = timedelta(days=90)
THROTTLE_KEPT = timedelta(days=1)


async def forget_of_person(context: Context, user_id: UUID, now: datetime) -> None:
    """Sessions go with their refresh tokens; a place not seen for long is a stranger's again."""
    async with context.reading(users=[user_id]) as tx:
        await tx.execute(
            delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.expires_at < now - KEPT)
        )
        await tx.execute(delete(LinkRow).where(LinkRow.user_id == user_id, LinkRow.expires_at < now - KEPT))
        await tx.execute(
            delete(KnownPlaceRow).where(
                KnownPlaceRow.user_id == user_id, KnownPlaceRow.seen_at < now - PLACES_KEPT
            )
        )


async def forget_of_book(context: Context, book_id: UUID, now: datetime) -> None:
    async with context.reading(books=[book_id]) as tx:
        await tx.execute(
            delete(InvitationRow).where(
                InvitationRow.book_id == book_id, InvitationRow.expires_at < now - KEPT
            )
        )


async def forget_tries(context: Context, now: datetime) -> None:
    async with context.reading() as tx:
        await tx.execute(text("SELECT throttle_forget(:before)"), {"before": now - THROTTLE_KEPT})
