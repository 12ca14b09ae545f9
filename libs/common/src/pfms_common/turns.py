"""Writers of one book queue in the process before they take a connection: else one hot book starves the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakValueDictionary

from pfms_common.problem import Busy

QUEUE_SECONDS = 5


@dataclass(slots=True)
class Turns:
    """One per process. A book's lock lives as long as somebody holds it or waits for it."""

    _queues: "WeakValueDictionary[UUID, asyncio.Lock]" = field(default_factory=WeakValueDictionary)

    @asynccontextmanager
    async def of(self, book_id: UUID) -> AsyncIterator[None]:
        """Waits until nobody else in this process writes the book; Busy after five seconds."""
        lock = self._queues.get(book_id)
        if lock is None:
            lock = self._queues[book_id] = asyncio.Lock()
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await lock.acquire()
        except TimeoutError as error:
            raise Busy("This book is being written by others; try again.") from error
        try:
            yield
        finally:
            lock.release()
