"""What the budget's routes have in common: reading as fresh as the caller asks, writing under the book's lock."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_budget.operations.work import Work
from pfms_budget.queries.months import Stale, caught_up
from pfms_common import consistency, tracing
from pfms_common.idempotency import Claim
from pfms_common.input import PeriodName
from pfms_common.pagination import DEFAULT_LIMIT, MAX_LIMIT
from pfms_common.period import PeriodKey, period_key
from pfms_common.principal import Principal
from pfms_common.sql import connection as connection_of
from pfms_common.sql import raw, scope
from pfms_common.turns import Turns
from pfms_common.web import Editor, Viewer
from pfms_events.outbox import lock_heads
from pfms_service.once import once
from pfms_service.service import Resources

STALE = "X-Stale"

Token = Annotated[
    str | None,
    Header(
        alias=consistency.HEADER,
        description="tokens of earlier writes, joined by comma; the answer waits up to a second for what they name",
    ),
]
MonthKey = Annotated[
    PeriodName,
    Path(
        alias="month",
        description="YYYY-MM of a calendar month; of another period its first day, YYYY-MM-DD",
        examples=["2026-11"],
    ),
]
Version = Annotated[
    int | None, Field(ge=0, description="the version you saw, where If-Match is not sent", examples=[1])
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page", examples=[DEFAULT_LIMIT])]
CursorParam = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before")]
DeletedVersion = Annotated[
    int | None, Query(alias="version", ge=1, description="the version you saw, where If-Match is not sent")
]


async def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(_resources)]


async def _period(key: MonthKey) -> PeriodKey:
    return period_key(key)


MonthDep = Annotated[PeriodKey, Depends(_period)]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and the ledger's number that the figures must hold."""

    resources: Resources
    principal: Principal
    wanted: int

    @property
    def book_id(self) -> UUID:
        return self.principal.book_id

    async def caught_up(self) -> Stale | None:
        return await caught_up(self.resources.pool, self.book_id, self.wanted)

    async def derived(self) -> Stale | None:
        """The same, and until no change waits to be derived: months and transactions are read as one state."""
        return await caught_up(self.resources.pool, self.book_id, self.wanted, derived=True)


async def _reader(principal: Viewer, resources: ResourcesDep, token: Token = None) -> Reader:
    return Reader(resources, principal, consistency.read(token).get(("ledger", principal.book_id), 0))


ReaderDep = Annotated[Reader, Depends(_reader)]


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction in the caller's book, committed before the answer starts."""

    session: AsyncSession
    work: Work

    async def once(self, claim: Claim | None, run: Callable[[], Awaitable[Response]]) -> Response:
        """Runs under the book's lock, once per Idempotency-Key; the answer carries a consistency token."""

        async def locked() -> Response:
            await lock_heads(self.work.connection, [self.work.book_id])
            return await run()

        answer = await once(self.session, self.work.book_id, claim, locked)
        token = consistency.write("budget", self.work.book_id, await self.work.number())
        answer.headers[consistency.HEADER] = token
        return answer


async def _open_write(
    request: Request, principal: Editor, resources: ResourcesDep, token: Token = None
) -> AsyncIterator[Write]:
    """Waits for what the caller's tokens name, so that a category just made is known; then begins."""
    wanted = consistency.read(token).get(("ledger", principal.book_id), 0)
    if wanted:
        await caught_up(resources.pool, principal.book_id, wanted)
    turns: Turns = request.app.state.own
    with scope(books=[principal.book_id], users=[principal.user_id]), tracing.span("transaction"):
        async with turns.of(principal.book_id), resources.sessions.begin() as session:
            connection = await raw(session)
            yield Write(session, Work(connection, principal.book_id, principal.user_id, resources.clock()))
    resources.poke()


WriteDep = Annotated[Write, Depends(_open_write, scope="function")]


async def _open_read(principal: Viewer, resources: ResourcesDep) -> AsyncIterator[Work]:
    """For reading plans: a transaction that sees the caller's book."""
    with scope(books=[principal.book_id]):
        async with connection_of(resources.pool) as connection, connection.transaction():
            yield Work(connection, principal.book_id, principal.user_id, resources.clock())


ReadDep = Annotated[Work, Depends(_open_read, scope="function")]


def stale_headers(stale: Stale | None) -> dict[str, str]:
    return {STALE: stale} if stale else {}
