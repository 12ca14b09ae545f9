"""S2: POST /transactions with two splits at the service, against pgbench inserting the same rows in one statement.

Both start each round on a fresh copy of one database with 200 books. The floor writes as a superuser, so without
row-level security, and with the zero-sum triggers off; tables, indexes and foreign keys are the same.
"""

import asyncio
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

from bench.load import load
from bench.measure import Cpu, ended_children_seconds
from bench.people import Household, settle
from bench.report import Row, at_least_by_either, ratio_of
from bench.world import World
from pfms_ledger.app import SERVICE as LEDGER

NEEDS = ("pgbench",)
CONNECTIONS = 32
PGBENCH = shutil.which("pgbench")

_BOOKS_TABLE = """
    CREATE TABLE bench_book AS
    SELECT row_number() OVER (ORDER BY a.book_id) AS n, a.book_id, a.id AS account_id, t.payee_id, i.user_id
    FROM account a JOIN transaction t USING (book_id) JOIN idempotency i USING (book_id)
    WHERE t.type = 'standard' AND i.operation LIKE '%/transactions';
    ALTER TABLE bench_book ADD PRIMARY KEY (n);
    ANALYZE
"""
# law scope: one book, chosen by its number
_INSERT = """
\\set b random(1, {books})
WITH book AS (SELECT * FROM bench_book WHERE n = :b),
new AS (SELECT gen_random_uuid() AS id),
head AS (
    INSERT INTO stream_head AS h SELECT book_id, 1 FROM book
    ON CONFLICT (stream_id) DO UPDATE SET sequence = h.sequence + 1 RETURNING sequence
), kept AS (
    INSERT INTO idempotency (book_id, user_id, operation, key, fingerprint, status, headers, body)
    SELECT book_id, user_id, 'POST /transactions', gen_random_uuid()::text, '{fingerprint}', 201, '{headers}',
           '{body}' FROM book
), said AS (
    INSERT INTO event (stream_id, sequence, id, type, schema_version, aggregate_type, aggregate_id, aggregate_version,
                       actor, trace, mode, occurred_at, data)
    SELECT book_id, sequence, gen_random_uuid(), 'transaction.created', 1, 'transaction', id, 1, user_id,
           '{trace}', 'live', now(), '{data}'
    FROM book, new, head RETURNING occurred_at
), sent AS (
    INSERT INTO unsent SELECT occurred_at, book_id, sequence FROM said, book, head
), entry AS (
    INSERT INTO transaction (book_id, id, type, status, date, amount_minor, payee_id, source, number, last_event,
                             version)
    SELECT book_id, id, 'standard', 'cleared', '2026-02-03', -1250, payee_id, 'manual', sequence, sequence, 1
    FROM book, new, head
), leg AS (
    INSERT INTO posting (book_id, transaction_id, n, kind, account_id, amount_minor, currency, date, number, cleared)
    SELECT book_id, id, p.n, p.kind, CASE p.n WHEN 0 THEN account_id END, p.amount, 'EUR', '2026-02-03', sequence,
           true
    FROM book, new, head, (VALUES (0, 'account', -1250), (1, 'category', 1000), (2, 'category', 250))
         AS p (n, kind, amount)
), month AS (
    INSERT INTO account_month AS m SELECT book_id, account_id, '2026-02-01', -1250 FROM book
    ON CONFLICT (book_id, account_id, month) DO UPDATE SET sum_minor = m.sum_minor + excluded.sum_minor
)
UPDATE account SET balance_minor = balance_minor - 1250, cleared_balance_minor = cleared_balance_minor - 1250
FROM book WHERE account.book_id = book.book_id AND account.id = book.account_id;
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Requests a second; CPU µs per request of PostgreSQL, the service, and the client."""

    rate: float
    database: float
    service: float
    client: float

    @property
    def cpu(self) -> float:
        return self.database + self.service + self.client


async def run(world: World) -> list[Row]:
    template = "s2_template"
    urls = await world.database(LEDGER, template)
    async with world.api(LEDGER, urls) as ledger:
        people = await settle(ledger.url, world.books)
    scripts = await _scripts(world, template)
    rows = [
        *await _compared(world, f"POST, {world.books} books", people, scripts[0], rounds=5, goal=0.30),
        *await _compared(world, "POST, one hot book", people[:1], scripts[1], rounds=3),
        *await _compared(
            world, "POST through the gateway", people, scripts[0], rounds=3, goal=0.25, gateway=True
        ),
    ]
    await world.drop(template, "s2_floor", "s2_product")
    return rows


