"""S3: a bank file of 100,000 rows from upload to committed and to visible in the budget, in the embedded form,
against the same rows written by `unnest` with a look for duplicates; again; and what it does to memory and loop.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg

from bench.fill import FIRST_DAY
from bench.measure import Cpu
from bench.people import settle
from bench.report import Row, at_least, at_most
from bench.s8_start import embedded
from bench.walker import NO_LIMITS, Imported, bank_file, walker
from bench.world import Running, World
from pfms_common.ids import new_id
from pfms_ledger.app import SERVICE as LEDGER

ACTUAL_ROWS_PER_SECOND = 540
"""What the import of another budget program reached with 10,000 rows: 505 to 574 a second."""

BATCH = 1000


async def run(world: World) -> list[Row]:
    rows = world.size(100_000)
    before_it = await _floor(world, rows)
    async with embedded(world, "s3", GATEWAY_LIMITS=NO_LIMITS) as (_, product), walker(product.url) as person:
        small = await person.upload(bank_file(rows // 10, start=rows))
        before = _peak(product.pid)
        lags: list[float] = []
        content = bank_file(rows)
        cpu = Cpu(all=product.pid, PostgreSQL=world.postgres_of("s3"))
        async with _loop_lag(product, lags):
            whole = await person.upload(content)
        used = cpu.micros_per(rows)
        grown = _peak(product.pid) - before
        again = await person.upload(content)
        _check(whole, again, rows)
    floor = (before_it + await _floor(world, rows)) / 2
    return [
        *_speed(rows, floor, whole, again, used),
        *_beside(rows, small, grown, sorted(lags)),
    ]


def _check(whole: Imported, again: Imported, rows: int) -> None:
    if whole.counts["rows_imported"] != rows or again.counts["rows_imported"] != 0:
        raise RuntimeError(f"imported {whole.counts}, then {again.counts}")


def _speed(rows: int, floor: float, whole: Imported, again: Imported, used: dict[str, float]) -> list[Row]:
    cpu = f"CPU {used['all'] - used['PostgreSQL']:.0f} + {used['PostgreSQL']:.0f} µs"
    rate = rows / whole.committed
    return [
        Row(
            "S3",
            f"{rows:,} rows: upload → committed",
            f"{floor:.0f}/s",
            f"{rate:.0f}/s; {cpu}",
            f"{rate / floor:.2f} ×",
            at_least(rate / floor, 0.4),
        ),
        Row(
            "S3",
            f"{rows:,} rows: upload → committed",
            product=f"{rate:.0f}/s",
            goal=at_least(rate, 10_000, "/s"),
        ),
        Row(
            "S3",
            "upload → visible in the budget",
            f"read {whole.read:.1f}, committed {whole.committed:.1f} s",
            f"{whole.visible:.1f} s",
            f"{whole.visible / whole.committed:.2f} ×",
            at_most(whole.visible / whole.committed, 2),
        ),
        Row(
            "S3",
            "the same file again: adds nothing, faster",
            f"first {whole.committed:.1f} s",
            f"read {again.read:.1f}, committed {again.committed:.1f} s",
            f"{again.committed / whole.committed:.2f} ×",
            at_most(again.committed / whole.committed, 1),
        ),
    ]


def _beside(rows: int, small: Imported, grown: int, lags: Sequence[float]) -> list[Row]:
    rate = rows / 10 / small.committed
    lag = lags[len(lags) * 99 // 100]
    return [
        Row(
            "S3",
            f"{rows // 10:,} rows against Actual's API",
            f"{ACTUAL_ROWS_PER_SECOND}/s",
            f"{rate:.0f}/s",
            f"{rate / ACTUAL_ROWS_PER_SECOND:.1f} ×",
            at_least(rate / ACTUAL_ROWS_PER_SECOND, 20),
        ),
        Row(
            "S3",
            "peak memory: ten times the file",
            product=f"+{grown / 1e6:.0f} MB",
            goal=at_most(grown / 1e6, 50, "MB"),
        ),
        Row("S3", "the loop's lag meanwhile, p99", product=f"{lag:.0f} ms", goal=at_most(lag, 50, "ms")),
    ]


@asynccontextmanager
async def _loop_lag(product: Running, lags: list[float]) -> AsyncIterator[None]:
    """Asks /healthz all the time, which only needs the loop; milliseconds until it answers."""

    async def ask() -> None:
        async with aiohttp.ClientSession(product.url) as session:
            while True:
                began = time.perf_counter()
                async with session.get("/healthz") as answer:
                    await answer.read()
                lags.append((time.perf_counter() - began) * 1e3)
                await asyncio.sleep(0.02)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()


def _peak(pid: int) -> int:
    """Bytes this process has ever held in memory at once."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


