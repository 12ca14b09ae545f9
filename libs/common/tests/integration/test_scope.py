"""A transaction sees the books it names, on a pool that is shared and under requests that are cut off."""

import asyncio
import os
import random
import secrets
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from pfms_common.sql import connection, open_engine, open_pool, open_sessions, raw, scope

SEES = "book_id = ANY ((SELECT nullif(current_setting('app.book_ids', true), '')::uuid[])::uuid[])"
BOOKS = [uuid4() for _ in range(4)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url() -> AsyncIterator[str]:
    """A database with one table of four books, and a role that row-level security binds."""
    admin = os.environ["PFMS_TEST_PG_URL"]
    name = f"scope_{secrets.token_hex(6)}"
    maker = await asyncpg.connect(admin)
    await maker.execute(f"CREATE DATABASE {name}")
    await maker.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'test'")
    path = admin.partition("?")
    base, _, _ = path[0].rpartition("/")
    owner = await asyncpg.connect(f"{base}/{name}{path[1]}{path[2]}")
    await owner.execute("CREATE TABLE thing (book_id uuid, id int, PRIMARY KEY (book_id, id))")
    await owner.execute(
        "ALTER TABLE thing ENABLE ROW LEVEL SECURITY; ALTER TABLE thing FORCE ROW LEVEL SECURITY"
    )
    await owner.execute(f"CREATE POLICY p ON thing TO {name} USING ({SEES}) WITH CHECK ({SEES})")
    await owner.execute(f"GRANT SELECT, INSERT ON thing TO {name}")
    for book in BOOKS:
        await owner.executemany("INSERT INTO thing VALUES ($1, $2)", [(book, n) for n in range(5)])
    await owner.close()
    scheme, _, rest = base.partition("://")
    yield f"{scheme}://{name}:test@{rest.rpartition('@')[2]}/{name}{path[1]}{path[2]}"
    await maker.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await maker.execute(f"DROP ROLE {name}")
    await maker.close()


async def test_nothing_named_sees_nothing(url):
    pool = await open_pool(url, 1)
    async with connection(pool) as taken, taken.transaction():
        assert await taken.fetchval("SELECT count(*) FROM thing") == 0
    await pool.close()


async def test_thirty_clients_on_two_connections_see_their_own_book_even_when_cut_off(url):
    pool, chance, wrong = await open_pool(url, 2), random.Random(7), []

    async def ask(book):
        with scope(books=[book]):
            async with connection(pool) as taken, taken.transaction():
                rows = await taken.fetch(
                    "SELECT DISTINCT book_id FROM thing, pg_sleep($1)", chance.random() / 500
                )
                if [row["book_id"] for row in rows] != [book]:
                    wrong.append(rows)

    for _ in range(20):
        tasks = [asyncio.create_task(ask(BOOKS[n % 4])) for n in range(30)]
        await asyncio.sleep(chance.random() / 50)
        for task in chance.sample(tasks, 9):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [r for r in results if isinstance(r, Exception)]
    assert wrong == []
    async with connection(pool) as taken:
        assert not taken.is_in_transaction()
        assert await taken.fetchval("SELECT coalesce(current_setting('app.book_ids', true), '')") == ""
    await pool.close()


async def test_a_row_of_another_book_cannot_be_written(url):
    pool = await open_pool(url, 1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError), scope(books=[BOOKS[0]]):
        async with connection(pool) as taken, taken.transaction():
            await taken.execute("INSERT INTO thing VALUES ($1, 99)", BOOKS[1])
    await pool.close()


async def test_sqlalchemy_and_the_connection_under_it_are_in_one_scoped_transaction(url):
    engine = open_engine(url, 1)
    sessions = open_sessions(engine)
    with scope(books=[BOOKS[2]]):
        async with sessions.begin() as session:
            under = await raw(session)
            assert await under.fetchval("SELECT count(*) FROM thing") == 5
            assert (await session.execute(text("SELECT count(*) FROM thing"))).scalar_one() == 5
    await engine.dispose()


async def test_a_failed_transaction_leaves_nothing_and_the_connection_serves_on(url):
    pool = await open_pool(url, 1)
    with pytest.raises(asyncpg.UniqueViolationError), scope(books=[BOOKS[3]]):
        async with connection(pool) as taken, taken.transaction():
            await taken.executemany("INSERT INTO thing VALUES ($1, $2)", [(BOOKS[3], 77), (BOOKS[3], 77)])
    with scope(books=[BOOKS[3]]):
        async with connection(pool) as taken, taken.transaction():
            assert await taken.fetchval("SELECT count(*) FROM thing WHERE id = 77") == 0
    await pool.close()
