"""Random histories of a book, a slow model of its budget that shares no code with the engine, and a running
budget that is told what happened in the ledger.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest
import pytest_asyncio
from hypothesis import strategies as st

from pfms_budget.app import SERVICE
from pfms_budget.consumers import of_auth, of_ledger
from pfms_budget.domain.cells import Split, Transaction, Transfer
from pfms_budget.domain.counting import Account
from pfms_budget.domain.month import Allocation, Month, Settings
from pfms_budget.domain.rollover import Rollover, Unrolled
from pfms_budget.operations.check import check
from pfms_budget.queries import inputs
from pfms_common.ids import new_id
from pfms_common.period import Period, month
from pfms_common.sql import scope
from pfms_events.contracts import auth
from pfms_events.contracts.ledger.account import AccountCreated
from pfms_events.contracts.ledger.category import CategoryCreated
from pfms_events.contracts.ledger.transaction import Side, TransactionCreated
from pfms_events.contracts.ledger.transaction import Split as ToldSplit
from pfms_events.deal import deal
from pfms_events.envelope import Opened, open_envelope
from pfms_events.event import Event
from pfms_events.feed import Page
from pfms_events.subscription import Subscription
from pfms_service.testing import Harness, Person, drop_templates, harness

BASE = "EUR"
FEED_PAGE = 3
ACCOUNTS = [UUID(int=1 + n) for n in range(5)]
CURRENCIES = dict(zip(ACCOUNTS, [BASE, BASE, BASE, BASE, "USD"], strict=True))
EXPENSES = [UUID(int=101 + n) for n in range(4)]
INCOMES = [UUID(int=201 + n) for n in range(2)]
START = date(2023, 12, 20)


@dataclass(frozen=True)
class History:
    """A book as its user sees it: everything by its latest version, nothing derived."""

    periods: list[Period]
    accounts: dict[UUID, Account]
    openings: dict[UUID, tuple[date, int]]
    income: frozenset[UUID]
    transactions: list[Transaction | Transfer]
    allocations: dict[str, dict[UUID, Allocation]]
    holds: dict[str, int]
    settings: Settings


amounts = st.one_of(
    st.integers(-50_000, 50_000),
    st.sampled_from([1, 2, 99, -1, 10**3, 10**6 - 1, 10**6 + 1, 10**15, -(10**15)]),
)
positive = st.integers(1, 50_000)
days = st.integers(-15, 75).map(lambda n: START + timedelta(days=n))
categories = st.sampled_from([None, *EXPENSES, *INCOMES])
flags = st.sampled_from([False, False, False, True])


@st.composite
def _periods(draw: st.DrawFn) -> list[Period]:
    """One to five periods of any length, the first beginning somewhere inside the history."""
    first, periods = draw(st.integers(0, 15).map(lambda n: START + timedelta(days=n))), []
    for length in draw(st.lists(st.integers(1, 31), min_size=1, max_size=5)):
        last = first + timedelta(days=length - 1)
        periods.append(Period(first.isoformat(), first, last))
        first = last + timedelta(days=1)
    return periods


splits = st.lists(st.builds(Split, categories, amounts), min_size=1, max_size=3)
ordinary = st.builds(Transaction, days, st.sampled_from(ACCOUNTS), splits, flags, flags)


@st.composite
def _transfers(draw: st.DrawFn) -> Transfer:
    """With splits of either sign convention, or without any; between two currencies what arrives differs."""
    source, target = draw(st.sampled_from(ACCOUNTS)), draw(st.sampled_from(ACCOUNTS))
    parts = draw(st.lists(st.tuples(categories, positive), max_size=3))
    sent = sum(minor for _, minor in parts) or draw(positive)
    converted = CURRENCIES[source] != CURRENCIES[target] and not parts
    received = draw(positive) if converted else sent
    sign = draw(st.sampled_from([1, -1]))
    signed = [Split(category, sign * minor) for category, minor in parts]
    return Transfer(draw(days), source, target, sent, received, signed, draw(flags), draw(flags))


transactions = st.one_of(ordinary, ordinary, _transfers())
allocations = st.dictionaries(
    st.sampled_from(EXPENSES), st.builds(Allocation, amounts, st.sampled_from(Rollover)), max_size=3
)


@st.composite
def _histories(draw: st.DrawFn) -> History:
    periods = draw(_periods())
    keys = st.sampled_from([period.key for period in periods])
    known = draw(st.lists(st.sampled_from(ACCOUNTS), min_size=2, unique=True))
    accounts = {key: Account(draw(st.sampled_from([True, True, False])), CURRENCIES[key]) for key in known}
    return History(
        periods=periods,
        accounts=accounts,
        openings={account: (draw(days), draw(amounts)) for account in accounts},
        income=frozenset(draw(st.sets(st.sampled_from(INCOMES), min_size=1))),
        transactions=draw(st.lists(transactions, max_size=15)),
        allocations=draw(st.dictionaries(keys, allocations)),
        holds=draw(st.dictionaries(keys, amounts)),
        settings=draw(st.builds(Settings, st.sampled_from(Rollover), st.sampled_from(Unrolled))),
    )


class NaiveBudget:
    """The definitions, read aloud: each figure of each period is made from all transactions, again and again."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.counted = [
            key for key, account in history.accounts.items() if account.on_budget and account.currency == BASE
        ]
        self.lines = [*EXPENSES, *INCOMES, None]

    def balance(self, day: date) -> int:
        """What all counted accounts hold at the end of a day."""
        held = sum(
            minor for key, (on, minor) in self.history.openings.items() if key in self.counted and on <= day
        )
        return held + sum(self._net(moved) for moved in self.history.transactions if moved.day <= day)

    def figures(self, n: int) -> dict[str, Any]:
        """Every figure of period number n."""
        period, before = self.history.periods[n], self.figures(n - 1) if n else None
        rows = {line: self._row(n, line, before) for line in self.lines}
        released = sum(before["rows"][line]["available"] for line in self.lines) if before else 0
        released -= sum(row["carry_in"] for row in rows.values())
        discards = self.history.settings.unrolled is Unrolled.DISCARD
        start = self.balance(period.first - timedelta(days=1))
        if before:
            start = before["to_be_budgeted"] + before["hold"] + before["held_income"]
            start += 0 if discards else released
        allocated = sum(row["allocated"] for row in rows.values())
        hold = self.history.holds.get(period.key, 0)
        income, openings = self._income(period, held=False), self._openings(period)
        return {
            "start": start,
            "income": income,
            "held_income": self._income(period, held=True),
            "openings": openings,
            "allocated": allocated,
            "outflow": sum(row["actual"] for row in rows.values()),
            "rollover_balance": sum(row["carry_in"] for row in rows.values()),
            "hold": hold,
            "released": released,
            "excluded": self._excluded(period) + (before["excluded"] if before else 0),
            "discarded": (released if discards else 0) + (before["discarded"] if before else 0),
            "to_be_budgeted": start + income + openings - allocated - hold,
            "rows": rows,
        }

    def _net(self, moved: Transaction | Transfer) -> int:
        if isinstance(moved, Transaction):
            return sum(split.minor for split in moved.splits) if moved.account_id in self.counted else 0
        if moved.from_id == moved.to_id:
            return 0
        sent = moved.sent if moved.from_id in self.counted else 0
        return (moved.received if moved.to_id in self.counted else 0) - sent

    def _counted_splits(self, period: Period) -> list[tuple[Transaction | Transfer, UUID | None, int]]:
        """(transaction, category, signed amount) of each split that counts in the period."""
        found: list[tuple[Transaction | Transfer, UUID | None, int]] = []
        for moved in self.history.transactions:
            if moved.excluded or moved.day not in period:
                continue
            if isinstance(moved, Transaction):
                if moved.account_id in self.counted:
                    found += [(moved, split.category_id, split.minor) for split in moved.splits]
            elif (moved.from_id in self.counted) != (moved.to_id in self.counted):
                sign = -1 if moved.from_id in self.counted else 1
                parts = [(moved, split.category_id, sign * abs(split.minor)) for split in moved.splits]
                found += parts or [(moved, None, self._net(moved))]
        return found

    def _income(self, period: Period, *, held: bool) -> int:
        return sum(
            minor
            for moved, category, minor in self._counted_splits(period)
            if category in self.history.income and moved.counts_next_period == held
        )

    def _openings(self, period: Period) -> int:
        openings = self.history.openings.items()
        return sum(minor for key, (day, minor) in openings if key in self.counted and day in period)

    def _excluded(self, period: Period) -> int:
        moved = [moved for moved in self.history.transactions if moved.excluded and moved.day in period]
        return sum(self._net(one) for one in moved)

    def _row(self, n: int, line: UUID | None, before: dict[str, Any] | None) -> dict[str, int]:
        period = self.history.periods[n]
        spent = [
            (moved, minor)
            for moved, category, minor in self._counted_splits(period)
            if category == line and category not in self.history.income
        ]
        left = before["rows"][line]["available"] if before else 0
        carried = {
            Rollover.NONE: 0,
            Rollover.SURPLUS: max(0, left),
            Rollover.DEFICIT: min(0, left),
            Rollover.BOTH: left,
        }[self._policy(n, line)]
        allocation = self.history.allocations.get(period.key, {}).get(line) if line else None
        allocated, actual = allocation.minor if allocation else 0, -sum(minor for _, minor in spent)
        return {
            "allocated": allocated,
            "actual": actual,
            "carry_in": carried,
            "available": carried + allocated - actual,
            "transaction_count": len({id(moved) for moved, _ in spent}),
        }

    def _policy(self, n: int, line: UUID | None) -> Rollover:
        if line is None:
            return Rollover.NONE
        for period in reversed(self.history.periods[: n + 1]):
            if line in self.history.allocations.get(period.key, {}):
                return self.history.allocations[period.key][line].rollover
        return self.history.settings.default_rollover


