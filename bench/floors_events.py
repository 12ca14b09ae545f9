"""The floors under events: rows like theirs by plain `unnest` inserts; a commit of next to nothing."""

import time
from statistics import median
from uuid import UUID

import asyncpg

from bench.measure import Cpu
from bench.world import World
from pfms_common.ids import new_id

BATCH = 1000


async def unnest(world: World, ledger: asyncpg.Connection, book: UUID, amount: int) -> tuple[float, float]:
    """The floor: rows like the events' by plain `unnest` inserts, a thousand at once; rows a second, CPU µs a row."""
    await ledger.execute(
        "DROP TABLE IF EXISTS bench_event; CREATE TABLE bench_event (LIKE event INCLUDING ALL)"
    )
    data: str = await ledger.fetchval(
        "SELECT data::text FROM event WHERE stream_id = $1 AND type = 'transaction.created' LIMIT 1", book
    )
    cpu, own, began = Cpu(PostgreSQL=world.postgres), time.process_time(), time.perf_counter()
    for start in range(0, amount, BATCH):
        numbers = list(range(start, start + BATCH))
        ids = [new_id() for _ in numbers]
        await ledger.execute(_INSERT, book, numbers, ids, [data] * BATCH)
    rate = amount / (time.perf_counter() - began)
    micros = cpu.micros_per(amount)["PostgreSQL"] + (time.process_time() - own) * 1e6 / amount
    await ledger.execute("DROP TABLE bench_event")
    return rate, micros


_INSERT = """
    INSERT INTO bench_event (stream_id, sequence, id, type, schema_version, aggregate_type, aggregate_id,
                             aggregate_version, trace, mode, occurred_at, data)
    SELECT $1, n, id, 'transaction.created', 1, 'transaction', id, 1, '{}', 'live', now(), data::jsonb
    FROM unnest($2::bigint[], $3::uuid[], $4::text[]) AS u (n, id, data)"""


async def bare_commit(connection: asyncpg.Connection) -> float:
    """Milliseconds of a transaction of one small row, which is mostly the disk's."""
    await connection.execute("CREATE TABLE bench_row (n int)")
    took = []
    for number in range(100):
        began = time.perf_counter()
        await connection.execute("INSERT INTO bench_row VALUES ($1)", number)
        took.append((time.perf_counter() - began) * 1e3)
    return median(took)
