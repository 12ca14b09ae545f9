"""The feed's two routes, for other services only. Apart from feed.py, whose readers know nothing of HTTP's server."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from pfms_events.feed import PAGE, DatabaseFeed


def feed_router(pool: asyncpg.Pool, source: str, verify: Callable[[Request], Awaitable[None]]) -> APIRouter:
    """The two routes of the feed. `verify` refuses a request without a service token for this route and stream."""
    router = APIRouter(prefix="/internal/streams", dependencies=[Depends(verify)], include_in_schema=False)
    feed = DatabaseFeed(pool, source)

    @router.get("")
    async def streams(after: UUID | None = None, since: datetime | None = None) -> Response:
        found = await feed.streams(after=after, since=since)
        items = [{"stream_id": str(stream_id), "sequence": sequence} for stream_id, sequence in found]
        next_cursor = items[-1]["stream_id"] if len(items) == PAGE else None
        return _json(orjson.dumps({"items": items, "next_cursor": next_cursor}))

    @router.get("/{stream_id}/events")
    async def events(
        stream_id: UUID,
        after: Annotated[int, Query(ge=0)] = 0,
        to: Annotated[int | None, Query(ge=0)] = None,
        types: str = "",
    ) -> Response:
        wanted = [each for each in types.split(",") if each]
        texts, through = await feed.texts(stream_id, after=after, to=to, types=wanted)
        return _json(b'{"items":[' + ",".join(texts).encode() + b'],"through":%d}' % through)

    return router


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
