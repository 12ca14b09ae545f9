"""S6: what looks far back, in a book of 1,000,000 transactions and in one of 1,000: balances of a past day, an
account's register with its running balance, filtered lists, free text, totals.
"""

from dataclasses import dataclass

from bench import fill
from bench.load import Load, Request, load
from bench.people import Household, settle
from bench.report import Row, at_most
from bench.world import Running, World
from pfms_ledger.app import SERVICE as LEDGER

FEW = 1000
PAST = "2025-03-17"
REGISTER = "account_id={account}&limit=50"
# What is read, its path, and the p99 in milliseconds that it may take where there is a goal.
READS: tuple[tuple[str, str, float | None], ...] = (
    ("balances as of a past day", f"/balances?as_of={PAST}", 10),
    ("register of an account, its newest page", f"/transactions?{REGISTER}", 10),
    ("register of an account up to a past day", f"/transactions?{REGISTER}&to={PAST}", 10),
    (
        "list by payee and dates",
        "/transactions?payee_id={payee}&from=2025-03-01&to=2025-03-31&limit=50",
        None,
    ),
    ("list of the uncategorised", "/transactions?uncategorised=true&limit=50", None),
    ("search: a common word", "/transactions?q=corner&limit=50", None),
    ("search: a rare word", "/transactions?q=receipt+777&limit=50", None),
    ("totals of a month", "/transactions?month=2025-03&include=totals&limit=1", None),
)


@dataclass(frozen=True, slots=True)
class Book:
    """A household and the payee of all its transactions."""

    household: Household
    payee: str

    def get(self, path: str) -> Request:
        return self.household.get(
            "/api/v1" + path.format(account=self.household.account_id, payee=self.payee)
        )


async def run(world: World) -> list[Row]:
    urls, many = await world.database(LEDGER, "s6_ledger"), world.size(1_000_000)
    async with world.api(LEDGER, urls) as ledger:
        households = await settle(ledger.url, 2)
    few, lots = [
        await _filled(world, household, amount)
        for household, amount in zip(households, (FEW, many), strict=True)
    ]
    async with world.api(LEDGER, urls) as ledger:
        rows = [
            _row(
                f"{what}, 1,000 → {many:,}",
                await _read(world, ledger, few.get(path)),
                await _read(world, ledger, lots.get(path)),
                goal,
            )
            for what, path, goal in READS
        ]
    await world.drop("s6_ledger")
    return rows


async def _filled(world: World, household: Household, amount: int) -> Book:
    admin = await world.admin("s6_ledger")
    await fill.transactions(admin, household, amount, searched=True)
    payee = await admin.fetchval("SELECT id FROM payee WHERE book_id = $1", household.book_id)
    await admin.close()
    return Book(household, str(payee))


async def _read(world: World, ledger: Running, asked: Request) -> Load:
    await load(ledger.port, [asked], connections=1, seconds=world.seconds(1))
    return await load(ledger.port, [asked], connections=1, seconds=world.seconds(3))


def _row(what: str, few: Load, lots: Load, goal: float | None) -> Row:
    return Row(
        "S6",
        what,
        f"p50 {few.p50:.2f}, p99 {few.p99:.2f} ms",
        f"p50 {lots.p50:.2f}, p99 {lots.p99:.2f} ms",
        f"{lots.p50 / few.p50:.2f} × time",
        at_most(lots.p99, goal, "ms") if goal else None,
    )
