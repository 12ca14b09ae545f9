"""A person's sign-ins that still count."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.sessions import SessionRow

SHOWN = 200


@dataclass(frozen=True, slots=True)
class SignIn:
    id: UUID
    device: str
    address: str
    started_at: datetime
    last_used_at: datetime
    expires_at: datetime


async def live_sessions(tx: AsyncSession, user_id: UUID, now: datetime) -> list[SignIn]:
    """The newest first."""
    found = await tx.execute(
        select(
            SessionRow.id,
            SessionRow.device,
            SessionRow.address,
            SessionRow.started_at,
            SessionRow.last_used_at,
            SessionRow.expires_at,
        )
        .where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now)
        .order_by(SessionRow.last_used_at.desc(), SessionRow.id.desc())
        .limit(SHOWN)
    )
    return [SignIn(*row) for row in found]


async def live_session_started_at(
    tx: AsyncSession, user_id: UUID, session_id: UUID, now: datetime
) -> datetime | None:
    """When this sign-in happened; None when it no longer counts."""
    return await tx.scalar(
        select(SessionRow.started_at).where(
            SessionRow.user_id == user_id,
            SessionRow.id == session_id,
            SessionRow.revoked_at.is_(None),
            SessionRow.expires_at > now,
        )
    )
