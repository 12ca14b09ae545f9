"""Listening to what changes."""

import asyncio
from contextlib import asynccontextmanager

import orjson


@asynccontextmanager
async def listening(user, last=None):
    """The events of a connection as (kind, data, id)."""
    headers = {"Last-Event-ID": last} if last else {}
    async with user.http.stream("GET", "/events", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield _events(response)


async def _events(response):
    fields = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], orjson.loads(fields["data"]), fields["id"]
            fields = {}


async def first(events, holds, seconds=10):
    async with asyncio.timeout(seconds):
        async for kind, data, seen in events:
            if holds(kind, data):
                return data, seen
    raise AssertionError("the stream ended")
