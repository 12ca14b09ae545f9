"""The event loop of a process."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs to the end on the fastest event loop there is."""
    try:
        import uvloop  # noqa: PLC0415  # not on every platform
    except ImportError:
        asyncio.run(work)
    else:
        asyncio.run(work, loop_factory=uvloop.new_event_loop)
