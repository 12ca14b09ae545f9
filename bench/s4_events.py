"""S4: from a POST to the budget's summary committed, over RabbitMQ; backlogs; neighbours of a big import."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import aiohttp

from bench import fill
from bench.floors_events import bare_commit, unnest
from bench.measure import Cpu, percentile
from bench.people import Household
from bench.report import Row, at_least, at_least_by_either, at_most
from bench.split import CHANNEL, Split, broker_answers, settled, split
from bench.walker import bank_file, import_file
from bench.world import World
from pfms_common import consistency
from pfms_common.ids import new_id

STEADY_BOOKS = 20


async def run(world: World) -> list[Row]:
    if not await broker_answers():
        return [Row("S4", "events over RabbitMQ", "RabbitMQ is not here")]
    async with split(world, world.books + 1) as made:
        importing, *others = made.people
        rows = [*await _lag(world, made, others[:STEADY_BOOKS])]
        rows += await _neighbours(world, made, importing, others[:STEADY_BOOKS])
        rows += await _backlog(world, made, "one book's import", [importing], 0.2)
        rows += await _backlog(world, made, f"{len(others)} interleaved books", others, 0.15)
    return rows


async def _lag(world: World, made: Split, people: Sequence[Household]) -> list[Row]:
    await _posting(made, people, rate=100, seconds=1)
    lags = sorted(await _posting(made, people, rate=100, seconds=world.seconds(30)))
    p50, p99 = percentile(lags, 50), percentile(lags, 99)
    commit = await bare_commit(made.budget)
    what = "POST sent → month committed, 100/s"
    return [
        Row(
            "S4",
            f"{what}, p50",
            f"two bare commits {2 * commit:.1f} ms",
            product=f"{p50:.1f} ms",
            goal=at_most(p50, 10, "ms"),
        ),
        Row("S4", f"{what}, p99", product=f"{p99:.1f} ms", goal=at_most(p99, 50, "ms")),
    ]


async def _neighbours(
    world: World, made: Split, importing: Household, people: Sequence[Household]
) -> list[Row]:
    """Other books are written to until the import has ended."""
    rows, lags = world.size(50_000), []
    async with aiohttp.ClientSession(made.api.url, headers=importing.headers) as session:
        import_task = asyncio.create_task(import_file(session, importing.account_id, bank_file(rows)))
        while not import_task.done():
            lags += await _posting(made, people, rate=20, seconds=1)
        await import_task
    await settled(made)
    p99 = percentile(sorted(lags), 99)
    what = f"others' p99 while one book imports {rows:,} rows"
    return [Row("S4", what, product=f"{p99:.0f} ms", goal=at_most(p99, 1000, "ms"))]


async def _posting(made: Split, people: Sequence[Household], *, rate: float, seconds: float) -> list[float]:
    """Posts at a steady rate whatever the answers take; milliseconds from sending to the month committed."""
    arrivals: dict[UUID, list[tuple[int, float]]] = defaultdict(list)
    posted: list[tuple[UUID, int, float]] = []

    def arrived(_connection: object, _pid: int, _channel: str, payload: str) -> None:
        book, number = payload.split()
        arrivals[UUID(book)].append((int(number), time.perf_counter()))

    async def one(session: aiohttp.ClientSession, who: Household) -> None:
        sent = time.perf_counter()
        headers = {**who.headers, "Idempotency-Key": str(new_id())}
        async with session.post("/api/v1/transactions", json=who.body(), headers=headers) as answer:
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {await answer.text()}")
            token = consistency.read(answer.headers[consistency.HEADER])
        posted.append((who.book_id, token["ledger", who.book_id], sent))

    await made.budget.add_listener(CHANNEL, arrived)
    async with aiohttp.ClientSession(made.api.url) as session, asyncio.TaskGroup() as posts:
        began = time.perf_counter()
        for number in range(round(rate * seconds)):
            await asyncio.sleep(began + number / rate - time.perf_counter())
            posts.create_task(one(session, people[number % len(people)]))
    while not all(arrivals[book] and arrivals[book][-1][0] >= number for book, number, _ in posted):
        await asyncio.sleep(0.05)
    await made.budget.remove_listener(CHANNEL, arrived)
    return [
        (next(at for reached, at in arrivals[book] if reached >= number) - sent) * 1e3
        for book, number, sent in posted
    ]


async def _backlog(
    world: World, made: Split, what: str, people: Sequence[Household], goal: float
) -> list[Row]:
    """All events become visible to the relay in one commit; the clock starts there."""
    amount = world.size(100_000)
    each = amount // len(people)
    book, sample = people[0].book_id, min(amount, 20_000)
    floor, floor_cpu = await unnest(world, made.ledger, book, sample)
    async with made.ledger.transaction():
        for who in people:
            await fill.transactions(made.ledger, who, each, unsent=True, vacuum=False)
    cpu = Cpu(relay=made.relay.pid, consumers=made.consumers.pid, PostgreSQL=world.postgres)
    began = time.perf_counter()
    while await made.ledger.fetchval("SELECT EXISTS (SELECT FROM unsent)"):
        await asyncio.sleep(0.02)
    sent = amount / (time.perf_counter() - began)
    await settled(made)
    whole = amount / (time.perf_counter() - began)
    micros = cpu.micros_per(amount)
    used = ", ".join(f"{value:.0f} {name}" for name, value in micros.items())
    again, again_cpu = await unnest(world, made.ledger, book, sample)
    floor, by_cpu = (floor + again) / 2, (floor_cpu + again_cpu) / 2 / sum(micros.values())
    title = f"{amount:,} events of {what}"
    return [
        Row(
            "S4",
            f"{title}: relay",
            f"{floor:.0f}/s",
            f"{sent:.0f}/s",
            f"{sent / floor:.2f} ×",
            at_least(sent / floor, 0.35),
        ),
        Row(
            "S4",
            f"{title}: to the months",
            f"{floor:.0f}/s; CPU {(floor_cpu + again_cpu) / 2:.0f} µs",
            f"{whole:.0f}/s; CPU µs {used}",
            f"{whole / floor:.2f} ×, by CPU {by_cpu:.2f} ×",
            at_least_by_either(whole / floor, by_cpu, goal),
        ),
    ]
