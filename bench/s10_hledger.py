"""S10: one new transaction, then the month's figures with it, in a book of 100,000 transactions: POST and GET through
the gateway, against hledger, which reads its journal again for the same report.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from bench.fill import LAST_DAY
from bench.report import Row, at_least
from bench.s8_start import embedded
from bench.walker import NO_LIMITS, PAYEES, Walker, bank_file, walker
from bench.world import World

HLEDGER = shutil.which("hledger")
MONTH = f"{LAST_DAY:%Y-%m}"


async def run(world: World) -> list[Row]:
    rows = world.size(100_000)
    content = bank_file(rows)
    journal = world.folder / "s10.journal"
    journal.write_text(_journal(content))
    async with (
        embedded(world, "s10", GATEWAY_LIMITS=NO_LIMITS) as (_, product),
        walker(product.url) as person,
    ):
        await person.upload(content)
        floors, products = [], []
        for _ in world.rounds(5):
            if HLEDGER:
                floors.append(await _timed(lambda: _report(journal)))
            products += [await _timed(lambda: _month(person)) for _ in world.rounds(20)]
    took = median(products)
    row = f"new transaction → month's figures, {rows:,} transactions"
    if not floors:
        return [Row("S10", row, "hledger is not here", f"{took * 1e3:.1f} ms")]
    times = median(floors) / took
    return [
        Row(
            "S10",
            row,
            f"{median(floors):.2f} s",
            f"{took * 1e3:.1f} ms",
            f"{times:.0f} × faster",
            at_least(times, 100),
        )
    ]


async def _timed(act: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began


async def _month(person: Walker) -> None:
    await person.month_with(MONTH, await person.spend(LAST_DAY))


async def _report(journal: Path) -> None:
    with journal.open("a") as out:
        out.write(f"{LAST_DAY} Corner Shop\n    expenses:other  EUR 1.00\n    assets:current\n\n")
    words = ("-f", str(journal), "balance", "-p", MONTH)
    process = await asyncio.create_subprocess_exec(str(HLEDGER), *words, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise RuntimeError("hledger failed")


def _journal(content: bytes) -> str:
    """The bank file's rows as a journal, the payees spread over twenty expense accounts."""
    entries = []
    for line in content.decode().splitlines()[1:]:
        day, payee, amount, memo = line.split(",")
        kind = int(payee.removeprefix("Shop ")) * 20 // PAYEES
        entries.append(
            f"{day} {payee}  ; {memo}\n    expenses:kind{kind:02}  EUR {amount[1:]}\n    assets:current\n"
        )
    return "\n".join(entries) + "\n"
