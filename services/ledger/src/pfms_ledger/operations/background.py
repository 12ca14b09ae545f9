"""Work that goes on after its request was answered, in the process that took the request.

What is cut off here is found again in the database by a job: nothing depends on this process living.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from pfms_common import logs
from pfms_common.problem import Refusal

log = logs.get("background")


@dataclass(slots=True)
class Background:
    """The tasks of one service process.

    `heavy` is held by who parses a file: one at a time, or two large files would take the loop's turns away.
    `writing` is held for a batch by who writes many: such work takes turns on one of the few connections, so that
    people find one too.
    """

    heavy: asyncio.Lock = field(default_factory=asyncio.Lock)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def start[T](self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Runs it on its own; an error is logged, and a refusal told: whoever waits for it answers it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Refusal):
            log.info("work in the background was refused", work=task.get_name(), why=type(error).__name__)
        elif error is not None:
            log.error("work in the background failed", work=task.get_name(), exc_info=error)

    async def stop(self) -> None:
        """Cancels what is left; each task has the time to give back what it holds."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