@pytest.fixture(scope="session")
def histories() -> st.SearchStrategy[History]:
    return _histories()


@pytest.fixture(scope="session")
def transaction_versions() -> st.SearchStrategy[list[Transaction | Transfer | None]]:
    """The versions of one transaction, oldest first; None is its deletion."""
    return st.lists(st.one_of(transactions, transactions, st.none()), min_size=1, max_size=4)


@pytest.fixture(scope="session")
def naive() -> Callable[[History], NaiveBudget]:
    return NaiveBudget


def _account(account_id: UUID, **fields: Any) -> AccountCreated:
    state = {"name": "Checking", "type": "checking", "currency": BASE, "opening_balance_minor": 0}
    return AccountCreated(
        **{"id": account_id, **state, "opened_on": date(2024, 1, 1), "on_budget": True, **fields}
    )


def _category(category_id: UUID, kind: str) -> CategoryCreated:
    return CategoryCreated.model_validate({"id": category_id, "name": "Category", "type": kind})


def _transaction(transaction_id: UUID, moved: Transaction | Transfer) -> TransactionCreated:
    """What the ledger tells of a transaction."""
    splits = tuple(
        ToldSplit(id=new_id(), category_id=split.category_id, amount_minor=split.minor)
        for split in moved.splits
    )
    state: dict[str, Any] = {
        "id": transaction_id,
        "status": "cleared",
        "date": moved.day,
        "currency": BASE,
        "splits": splits,
        "excluded_from_budget": moved.excluded,
        "counts_next_period": moved.counts_next_period,
    }
    if isinstance(moved, Transaction):
        amount = sum(split.minor for split in moved.splits)
        state |= {"type": "standard", "kind": "expense", "account_id": moved.account_id}
        return TransactionCreated(**state, amount_minor=amount)
    sides = {
        "from": Side(account_id=moved.from_id, amount_minor=moved.sent, currency=BASE),
        "to": Side(account_id=moved.to_id, amount_minor=moved.received, currency=BASE),
    }
    return TransactionCreated.model_validate(
        {**state, **sides, "type": "transfer", "kind": "transfer", "amount_minor": moved.sent}
    )


