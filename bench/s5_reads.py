"""S5: a budget month and a page of 50 transactions at the service, against FastAPI with the same prepared select on
asyncpg without row-level security; and both at 1,000 and at 1,000,000 transactions in the book.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench import fill
from bench.load import Request, load, request
from bench.measure import Cpu
from bench.people import Household, settle
from bench.report import Row, at_most, ratio_of
from bench.world import Running, World
from pfms_budget.app import SERVICE as BUDGET
from pfms_ledger.app import SERVICE as LEDGER

CONNECTIONS = 8
MONTH = "2026-02"


@dataclass(frozen=True, slots=True)
class Sample:
    """One connection's p50 in milliseconds; requests a second of several; µs of CPU, PostgreSQL included."""

    p50: float
    rate: float
    service: float
    database: float

    @property
    def cpu(self) -> float:
        return self.service + self.database


@dataclass(frozen=True, slots=True)
class Read:
    """One thing to read: where, and what is asked, of the book with few and with many transactions."""

    what: str
    floor: Running
    product: Running
    asked: Mapping[str, Sequence[Request]]


async def run(world: World) -> list[Row]:
    few, many = 1000, world.size(1_000_000)
    ledger_urls = await world.database(LEDGER, "s5_ledger")
    budget_urls = await world.database(BUDGET, "s5_budget")
    async with world.api(LEDGER, ledger_urls) as ledger:
        small, large = await settle(ledger.url, 2)
    await _fill(world, small, few)
    await _fill(world, large, many)
    floor_words = ["-m", "bench.apps", "select", f"--ledger={world.admin_url('s5_ledger')}"]
    async with (
        world.api(LEDGER, ledger_urls) as ledger,
        world.api(BUDGET, budget_urls) as budget,
        world.python([*floor_words, f"--budget={world.admin_url('s5_budget')}"], {}) as floor,
    ):
        pages = Read(
            "page of 50",
            floor,
            ledger,
            _asked(small, large, "/api/v1/transactions?limit=50", "/transactions/{book}"),
        )
        month = _asked(small, large, f"/api/v1/budgets/{MONTH}", f"/budgets/{{book}}/{MONTH}-01")
        rows = [
            row
            for read in (pages, Read("budget month", floor, budget, month))
            for row in await _compared(world, read, many)
        ]
    await world.drop("s5_ledger", "s5_budget")
    return rows


async def _fill(world: World, household: Household, amount: int) -> None:
    admin = await world.admin("s5_ledger")
    await fill.transactions(admin, household, amount)
    await admin.close()
    admin = await world.admin("s5_budget")
    await fill.months(admin, household.book_id, amount)
    await admin.close()


def _asked(small: Household, large: Household, path: str, floor: str) -> dict[str, Sequence[Request]]:
    return {
        "floor": [request("GET", floor.format(book=small.book_id), {})],
        "few": [small.get(path)],
        "many": [large.get(path)],
    }


async def _compared(world: World, read: Read, many: int) -> list[Row]:
    for served, kind in ((read.floor, "floor"), (read.product, "few"), (read.product, "many")):
        await load(served.port, read.asked[kind], connections=CONNECTIONS, seconds=world.seconds(1))
    rounds = [
        [
            await _measured(world, served, read.asked[kind])
            for served, kind in ((read.floor, "floor"), (read.product, "few"), (read.product, "many"))
        ]
        for _ in world.rounds(5)
    ]
    alone = ratio_of([(floor.p50, few.p50) for floor, few, _ in rounds])
    busy = ratio_of([(few.rate, floor.rate) for floor, few, _ in rounds])
    grown = ratio_of([(few.p50, large.p50) for _, few, large in rounds])
    cpu = ratio_of([(floor.cpu, few.cpu) for floor, few, _ in rounds])
    floors, fews, manys = zip(*rounds, strict=True)
    return [
        Row(
            "S5",
            f"{read.what}, one connection, p50",
            _p50(floors),
            _p50(fews),
            f"{alone:.2f} × time",
            at_most(alone, 1.6),
        ),
        Row(
            "S5",
            f"{read.what}, {CONNECTIONS} connections",
            _rate(floors),
            _rate(fews),
            f"{busy:.2f} × time, CPU {cpu:.1f} ×",
            at_most(busy, 1.6),
        ),
        Row(
            "S5",
            f"{read.what}, 1,000 → {many:,} transactions",
            _p50(fews),
            _p50(manys),
            f"{grown:.2f} × time",
            at_most(grown, 1.2),
        ),
    ]


async def _measured(world: World, served: Running, asked: Sequence[Request]) -> Sample:
    alone = await load(served.port, asked, connections=1, seconds=world.seconds(2))
    cpu = Cpu(service=served.pid, database=world.postgres)
    busy = await load(served.port, asked, connections=CONNECTIONS, seconds=world.seconds(3))
    used = cpu.micros_per(busy.done)
    return Sample(alone.p50, busy.rate, used["service"], used["database"])


def _p50(samples: Sequence[Sample]) -> str:
    return f"{median(sample.p50 for sample in samples):.2f} ms"


def _rate(samples: Sequence[Sample]) -> str:
    service, database = (median(getattr(one, name) for one in samples) for name in ("service", "database"))
    return f"{median(one.rate for one in samples):.0f}/s; CPU {service:.0f} + {database:.0f} µs"
