"""S9: a transaction of the past is edited in a book whose budget goes on for 60 months after it; in the consumer."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median
from uuid import UUID

import asyncpg

from bench.floors_events import bare_commit
from bench.measure import percentile
from bench.report import Row, at_most
from bench.world import World
from pfms_budget.app import SERVICE as BUDGET
from pfms_budget.consumers import of_ledger
from pfms_budget.queries.months import one
from pfms_common.ids import new_id
from pfms_common.period import Period, month, months
from pfms_events.contracts.ledger.account import AccountCreated
from pfms_events.contracts.ledger.category import CategoryCreated
from pfms_events.contracts.ledger.transaction import Split, TransactionCreated, TransactionUpdated
from pfms_events.deal import deal
from pfms_events.envelope import Opened, open_envelope
from pfms_events.event import Event
from pfms_service.resources import open_resources

PERIODS = months(month("2021-01"), month("2026-01"))
NOW = datetime(2026, 1, 15, tzinfo=UTC)
CATEGORIES = 40
A_MONTH = 100


@dataclass(slots=True)
class Told:
    """A book as its events tell it."""

    book: UUID = field(default_factory=new_id)
    account: UUID = field(default_factory=new_id)
    categories: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(CATEGORIES)])
    number: int = 0

    def event(self, data: Event, subject: UUID, version: int = 1) -> Opened:
        self.number += 1
        item = {
            "id": str(new_id()),
            "type": data.EVENT,
            "schema_version": data.SCHEMA_VERSION,
            "source": "ledger",
            "stream_id": str(self.book),
            "sequence": self.number,
            "aggregate": {"type": data.AGGREGATE, "id": str(subject), "version": version},
            "occurred_at": "2026-01-15T00:00:00",
            "data": data.model_dump(mode="json", by_alias=True),
        }
        return open_envelope(item, of_ledger().models, "ledger")

    def history(self) -> list[Opened]:
        account = AccountCreated(
            id=self.account,
            name="Current",
            type="checking",
            currency="EUR",
            opening_balance_minor=0,
            opened_on=PERIODS[0].first,
            on_budget=True,
        )
        events = [self.event(account, self.account)]
        events += [
            self.event(CategoryCreated(id=each, name=f"Category {n}", type="expense"), each)
            for n, each in enumerate(self.categories)
        ]
        return events + [
            self.event(self.spent(subject := new_id(), period, n, TransactionCreated), subject)
            for period in PERIODS
            for n in range(A_MONTH)
        ]

    def spent[T: Event](self, subject: UUID, period: Period, n: int, kind: type[T], minor: int = 0) -> T:
        day = period.first + timedelta(days=n % 28)
        amount = -(1000 + n + minor)
        split = Split(id=new_id(), category_id=self.categories[n % CATEGORIES], amount_minor=amount)
        state = {"id": subject, "type": "standard", "kind": "expense", "status": "cleared", "date": day}
        money = {"amount_minor": amount, "currency": "EUR", "account_id": self.account, "splits": (split,)}
        return kind.model_validate(state | money)


async def run(world: World) -> list[Row]:
    urls = await world.database(BUDGET, "s9_budget")
    admin, told = await world.admin("s9_budget"), Told()
    await _planned(admin, told)
    async with AsyncExitStack() as stack:
        settings = BUDGET.settings.model_validate({**urls, "peers": {"auth": world.keys}})
        resources = await stack.enter_async_context(
            open_resources(BUDGET, settings, needs_relay=True, poke=lambda: None, feeds=None)
        )
        subscription = of_ledger(lambda: NOW)
        history = told.history()
        for start in range(0, len(history), 1000):
            await deal(resources.pool, subscription, history[start : start + 1000])
        await admin.execute("VACUUM (ANALYZE)")
        edited = new_id()
        made = told.event(told.spent(edited, PERIODS[0], 5, TransactionCreated), edited)
        await deal(resources.pool, subscription, [made])
        edits = [
            told.event(told.spent(edited, PERIODS[0], 5, TransactionUpdated, n), edited, n + 1)
            for n in range(1, len(world.rounds(200)) + 1)
        ]
        took = []
        for each in edits:
            began = time.perf_counter()
            await deal(resources.pool, subscription, [each])
            took.append((time.perf_counter() - began) * 1e3)
        last = await one(resources.pool, told.book, PERIODS[-1])
    commit = await bare_commit(admin)
    await admin.close()
    await world.drop("s9_budget")
    if last is None:
        raise RuntimeError("the budget does not reach its last month")
    p50, p99 = median(took), percentile(sorted(took), 99)
    return [
        Row(
            "S9",
            f"an edit with {len(PERIODS) - 1} later months of {CATEGORIES} categories",
            f"a bare commit {commit:.1f} ms",
            f"p50 {p50:.1f}, p99 {p99:.1f} ms",
            goal=at_most(p50, 20, "ms"),
        )
    ]


async def _planned(admin: asyncpg.Connection, told: Told) -> None:
    """Every month sets money aside for every category and carries what is left, so that an edit is handed on."""
    await admin.execute("INSERT INTO book VALUES ($1, 'EUR', 'UTC', 1)", told.book)
    days: Sequence[date] = [period.first for period in PERIODS]
    await admin.execute(
        """INSERT INTO allocation
           SELECT $1, gen_random_uuid(), day, category, 'fixed', NULL, 50000, 'both', NULL, 0, 1
           FROM unnest($2::date[]) AS d (day), unnest($3::uuid[]) AS c (category)""",
        told.book,
        days,
        told.categories,
    )