async def _scripts(world: World, template: str) -> tuple[Path, Path]:
    """The floor over all books and over one, with what the product wrote as literals."""
    admin = await world.admin(template)
    await admin.execute(_BOOKS_TABLE)
    await admin.execute("ALTER TABLE posting DISABLE TRIGGER USER")
    event = await admin.fetchrow(
        "SELECT data::text, trace::text FROM event WHERE type = 'transaction.created' LIMIT 1"
    )
    kept = await admin.fetchrow(
        "SELECT fingerprint::text, headers::text, body::text FROM idempotency WHERE operation LIKE '%/transactions'"
        " LIMIT 1"
    )
    await admin.execute("ALTER TABLE posting ENABLE TRIGGER USER")
    await admin.close()
    literals = {name: _literal(value) for record in (event, kept) for name, value in record.items()}
    paths = (world.folder / "s2.sql", world.folder / "s2_hot.sql")
    for path, books in zip(paths, (world.books, 1), strict=True):
        path.write_text(_INSERT.format(books=books, **literals))
    return paths


def _literal(value: str) -> str:
    return value.replace("'", "''")


async def _compared(
    world: World,
    what: str,
    people: Sequence[Household],
    script: Path,
    *,
    rounds: int,
    goal: float | None = None,
    gateway: bool = False,
) -> list[Row]:
    floors, products = [], []
    for _ in world.rounds(rounds):
        if PGBENCH:
            floors.append(await _floor(world, script))
        products.append(await _product(world, people, gateway=gateway))
    rate, database, service = (
        median(getattr(one, name) for one in products) for name in ("rate", "database", "service")
    )
    product = f"{rate:.0f}/s; CPU {service:.0f} µs service, {database:.0f} µs PostgreSQL"
    if not floors:
        return [Row("S2", what, "pgbench is not here", product)]
    both = list(zip(floors, products, strict=True))
    ratio = ratio_of([(floor.rate, made.rate) for floor, made in both])
    by_cpu = ratio_of([(made.cpu, floor.cpu) for floor, made in both])
    floor = (
        f"{median(f.rate for f in floors):.0f}/s; CPU {median(f.database for f in floors):.0f} µs PostgreSQL"
    )
    return [
        Row(
            "S2",
            what,
            floor,
            product,
            f"{ratio:.2f} ×, by CPU {by_cpu:.2f} ×",
            at_least_by_either(ratio, by_cpu, goal) if goal else None,
        )
    ]


async def _floor(world: World, script: Path) -> Sample:
    await world.clone(LEDGER, "s2_template", "s2_floor")
    admin = await world.admin("s2_floor")
    await admin.execute("ALTER TABLE posting DISABLE TRIGGER USER")
    await admin.close()
    url = urlsplit(world.admin_url("s2_floor"))
    seconds = world.seconds(6)
    cpu, before = Cpu(database=world.postgres), ended_children_seconds()
    process = await asyncio.create_subprocess_exec(
        *(
            str(PGBENCH),
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CONNECTIONS),
            "-j",
            "1",
            "-T",
            f"{max(1, seconds):.0f}",
        ),
        *(
            "-f",
            str(script),
            "-h",
            parse_qs(url.query)["host"][0],
            "-p",
            "5432",
            "-U",
            str(url.username),
            "s2_floor",
        ),
        env={"PGPASSWORD": str(url.password), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    done, rate = re.search(r"actually processed: (\d+)", said), re.search(r"tps = ([\d.]+)", said)
    if process.returncode != 0 or not done or not rate:
        raise RuntimeError(f"pgbench said:\n{said}")
    client = (ended_children_seconds() - before) * 1e6 / int(done[1])
    return Sample(float(rate[1]), cpu.micros_per(int(done[1]))["database"], 0, client)


async def _product(world: World, people: Sequence[Household], *, gateway: bool) -> Sample:
    urls = await world.clone(LEDGER, "s2_template", "s2_product")
    requests = [household.post() for household in people]
    serving = world.gateway_in_process(LEDGER, urls) if gateway else world.api(LEDGER, urls)
    async with serving as service:
        await load(service.port, requests, connections=CONNECTIONS, seconds=world.seconds(1))
        cpu, before = Cpu(database=world.postgres, service=service.pid), ended_children_seconds()
        found = await load(service.port, requests, connections=CONNECTIONS, seconds=world.seconds(6))
        used = cpu.micros_per(found.done)
        client = (ended_children_seconds() - before) * 1e6 / found.done
    return Sample(found.rate, used["database"], used["service"], client)
