"""Access tokens: what a person may reach, said once and signed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.adapters.tools import Tools
from pfms_auth.db.tables.people import PersonRow
from pfms_auth.queries.books import roles_of
from pfms_auth.queries.sessions import live_session_started_at
from pfms_common.ids import new_id
from pfms_common.principal import Token, access_claims, sign
from pfms_common.problem import Unauthenticated

TYPE = "at+jwt"
METHODS = ["pwd"]


@dataclass(frozen=True, slots=True)
class Access:
    """A signed token and the seconds it lives."""

    access_token: str
    expires_in: int


async def access(
    tx: AsyncSession,
    tools: Tools,
    *,
    user_id: UUID,
    session_id: UUID,
    signed_in_at: datetime,
    token_id: UUID,
    now: datetime,
) -> Access:
    """An access token that names every book of the person. The same ids and instant give the same token."""
    books = await roles_of(tx, user_id)
    wanted = await tx.scalar(select(PersonRow.default_book_id).where(PersonRow.user_id == user_id))
    token = Token(
        user_id=user_id,
        session_id=session_id,
        book_id=wanted if wanted in books else next(iter(books), None),
        books=books,
        expires_at=int(now.timestamp()) + tools.access_token_seconds,
        auth_time=int(signed_in_at.timestamp()),
    )
    claims = {**access_claims(token, now=now, amr=METHODS), "jti": str(token_id)}
    return Access(sign(tools.keys.signing(now).signer, TYPE, claims), tools.access_token_seconds)


async def fresh_access(
    tx: AsyncSession, tools: Tools, user_id: UUID, session_id: UUID, now: datetime
) -> Access:
    """A new access token within a sign-in, after the person's books changed; 401 when the sign-in has ended."""
    started_at = await live_session_started_at(tx, user_id, session_id, now)
    if started_at is None:
        raise Unauthenticated("This sign-in has ended; sign in again.")
    return await access(
        tx,
        tools,
        user_id=user_id,
        session_id=session_id,
        signed_in_at=started_at,
        token_id=new_id(),
        now=now,
    )
