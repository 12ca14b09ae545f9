"""What a service is: a record that its `app.py` writes out. Nothing is discovered or registered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx2 as httpx
from fastapi import APIRouter
from joserfc.jwk import OKPKey
from redis.asyncio import Redis
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from pfms_common.clock import Clock
from pfms_common.pagination import Cursors
from pfms_common.principal import TokenVerifier
from pfms_common.problem import Problem, Refusal
from pfms_common.settings import ServiceSettings
from pfms_events.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Resources:
    """What a running service holds; used alike by routes (`app.state`), consumers, jobs and the command line.

    Args:
        pool: asyncpg connections of the app role, for hot paths.
        sessions: SQLAlchemy sessions of the app role, for the rest.
        relay_pool: connections of the relay role, which finds work in every book; None in the api role.
        redis: None where no address is set; nothing may depend on it for a right answer.
        poke: tells the relay, after a commit, that there is something to send.
        peers: service name → client of its API.
        feeds: service name → client of its feed.
    """

    settings: ServiceSettings
    clock: Clock
    pool: asyncpg.Pool
    sessions: async_sessionmaker[AsyncSession]
    relay_pool: asyncpg.Pool | None
    redis: Redis | None
    tokens: TokenVerifier
    cursors: Cursors
    poke: Callable[[], None]
    peers: Mapping[str, httpx.AsyncClient]
    feeds: Mapping[str, httpx.AsyncClient]
    service_key: OKPKey | None


@dataclass(frozen=True, slots=True)
class Job:
    """What runs by the clock, under an advisory lock, in one process at a time.

    Args:
        every: seconds between the starts of two runs.
        run: does what is due; finds it by the relay pool, acts with the app pool.
    """

    name: str
    every: int
    run: Callable[["Running"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class OwnCommand:
    """A command that only this service has; `run` needs nothing but settings and answers with a line to print."""

    help: str
    run: Callable[[ServiceSettings], str]


@dataclass(frozen=True, slots=True)
class Running:
    """Resources and what the service itself made of them (its journal, its mailbox)."""

    resources: Resources
    own: Any


@asynccontextmanager
async def nothing_of_its_own(_resources: Resources) -> AsyncIterator[None]:
    yield None


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Args:
        name: folder, database `pfms_<name>`, roles `<name>_owner|app|relay`, prefix of its settings.
        package: import root, such as `pfms_ledger`.
        metadata: its tables, held against its migrations by a test.
        errors: refusals of its own domain → problems; common ones are known.
        own: opens what only this service has; its value is `app.state.own` and `Running.own`.
        commands: what its command line offers besides the commands of every service.
        rebuild: makes a book's rows again from events; answers how many rows differed.
        check: the invariants of a book that this service promises; answers what is broken, in words.
    """

    name: str
    summary: str
    package: str
    settings: type[ServiceSettings]
    metadata: MetaData
    routers: Sequence[APIRouter]
    errors: Mapping[type[Refusal], Problem] = field(default_factory=dict)
    subscriptions: Sequence[Subscription] = ()
    jobs: Sequence[Job] = ()
    own: Callable[[Resources], AbstractAsyncContextManager[Any]] = nothing_of_its_own
    commands: Mapping[str, OwnCommand] = field(default_factory=dict)
    rebuild: Callable[[Running, UUID], Awaitable[int]] | None = None
    check: Callable[[Running, UUID], Awaitable[list[str]]] | None = None
