"""S7: the budget's projection of one book made again from the ledger's feed over HTTP, by the operator's command."""

import asyncio
import os
import sys
import time
from statistics import median

from bench import fill
from bench.floors_events import unnest
from bench.measure import Cpu, ended_children_seconds
from bench.people import settle
from bench.report import Row, at_least_by_either
from bench.split import MONTH, broker_answers, plan, role_settings, roles, told
from bench.world import BROKER_URL, ROOT, World, free_port
from pfms_budget.app import SERVICE as BUDGET
from pfms_events.testing.broker import declared
from pfms_events.topology import packaged_topology
from pfms_ledger.app import SERVICE as LEDGER


async def run(world: World) -> list[Row]:
    if not await broker_answers():
        return [Row("S7", "a rebuild from the feed", "RabbitMQ is not here")]
    ledger_urls = await world.database(LEDGER, "s7_ledger")
    budget_urls = await world.database(BUDGET, "s7_budget")
    amount, feed = world.size(100_000), free_port()
    async with declared(BROKER_URL, packaged_topology()) as prefix:
        async with world.api(LEDGER, ledger_urls) as api:
            people = await settle(api.url, 1)
        book = people[0].book_id
        ledger, budget = await world.admin("s7_ledger"), await world.admin("s7_budget")
        await fill.transactions(ledger, people[0], amount)
        await budget.execute("INSERT INTO book VALUES ($1, 'EUR', 'UTC', 1)", book)
        await plan(world, budget_urls, people)
        rounds = []
        settings = told(BUDGET, role_settings(world, BUDGET, budget_urls, feed))
        async with roles(world, LEDGER, "relay", ledger_urls, prefix, feed, feed) as relay:
            for _ in world.rounds(3):
                floor, floor_cpu = await unnest(world, ledger, book, min(amount, 20_000))
                rounds.append(
                    (floor, floor_cpu, *await _rebuilt(world, settings, str(book), amount, relay.pid))
                )
        derived = await budget.fetchval(
            "SELECT outflow::text FROM month WHERE book_id = $1 AND key = $2", book, MONTH
        )
        await ledger.close()
        await budget.close()
    await world.drop("s7_ledger", "s7_budget")
    if not int(derived):
        raise RuntimeError("the rebuilt month is empty")
    floor, floor_cpu, rate, cpu = (median(column) for column in zip(*rounds, strict=True))
    return [
        Row(
            "S7",
            f"{amount:,} events of one book rebuilt",
            f"{floor:.0f}/s; CPU {floor_cpu:.0f} µs",
            f"{rate:.0f}/s; CPU {cpu:.0f} µs",
            f"{rate / floor:.2f} ×, by CPU {floor_cpu / cpu:.2f} ×",
            at_least_by_either(rate / floor, floor_cpu / cpu, 0.35),
        )
    ]


async def _rebuilt(
    world: World, settings: dict[str, str], book: str, amount: int, relay: int
) -> tuple[float, float]:
    """Events a second, the command's own start included; CPU µs an event of all that take part."""
    cpu, own = Cpu(relay=relay, database=world.postgres), ended_children_seconds()
    began = time.perf_counter()
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        BUDGET.package,
        "rebuild",
        "--book",
        book,
        env={**os.environ, **settings},
        cwd=ROOT,
    )
    if await command.wait():
        raise RuntimeError("the rebuild failed")
    rate = amount / (time.perf_counter() - began)
    micros = sum(cpu.micros_per(amount).values()) + (ended_children_seconds() - own) * 1e6 / amount
    return rate, micros
