"""Refreshing: a refresh token is spent and its child takes its place."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from pfms_auth.db.tables.people import PersonRow
from pfms_auth.db.tables.sessions import RefreshTokenRow, SessionRow
from pfms_auth.domain import letter, rotation
from pfms_auth.domain.rotation import Shown, Verdict, judge
from pfms_auth.operations.access import access
from pfms_auth.operations.context import Context
from pfms_auth.operations.events import lock
from pfms_auth.operations.mails import enqueue
from pfms_auth.operations.pair import Caller, Pair, decode, encode
from pfms_auth.operations.sessions import end_sessions
from pfms_auth.queries.lookups import person_by_refresh_token
from pfms_common.ids import new_id
from pfms_common.problem import Refusal


class RefreshRefused(Refusal):
    """The refresh token is not ours, has expired, or was used already."""

    def __init__(self) -> None:
        super().__init__("The refresh token no longer counts; sign in again.")


@dataclass(frozen=True, slots=True)
class _Found:
    """A stored refresh token in its session, and what the rule looks at."""

    id: UUID
    session_id: UUID
    seed: bytes
    child_id: UUID | None
    spent_at: datetime | None
    signed_in_at: datetime
    session_ends: datetime
    shown: Shown


async def refresh(context: Context, refresh_token: str, caller: Caller) -> Pair:
    """The next pair. A spent token that comes back ends its session, which is committed before the refusal."""
    secret, now = decode(refresh_token), context.clock()
    if secret is None:
        raise RefreshRefused
    user_id = await person_by_refresh_token(context.pool, rotation.digest(secret))
    if user_id is None:
        raise RefreshRefused
    async with context.writing(users=[user_id]) as tx:
        await lock(tx, user_id)
        token = await _find(tx, user_id, secret, now)
        if token is None:
            raise RefreshRefused
        verdict = judge(token.shown, client=caller.client, now=now)
        if verdict is Verdict.ROTATE:
            return await _rotate(tx, context, user_id, token, caller, now)
        if verdict is Verdict.REPEAT and token.child_id is not None and token.spent_at is not None:
            return await _pair(tx, context, user_id, token, token.child_id, token.spent_at)
        if verdict is Verdict.REVOKE:
            await _revoke(tx, context, user_id, token, now)
    if verdict is Verdict.REVOKE:
        await context.tools.denylist.end_sessions([token.session_id])
    raise RefreshRefused


async def _find(tx: AsyncSession, user_id: UUID, secret: bytes, now: datetime) -> _Found | None:
    child = aliased(RefreshTokenRow)
    found = (
        await tx.execute(
            select(RefreshTokenRow, SessionRow, child.spent_at.is_not(None))
            .join(
                SessionRow,
                and_(
                    SessionRow.user_id == RefreshTokenRow.user_id, SessionRow.id == RefreshTokenRow.session_id
                ),
            )
            .join(
                child,
                and_(child.user_id == RefreshTokenRow.user_id, child.id == RefreshTokenRow.child_id),
                isouter=True,
            )
            .where(RefreshTokenRow.user_id == user_id, RefreshTokenRow.secret_hash == rotation.digest(secret))
        )
    ).one_or_none()
    if found is None:
        return None
    token, session, is_child_spent = found
    shown = Shown(
        expires_at=token.expires_at,
        spent_at=token.spent_at,
        spent_by=token.spent_by,
        is_child_spent=is_child_spent,
        is_session_live=session.revoked_at is None and now < session.expires_at,
    )
    return _Found(
        id=token.id,
        session_id=session.id,
        seed=token.seed,
        child_id=token.child_id,
        spent_at=token.spent_at,
        signed_in_at=session.started_at,
        session_ends=session.expires_at,
        shown=shown,
    )


async def _rotate(
    tx: AsyncSession, context: Context, user_id: UUID, token: _Found, caller: Caller, now: datetime
) -> Pair:
    child_id = new_id()
    await tx.execute(
        insert(RefreshTokenRow).values(
            user_id=user_id,
            id=child_id,
            session_id=token.session_id,
            secret_hash=rotation.digest(_child_secret(context, token)),
            seed=secrets.token_bytes(rotation.SECRET_BYTES),
            created_at=now,
            expires_at=rotation.expiry(now, token.session_ends),
        )
    )
    await tx.execute(
        update(RefreshTokenRow)
        .where(RefreshTokenRow.user_id == user_id, RefreshTokenRow.id == token.id)
        .values(spent_at=now, spent_by=caller.client, child_id=child_id)
    )
    await tx.execute(
        update(SessionRow)
        .where(SessionRow.user_id == user_id, SessionRow.id == token.session_id)
        .values(last_used_at=now, device=caller.device, address=caller.address)
    )
    return await _pair(tx, context, user_id, token, child_id, now)


async def _pair(
    tx: AsyncSession, context: Context, user_id: UUID, token: _Found, child_id: UUID, at: datetime
) -> Pair:
    """The pair that took this token's place `at` that instant: asked for again, it is the same."""
    signed = await access(
        tx,
        context.tools,
        user_id=user_id,
        session_id=token.session_id,
        signed_in_at=token.signed_in_at,
        token_id=child_id,
        now=at,
    )
    return Pair(signed, encode(_child_secret(context, token)))


def _child_secret(context: Context, token: _Found) -> bytes:
    return rotation.child_secret(context.tools.keys.refresh_secret, token.id, token.seed)


async def _revoke(tx: AsyncSession, context: Context, user_id: UUID, token: _Found, now: datetime) -> None:
    await end_sessions(tx, user_id, now, "refresh_token_reused", only=token.session_id, compromised=True)
    email = await tx.scalar(select(PersonRow.email).where(PersonRow.user_id == user_id))
    if email is not None:
        mail = letter.session_compromised(email, context.tools.public_url)
        await enqueue(tx, context.tools, user_id, mail, now)
