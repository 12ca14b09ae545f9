"""One write of a person: the connection that holds the book's head, who writes, and when."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from pfms_budget.operations import log, months
from pfms_budget.operations.touched import EVERYTHING, Touched
from pfms_events.outbox import Change

_NUMBER = "SELECT sequence FROM stream_head WHERE stream_id = $1"


@dataclass(frozen=True, slots=True)
class Work:
    connection: asyncpg.Connection
    book_id: UUID
    user_id: UUID
    now: datetime

    async def tell(self, *changes: Change) -> None:
        """Appends what was decided, before the months that it changes are announced."""
        await log.tell(self.connection, self.book_id, changes, self.user_id)

    async def derive(self, day: date, *, allocates: bool = False, tells: bool = False) -> None:
        """Derives the months from the one of `day` on.

        Args:
            allocates: money is set aside, so a strict book refuses what it does not have.
            tells: the month is announced even where its derived figures stay.
        """
        await months.derive(
            self.connection,
            {self.book_id: Touched(frozenset([day]))},
            self.now,
            actor=self.user_id,
            told={self.book_id: day} if tells else {},
            holds_strict=allocates,
        )

    async def derive_since(self, day: date) -> None:
        """Derives the months from the one of `day` to the last."""
        await months.derive(self.connection, {self.book_id: Touched(since=day)}, self.now, actor=self.user_id)

    async def derive_all(self) -> None:
        await months.derive(self.connection, {self.book_id: EVERYTHING}, self.now, actor=self.user_id)

    async def number(self) -> int:
        """The book's number, for a consistency token."""
        number: int = await self.connection.fetchval(_NUMBER, self.book_id)
        return number
