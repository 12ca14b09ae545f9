"""Answers kept for some minutes in Redis; without it each is made anew, and nobody notices but the processor."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from pfms_common import logs

SECONDS = 300

log = logs.get("kept_answers")


async def read(redis: Redis | None, key: str) -> str | None:
    """What was kept under the key; None: nothing, or nobody can say."""
    if redis is None:
        return None
    try:
        kept = await redis.get(key)
    except (RedisError, OSError) as error:
        log.warning("kept_answer_not_read", error=type(error).__name__)
        return None
    return kept.decode() if isinstance(kept, bytes) else kept


async def keep(redis: Redis | None, key: str, text: str) -> None:
    if redis is None:
        return
    try:
        await redis.set(key, text, ex=SECONDS)
    except (RedisError, OSError) as error:
        log.warning("answer_not_kept", error=type(error).__name__)
