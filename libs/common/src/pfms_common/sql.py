"""PostgreSQL as every service uses it: the scope of a transaction, pools, the engine.

Row-level security lets a transaction see the books and users that it names and nothing else. The names travel
with `BEGIN` in one round trip, from a context variable, so that neither SQLAlchemy nor asyncpg code can forget
them; where none are set the policies show no row.
"""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from pfms_common.problem import Busy, Refusal, StorageFull, Unavailable

CHECKOUT_SECONDS = 2
CONNECT_SECONDS = 2
COMMAND_SECONDS = 12
GONE = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises on a connection that is gone, besides what the server says: InternalClientError while the
server's farewell has been read and the end of the connection has not, as after a pause of this process.
"""
_BEGIN = text("SELECT 1")

_books: ContextVar[str] = ContextVar("books", default="{}")
_users: ContextVar[str] = ContextVar("users", default="{}")


_WRITTEN = "Somebody else is writing this just now; try again."
_BUSY = {
    "57014": "This takes the database too long just now; ask for less, or try again later.",
    "55P03": _WRITTEN,
    "40001": _WRITTEN,
    "40P01": _WRITTEN,
}

NAMING = {
    "pk": "%(table_name)s_pkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}
"""Names of constraints. Each service has a declarative base with a metadata of its own: embedded, all of them
live in one process and each has an `event` table.
"""


@contextmanager
def scope(*, books: Sequence[UUID] = (), users: Sequence[UUID] = ()) -> Iterator[None]:
    """Transactions begun inside see the rows of these books and users only."""
    book_token = _books.set(_array(books))
    user_token = _users.set(_array(users))
    try:
        yield
    finally:
        _books.reset(book_token)
        _users.reset(user_token)


def _array(ids: Sequence[UUID]) -> str:
    return "{" + ",".join(str(UUID(int=i.int)) for i in ids) + "}"


class _ScopedTransaction:
    """`BEGIN` and the scope in one round trip."""

    def __init__(self, connection: "ScopedConnection", mode: str) -> None:
        self._connection = connection
        self._mode = mode

    async def start(self) -> None:
        await self._connection.execute(
            f"BEGIN {self._mode}; SELECT set_config('app.book_ids', '{_books.get()}', true),"
            f" set_config('app.user_ids', '{_users.get()}', true)"
        )

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")

    async def __aenter__(self) -> None:
        await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        await (self.commit() if kind is None else self.rollback())


class ScopedConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """A connection whose transactions carry the scope, and which is not reset when it goes back to the pool:
    nothing here is set for longer than a transaction.
    """

    def transaction(self, *, snapshot: bool = False, **options: Any) -> Any:
        """`snapshot`: every statement sees the same moment, and none may write."""
        if self.is_in_transaction():
            return super().transaction(**options)
        return _ScopedTransaction(self, "ISOLATION LEVEL REPEATABLE READ READ ONLY" if snapshot else "")

    def get_reset_query(self) -> str:
        return "ROLLBACK" if self.is_in_transaction() else ""

    async def _reset(self) -> None:
        """asyncpg rolls back by its own Transaction object, which ours are not: see get_reset_query."""
        self._listeners.clear()
        self._log_listeners.clear()


def pool_size() -> int:
    """Connections a service's app role uses in all: more only wait on the same cores."""
    return min(2 * (os.cpu_count() or 1), 8)


async def open_pool(url: str, size: int, **settings: str) -> asyncpg.Pool:
    """An asyncpg pool, opened lazily. `settings` are PostgreSQL settings of its sessions."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        connection_class=ScopedConnection,
        command_timeout=COMMAND_SECONDS,
        timeout=CONNECT_SECONDS,
        server_settings=settings or None,
    )


@asynccontextmanager
async def connection(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool; none in two seconds is `Busy`."""
    try:
        taken = await pool.acquire(timeout=CHECKOUT_SECONDS)
    except TimeoutError as error:
        raise Busy("Every database connection is in use; try again.") from error
    try:
        yield taken
    finally:
        await pool.release(taken)  # shielded by asyncpg: a second shield is a second task for every request


def refusal_of(error: BaseException) -> Refusal | None:
    """What a database error tells a client that may help itself by trying again; None: a bug of ours."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    if isinstance(error, PoolTimeout):
        return Busy("Every database connection is in use; try again.")
    if isinstance(error, GONE):
        return Unavailable("The database is away; try again.")
    state = str(getattr(error, "sqlstate", "") or "")
    if state == "53100":
        return StorageFull("The database has no room to write; nothing was changed.")
    if state[:2] == "08" or state in {"57P01", "57P02", "57P03", "53300", "25P03"}:
        return Unavailable("The database is away; try again.")
    return Busy(why) if (why := _BUSY.get(state)) else None


def open_engine(url: str, size: int) -> AsyncEngine:
    """A SQLAlchemy engine on the same kind of connection; no overflow, two seconds to get one."""
    return create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=size,
        max_overflow=0,
        pool_timeout=CHECKOUT_SECONDS,
        pool_pre_ping=False,
        pool_reset_on_return="rollback",
        connect_args={
            "connection_class": ScopedConnection,
            "command_timeout": COMMAND_SECONDS,
            "timeout": CONNECT_SECONDS,
        },
    )


def open_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)


async def raw(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection under a session, in the session's transaction.

    SQLAlchemy begins only with its first statement: taken earlier, the connection would still be outside any
    transaction, each statement its own and without the scope.
    """
    connection = await session.connection()
    driver: asyncpg.Connection = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():
        await connection.execute(_BEGIN)
    return driver
