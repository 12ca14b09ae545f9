"""Signing in with a password. A wrong password and an unknown address run the same steps and get the same answer."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.people import KnownPlaceRow, PersonRow
from pfms_auth.db.tables.sessions import RefreshTokenRow, SessionRow
from pfms_auth.domain import rotation
from pfms_auth.domain.address import key_of
from pfms_auth.domain.throttle import SIGN_IN_DELAYS, place_of
from pfms_auth.operations import attempts
from pfms_auth.operations.access import access
from pfms_auth.operations.context import Context
from pfms_auth.operations.events import lock, publish
from pfms_auth.operations.pair import Caller, Pair, encode
from pfms_auth.queries.lookups import person_by_address
from pfms_auth.queries.people import Credentials, credentials
from pfms_common.ids import new_id
from pfms_common.problem import Refusal
from pfms_events.contracts.auth import SessionStarted
from pfms_events.outbox import Change


class WrongCredentials(Refusal):
    """No account has this address and password; nobody can tell which of the two is wrong."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


@dataclass(frozen=True, slots=True)
class _Counters:
    """The throttle's keys for one sign-in.

    A known place counts by itself; from elsewhere all tries on an account count together, and so do all tries
    from one place.
    """

    pair: bytes
    account: bytes
    place: bytes
    is_known_place: bool

    @property
    def taken(self) -> list[bytes]:
        return [self.pair] if self.is_known_place else [self.account, self.place]

    @property
    def cleared(self) -> list[bytes]:
        return [self.pair] if self.is_known_place else [self.account]

    @property
    def refunded(self) -> list[bytes]:
        return [] if self.is_known_place else [self.place]


async def sign_in(context: Context, address: str, password: str, caller: Caller) -> Pair:
    """A new session with its first pair of tokens; WrongCredentials or TooManyTries otherwise."""
    tools, now, key = context.tools, context.clock(), key_of(address)
    user_id = await person_by_address(context.pool, key) or new_id()
    place = place_key(context, caller)
    async with context.reading(users=[user_id]) as tx:
        known = await credentials(tx, user_id, place)
        counters = _counters(context, key, caller, known)
        await attempts.take(tx, counters.taken, now, SIGN_IN_DELAYS)
    right, renewed = await tools.hasher.verify(password, known.password_hash if known else None)
    if known is None or not right or (tools.refuses_unverified and not known.is_verified):
        raise WrongCredentials
    async with context.writing(users=[user_id]) as tx:
        await lock(tx, user_id)
        await _keep_password(tx, user_id, known.password_hash, renewed)
        await _remember_place(tx, user_id, place, now)
        await attempts.forgive(tx, counters.cleared, counters.refunded)
        return await _start_session(tx, context, user_id, caller, now)


def place_key(context: Context, caller: Caller) -> bytes:
    """The keyed hash under which a person's known places are kept."""
    return attempts.key(context.tools.keys.throttle_key, "place", place_of(caller.address))


def _counters(context: Context, address_key: str, caller: Caller, known: Credentials | None) -> _Counters:
    secret, place = context.tools.keys.throttle_key, place_of(caller.address)
    return _Counters(
        pair=attempts.key(secret, "pair", address_key, place),
        account=attempts.key(secret, "account", address_key),
        place=attempts.key(secret, "place", place),
        is_known_place=known is not None and known.is_known_place,
    )


async def _keep_password(tx: AsyncSession, user_id: UUID, verified: str, renewed: str | None) -> None:
    """The password must still be the one that was verified; its hash is renewed when the parameters rose."""
    present = await tx.scalar(select(PersonRow.password_hash).where(PersonRow.user_id == user_id))
    if present != verified:
        raise WrongCredentials
    if renewed is not None:
        await tx.execute(update(PersonRow).where(PersonRow.user_id == user_id).values(password_hash=renewed))


async def _remember_place(tx: AsyncSession, user_id: UUID, place: bytes, now: datetime) -> None:
    row = upsert(KnownPlaceRow).values(user_id=user_id, place=place, seen_at=now)
    await tx.execute(row.on_conflict_do_update(index_elements=["user_id", "place"], set_={"seen_at": now}))


async def _start_session(
    tx: AsyncSession, context: Context, user_id: UUID, caller: Caller, now: datetime
) -> Pair:
    session_id, token_id, secret = new_id(), new_id(), secrets.token_bytes(rotation.SECRET_BYTES)
    ends = now + rotation.ABSOLUTE
    await tx.execute(
        insert(SessionRow).values(
            user_id=user_id,
            id=session_id,
            device=caller.device,
            address=caller.address,
            started_at=now,
            last_used_at=now,
            expires_at=ends,
            version=1,
        )
    )
    await tx.execute(
        insert(RefreshTokenRow).values(
            user_id=user_id,
            id=token_id,
            session_id=session_id,
            secret_hash=rotation.digest(secret),
            seed=secrets.token_bytes(rotation.SECRET_BYTES),
            created_at=now,
            expires_at=rotation.expiry(now, ends),
        )
    )
    event = SessionStarted(id=session_id, user_id=user_id, started_at=now)
    await publish(tx, user_id, [Change(event, session_id, 1)], actor=user_id, now=now)
    signed = await access(
        tx,
        context.tools,
        user_id=user_id,
        session_id=session_id,
        signed_in_at=now,
        token_id=token_id,
        now=now,
    )
    return Pair(signed, encode(secret))
