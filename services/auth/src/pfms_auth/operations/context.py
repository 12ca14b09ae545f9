"""What every use case works with, and the one way to open a transaction.

Auth's rows belong to the person or the book that a use case finds out, not always to the book of a header; so
its transactions name their scope themselves. They commit before the answer starts: the handler is still running.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from pfms_auth.adapters.tools import Tools
from pfms_common import tracing
from pfms_common.clock import Clock
from pfms_common.sql import scope


@dataclass(frozen=True, slots=True)
class Context:
    """Args:
    pool: for the look-ups that come before anybody is known.
    poke: wakes the relay after a commit.
    """

    tools: Tools
    pool: asyncpg.Pool
    sessions: async_sessionmaker[AsyncSession]
    poke: Callable[[], None]
    clock: Clock

    @asynccontextmanager
    async def reading(
        self, *, users: Sequence[UUID] = (), books: Sequence[UUID] = ()
    ) -> AsyncIterator[AsyncSession]:
        """A transaction that sees these people's and books' rows; raise to roll it back."""
        with scope(users=users, books=books), tracing.span("transaction"):
            async with self.sessions.begin() as tx:
                yield tx

    @asynccontextmanager
    async def writing(
        self, *, users: Sequence[UUID] = (), books: Sequence[UUID] = ()
    ) -> AsyncIterator[AsyncSession]:
        """The same, and the relay is told after the commit."""
        async with self.reading(users=users, books=books) as tx:
            yield tx
        self.poke()
