"""Tells the gateway at once which sign-ins no longer count; without Redis they end with their access tokens."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from pfms_common import logs
from pfms_common.principal import LEEWAY_SECONDS

log = logs.get("denylist")


class Denylist:
    """Keys that live as long as the longest access token they deny.

    `revoked:<session id>`: the session ended. `left:<book id>:<user id>`: Unix seconds; a token of this user that
    expires then or before was made when the user was more in this book than now.
    """

    def __init__(self, redis: Redis | None, access_token_seconds: int) -> None:
        self._redis = redis
        self._token_life = access_token_seconds
        self._life = access_token_seconds + LEEWAY_SECONDS

    async def end_sessions(self, session_ids: Iterable[UUID]) -> None:
        await self._set({f"revoked:{session_id}": "1" for session_id in session_ids})

    async def leave_book(self, book_id: UUID, user_id: UUID, now: datetime) -> None:
        await self._set({f"left:{book_id}:{user_id}": str(int(now.timestamp()) + self._token_life)})

    async def _set(self, values: dict[str, str]) -> None:
        if self._redis is None or not values:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for name, value in values.items():
                    pipe.set(name, value, ex=self._life)
                await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("denylist_not_told", keys=len(values), error=type(error).__name__)