class Book:
    """A book of the running budget, and what others tell of it. Numbers rise as events are made."""

    account = staticmethod(_account)
    category = staticmethod(_category)
    transaction = staticmethod(_transaction)

    def __init__(self, running: Harness, now: datetime) -> None:
        self.running = running
        self.person = Person()
        self.id = self.person.book_id
        self.now = now
        self.number = 0
        self.told: list[dict[str, Any]] = []
        self.versions: dict[UUID, int] = {}
        self.of_ledger = of_ledger(lambda: now)
        self.of_auth = of_auth(lambda: now)

    def event(self, data: Event, version: int | None = None, source: str = "ledger") -> Opened:
        """The next event of the stream, as it arrives; without a version its aggregate's next."""
        subject: UUID = data.id  # type: ignore[attr-defined]  # every event told here has one
        version = version or self.versions.get(subject, 0) + 1
        self.versions[subject] = version
        if source == "ledger":
            self.number += 1
        item = {
            "id": str(new_id()),
            "type": data.EVENT,
            "schema_version": data.SCHEMA_VERSION,
            "source": source,
            "stream_id": str(self.id),
            "sequence": self.number or 1,
            "aggregate": {"type": data.AGGREGATE, "id": str(subject), "version": version},
            "occurred_at": "2024-01-01T00:00:00",
            "data": data.model_dump(mode="json", by_alias=True),
        }
        if source == "ledger":
            self.told.append(item)
        subscription = self.of_ledger if source == "ledger" else self.of_auth
        return open_envelope(item, subscription.models, source)

    def faulty(self, event: Opened) -> Opened:
        """The same event, with a payload that its contract refuses."""
        raw = {**event.raw, "data": {"id": "no id"}}  # type: ignore[union-attr]  # only envelopes are broken here
        return open_envelope(raw, self.of_ledger.models, "ledger")

    def copied(self, other: "Book", first: int, last: int) -> list[Opened]:
        """The same things happen in this book as in another."""
        items = [{**item, "stream_id": str(self.id)} for item in other.told[first:last]]
        self.told += items
        self.number += len(items)
        return [open_envelope(item, self.of_ledger.models, "ledger") for item in items]

    async def hear(self, *events: Opened, behind: bool = False) -> None:
        """One list from the ledger."""
        await self._deal(self.of_ledger, events, behind=behind)

    async def tell(self, *data: Event, behind: bool = False) -> None:
        await self.hear(*(self.event(each) for each in data), behind=behind)

    async def begin(self, currency: str = BASE, version: int = 1) -> None:
        """Auth tells of the book."""
        book = auth.BookCreated(id=self.id, name="Home", base_currency=currency, timezone="Europe/Berlin")
        await self._deal(self.of_auth, [self.event(book, version, source="auth")])

    async def _deal(self, subscription: Subscription, events: Any, *, behind: bool = False) -> None:
        await deal(self.running.resources.pool, subscription, list(events), behind=behind)

    async def streams(self, **_: Any) -> list[tuple[UUID, int]]:
        return [(self.id, self.number)]

    async def events(self, stream_id: UUID, *, after: int = 0, to: int | None = None, **_: Any) -> Page:
        """The ledger's feed of this book, some events a page."""
        rest = [item for item in self.told if after < item["sequence"] <= (to or self.number)][:FEED_PAGE]
        return Page(rest, rest[-1]["sequence"] if rest else after)

    async def months(self) -> dict[str, Month]:
        """The stored months."""
        with scope(books=[self.id]):
            async with self.running.resources.pool.acquire() as connection, connection.transaction():
                stored = await inputs.months(connection, {self.id: (date.min, date.max)})
        return {month.period.key: month for month in stored[self.id].values()}

    async def faults(self) -> list[str]:
        return await check(self.running.resources.pool, self.id, self.now, self)

    async def plan(self, *keys: str) -> None:
        """Headers as they lie in the table."""
        for key in keys:
            await self.sql(
                "INSERT INTO plan SELECT $1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'draft', NULL, 1",
                self.id,
                month(key).first,
            )

    async def sql(self, statement: str, *values: object) -> list[Any]:
        return await self.running.sql(statement, *values)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def budget() -> AsyncIterator[Harness]:
    """One running budget for all tests, each of which has a book of its own."""
    async with harness(SERVICE) as running:
        yield running
    await drop_templates()


@pytest.fixture
def new_book(budget: Harness) -> Callable[..., Book]:
    def make(now: datetime = datetime(2024, 2, 10, tzinfo=UTC)) -> Book:
        return Book(budget, now)

    return make


@pytest_asyncio.fixture
async def book(new_book: Callable[..., Book]) -> Book:
    """A book that auth has told of."""
    made = new_book()
    await made.begin()
    return made


@pytest_asyncio.fixture
async def anna(book: Book) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in as the owner of `book`."""
    async with book.running.client(book.person) as client:
        yield client