async def _floor(world: World, rows: int) -> float:
    """Rows a second of the same rows by unnest, a thousand at once, where their hash is not there yet."""
    urls = await world.database(LEDGER, "s3_floor")
    async with world.api(LEDGER, urls) as ledger:
        (who,) = await settle(ledger.url, 1)
    admin = await world.admin("s3_floor")
    await admin.execute("ALTER TABLE posting DISABLE TRIGGER USER")
    await admin.execute("CREATE TABLE bench_seen (book_id uuid, hash text, PRIMARY KEY (book_id, hash))")
    payee = await admin.fetchval("SELECT id FROM payee")
    data = await admin.fetchval("SELECT data::text FROM event WHERE type = 'transaction.created'")
    began = time.perf_counter()
    for start in range(0, rows, BATCH):
        await _batch(admin, who.book_id, UUID(who.account_id), payee, data, start)
    rate = rows / (time.perf_counter() - began)
    await admin.close()
    await world.drop("s3_floor")
    return rate


async def _batch(
    admin: asyncpg.Connection, book: UUID, account: UUID, payee: UUID, data: str, start: int
) -> None:
    numbers = list(range(start + 10, start + 10 + BATCH))
    days = [FIRST_DAY] * BATCH
    hashes = [f"{number:064x}" for number in numbers]
    ids = [new_id() for _ in numbers]
    await admin.execute(_INSERT, book, account, payee, numbers, ids, days, hashes, [data] * BATCH)


# law scope: one book's rows
_INSERT = """
    WITH given AS (
        SELECT * FROM unnest($4::bigint[], $5::uuid[], $6::date[], $7::text[], $8::text[])
            AS u (n, id, day, hash, data)
    ), fresh AS (
        INSERT INTO bench_seen SELECT $1, hash FROM given ON CONFLICT DO NOTHING RETURNING hash
    ), new AS (
        SELECT given.* FROM given JOIN fresh USING (hash)
    ), said AS (
        INSERT INTO event (stream_id, sequence, id, type, schema_version, aggregate_type, aggregate_id,
                           aggregate_version, trace, mode, occurred_at, data)
        SELECT $1, n, id, 'transaction.created', 1, 'transaction', id, 1, '{}', 'live', now(), data::jsonb FROM new
    ), sent AS (
        INSERT INTO unsent SELECT now(), $1, n FROM new
    ), entry AS (
        INSERT INTO transaction (book_id, id, type, status, date, amount_minor, payee_id, source, number, last_event,
                                 version)
        SELECT $1, id, 'standard', 'cleared', day, -1250, $3::uuid, 'import', n, n, 1 FROM new
    )
    INSERT INTO posting (book_id, transaction_id, n, kind, account_id, amount_minor, currency, date, number, cleared)
    SELECT $1, id, p.n, p.kind, CASE p.n WHEN 0 THEN $2::uuid END, p.amount, 'EUR', day, new.n, true
    FROM new, (VALUES (0, 'account', -1250), (1, 'category', 1250)) AS p (n, kind, amount)"""
