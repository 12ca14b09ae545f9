"""Ending sessions."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.sessions import SessionRow
from pfms_auth.operations.events import lock, publish
from pfms_events.contracts.auth import SessionCompromised, SessionRevoked
from pfms_events.outbox import Change

type Reason = Literal["signed_out", "revoked", "password_reset", "refresh_token_reused"]


async def end_sessions(
    tx: AsyncSession,
    user_id: UUID,
    now: datetime,
    reason: Reason,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    compromised: bool = False,
) -> list[UUID]:
    """Ends a person's sessions, all, `only` one or all `but` one, and answers with those that were live.

    The caller tells the denylist of them after the commit. A compromised one is told of by two events.
    """
    await lock(tx, user_id)
    steps = 2 if compromised else 1
    ending = update(SessionRow).where(
        SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.expires_at > now
    )
    if only is not None:
        ending = ending.where(SessionRow.id == only)
    if but is not None:
        ending = ending.where(SessionRow.id != but)
    ended = (
        await tx.execute(
            ending.values(revoked_at=now, version=SessionRow.version + steps).returning(
                SessionRow.id, SessionRow.version
            )
        )
    ).all()
    changes: list[Change] = []
    for session_id, version in sorted(ended):
        if compromised:
            stolen = SessionCompromised(id=session_id, user_id=user_id)
            changes.append(Change(stolen, session_id, version - 1))
        over = SessionRevoked(id=session_id, user_id=user_id, reason=reason)
        changes.append(Change(over, session_id, version))
    if changes:
        await publish(tx, user_id, changes, actor=user_id, now=now)
    return [session_id for session_id, _ in ended]
