"""Counts tries before they are made, and refuses those that come too fast."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.problem import TooMany

type Kind = Literal["account", "place", "pair", "mail"]

_TAKE = text("SELECT throttle_take(:keys, :at, :delays)")
_FORGIVE = text("SELECT throttle_forgive(:cleared, :refunded)")


class TooManyTries(TooMany):
    """Somebody guesses, or asks for too many mails."""

    def __init__(self, until: datetime, now: datetime) -> None:
        seconds = max(1, ceil((until - now).total_seconds()))
        super().__init__(f"Too many tries; wait {seconds} seconds.", extra={"retry_after": seconds})


def key(secret: bytes, kind: Kind, *parts: str) -> bytes:
    """A counter's key: a keyed hash, so that the table names nobody."""
    return hmac.digest(secret, "\0".join((kind, *parts)).encode(), hashlib.sha256)


async def take(tx: AsyncSession, keys: Sequence[bytes], now: datetime, delays: Sequence[int]) -> None:
    """Counts one try under each key; TooManyTries while one of them must wait."""
    until = await tx.scalar(_TAKE, {"keys": list(keys), "at": now, "delays": list(delays)})
    if until is not None:
        raise TooManyTries(until, now)


async def passes(tx: AsyncSession, keys: Sequence[bytes], now: datetime, delays: Sequence[int]) -> bool:
    """The same without a refusal: whether the try may be made."""
    return await tx.scalar(_TAKE, {"keys": list(keys), "at": now, "delays": list(delays)}) is None


async def forgive(tx: AsyncSession, cleared: Sequence[bytes], refunded: Sequence[bytes] = ()) -> None:
    """After a success: failures under `cleared` are over, the try under `refunded` does not count."""
    await tx.execute(_FORGIVE, {"cleared": list(cleared), "refunded": list(refunded)})
