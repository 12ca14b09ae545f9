"""Random histories of a book, a slow model of its budget that shares no code with the engine, and a running
budget that is told what happened in the ledger.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
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
from pfms_events.contracts.ledger.rate import RateSet
from pfms_events.contracts.ledger.transaction import Side, TransactionCreated
from pfms_events.contracts.ledger.transaction import Split as ToldSplit
from pfms_events.deal import deal
from pfms_events.envelope import Opened, open_envelope
from pfms_events.event import Event
from pfms_events.feed import Page
from pfms_events.rebuild import rebuild
from pfms_events.subscription import Subscription
from pfms_service.testing import Harness, Person, drop_templates, harness

BASE = "EUR"
FEED_PAGE = 3
ACCOUNTS = [UUID(int=1 + n) for n in range(5)]
CURRENCIES = dict(zip(ACCOUNTS, [BASE, BASE, BASE, BASE, "USD"], strict=True))
EXPENSES = [UUID(int=101 + n) for n in range(4)]
INCOMES = [UUID(int=201 + n) for n in range(2)]
START = date(2023, 12, 20)


def rate_on(day: date) -> int:
    """Another one every day, and whole, so that the model need not know what is rounded together."""
    return 1 + day.toordinal() % 3


def worth(minor: int, day: date) -> int:
    return minor * rate_on(day)


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
    is_stated: bool
    """Whether the ledger says what amounts in other currencies were worth on their day."""

    worth = staticmethod(worth)

    @property
    def stated(self) -> list[UUID]:
        """The accounts in another currency whose worth is known."""
        foreign = [key for key, account in self.accounts.items() if account.currency != BASE]
        return foreign if self.is_stated else []

    def with_base(self, moved: Transaction | Transfer) -> Transaction | Transfer:
        """As the ledger tells it: with what each part was worth on its day, where rates are known."""
        if not self.is_stated:
            return moved
        splits = [replace(split, base=worth(split.minor, moved.day)) for split in moved.splits]
        if isinstance(moved, Transaction):
            return replace(moved, splits=splits)
        sent, received = worth(moved.sent, moved.day), worth(moved.received, moved.day)
        return replace(moved, splits=splits, sent_base=sent, received_base=received)

    def held(self, account: UUID, day: date) -> int:
        """What is on an account at the end of a day, in its own currency."""
        on, opening = self.openings[account]
        moved = (each for each in self.transactions if each.day <= day)
        return (opening if on <= day else 0) + sum(_net(each, account) for each in moved)

    def held_abroad(self, day: date) -> int:
        """What all money in other currencies that counts is worth on a day."""
        accounts = [key for key in self.stated if self.accounts[key].on_budget]
        return sum(worth(self.held(key, day), day) for key in accounts if not self.accounts[key].keeps_debt)

    def revalued(self) -> dict[str, int]:
        """By period by how much that is more at its end than before it."""
        return {
            period.key: self.held_abroad(period.last) - self.held_abroad(period.first - timedelta(days=1))
            for period in self.periods
        }


def _net(moved: Transaction | Transfer, account: UUID) -> int:
    if isinstance(moved, Transaction):
        return sum(split.minor for split in moved.splits) if moved.account_id == account else 0
    if moved.from_id == moved.to_id:
        return 0
    return moved.received * (moved.to_id == account) - moved.sent * (moved.from_id == account)


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
    st.sampled_from([*EXPENSES, *ACCOUNTS[:2]]),
    st.builds(Allocation, amounts, st.sampled_from(Rollover)),
    max_size=3,
)


@st.composite
def _histories(draw: st.DrawFn) -> History:
    periods = draw(_periods())
    keys = st.sampled_from([period.key for period in periods])
    known = draw(st.lists(st.sampled_from(ACCOUNTS), min_size=2, unique=True))
    accounts = {
        key: Account(draw(st.sampled_from([True, True, False])), CURRENCIES[key], draw(st.booleans()))
        for key in known
    }
    history = History(
        periods=periods,
        accounts=accounts,
        openings={account: (draw(days), draw(amounts)) for account in accounts},
        income=frozenset(draw(st.sets(st.sampled_from(INCOMES), min_size=1))),
        transactions=draw(st.lists(transactions, max_size=15)),
        allocations=draw(st.dictionaries(keys, allocations)),
        holds=draw(st.dictionaries(keys, amounts)),
        settings=draw(st.builds(Settings, st.sampled_from(Rollover), st.sampled_from(Unrolled))),
        is_stated=draw(st.booleans()),
    )
    return replace(history, transactions=[history.with_base(each) for each in history.transactions])


class NaiveBudget:
    """The definitions, read aloud: each figure of each period is made from all transactions, again and again."""

    def __init__(self, history: History) -> None:
        self.history = history
        on_budget = {
            key: account
            for key, account in history.accounts.items()
            if account.on_budget and (account.currency == BASE or history.is_stated)
        }
        self.cash = [key for key, account in on_budget.items() if not account.keeps_debt]
        self.cards = [key for key, account in on_budget.items() if account.keeps_debt]
        self.foreign = [key for key, account in on_budget.items() if account.currency != BASE]
        self.lines = [*EXPENSES, *INCOMES, None]

    def balance(self, day: date) -> int:
        """What all accounts with money hold at the end of a day, in the book's currency."""
        held = {key: self.history.held(key, day) for key in self.cash}
        return sum(worth(minor, day) if key in self.foreign else minor for key, minor in held.items())

    def figures(self, n: int) -> dict[str, Any]:
        """Every figure of period number n."""
        period, before = self.history.periods[n], self.figures(n - 1) if n else None
        rows = {line: self._row(n, line, before) for line in self.lines}
        rows |= {card: self._payment_row(n, card, rows, before) for card in self.cards}
        released = (
            sum(row["available"] + row["card_debt"] for row in before["rows"].values()) if before else 0
        )
        released -= sum(row["carry_in"] for row in rows.values())
        discards = self.history.settings.unrolled is Unrolled.DISCARD
        start = self.balance(period.first - timedelta(days=1))
        if before:
            start = before["to_be_budgeted"] + before["hold"] + before["held_income"]
            start += 0 if discards else released
        allocated = sum(row["allocated"] for row in rows.values())
        hold = self.history.holds.get(period.key, 0)
        income, openings = self._income(period, held=False), self._openings(period)
        fx = self._fx(period)
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
            "fx": fx,
            "card_debt": sum(row["card_debt"] for row in rows.values()),
            "to_be_budgeted": start + income + openings + fx - allocated - hold,
            "rows": rows,
        }

    def _value(self, account: UUID, minor: int, base: int | None) -> int:
        return base if account in self.foreign and base is not None else minor

    def _side(self, moved: Transfer, account: UUID) -> int:
        """What left or reached an account by a transfer, in the book's currency, above zero."""
        minor, base = (
            (moved.sent, moved.sent_base)
            if account == moved.from_id
            else (moved.received, moved.received_base)
        )
        if moved.splits and moved.sent == moved.received:
            base = abs(sum(split.base or 0 for split in moved.splits))
        return self._value(account, minor, base)

    def _counted_splits(self, period: Period) -> list[tuple[Transaction | Transfer, UUID, UUID | None, int]]:
        """(transaction, account, category, signed amount) of each split that counts in the period."""
        found: list[tuple[Transaction | Transfer, UUID, UUID | None, int]] = []
        counted = {*self.cash, *self.cards}
        for moved in self.history.transactions:
            if moved.excluded or moved.day not in period:
                continue
            if isinstance(moved, Transaction):
                key = moved.account_id
                if key in counted:
                    found += [
                        (moved, key, split.category_id, self._value(key, split.minor, split.base))
                        for split in moved.splits
                    ]
            elif (moved.from_id in counted) != (moved.to_id in counted):
                key, sign = (moved.from_id, -1) if moved.from_id in counted else (moved.to_id, 1)
                parts = [
                    (moved, key, split.category_id, sign * abs(self._value(key, split.minor, split.base)))
                    for split in moved.splits
                ]
                found += parts or [(moved, key, None, sign * self._side(moved, key))]
        return found

    def _income(self, period: Period, *, held: bool) -> int:
        return sum(
            minor
            for moved, _, category, minor in self._counted_splits(period)
            if category in self.history.income and moved.counts_next_period == held
        )

    def _openings(self, period: Period) -> int:
        openings = self.history.openings.items()
        return sum(
            worth(minor, day) if key in self.foreign else minor
            for key, (day, minor) in openings
            if key in self.cash and day in period
        )

    def _excluded(self, period: Period) -> int:
        total = 0
        for moved in self.history.transactions:
            if not moved.excluded or moved.day not in period:
                continue
            if isinstance(moved, Transaction):
                if (key := moved.account_id) in self.cash:
                    total += sum(self._value(key, split.minor, split.base) for split in moved.splits)
            elif moved.from_id != moved.to_id:
                total -= self._side(moved, moved.from_id) if moved.from_id in self.cash else 0
                total += self._side(moved, moved.to_id) if moved.to_id in self.cash else 0
        return total

    def _payments(self, period: Period) -> list[tuple[UUID, UUID, int]]:
        """(from, to, amount) of each transfer between an account with money and a card, or between two cards."""
        found = []
        for moved in self.history.transactions:
            if isinstance(moved, Transaction) or moved.excluded or moved.day not in period:
                continue
            sides = {moved.from_id, moved.to_id}
            if len(sides) == 2 and sides <= {*self.cash, *self.cards} and sides & set(self.cards):
                by = moved.from_id if moved.from_id in self.cash or sides <= set(self.cards) else moved.to_id
                found.append((moved.from_id, moved.to_id, self._side(moved, by)))
        return found

    def _fx(self, period: Period) -> int:
        """What K's balances changed by, less all that is counted of it."""
        changed = self.balance(period.last) - self.balance(period.first - timedelta(days=1))
        counted = sum(minor for _, key, _, minor in self._counted_splits(period) if key in self.cash)
        paid = sum(
            minor * ((target in self.cash) - (source in self.cash))
            for source, target, minor in self._payments(period)
        )
        return changed - counted - paid - self._excluded(period) - self._openings(period)

    def _row(self, n: int, line: UUID | None, before: dict[str, Any] | None) -> dict[str, int]:
        period = self.history.periods[n]
        spent = [
            (moved, key, minor)
            for moved, key, category, minor in self._counted_splits(period)
            if category == line and category not in self.history.income
        ]
        left = before["rows"][line]["available"] + before["rows"][line]["card_debt"] if before else 0
        carried = {
            Rollover.NONE: 0,
            Rollover.SURPLUS: max(0, left),
            Rollover.DEFICIT: min(0, left),
            Rollover.BOTH: left,
        }[self._policy(n, line)]
        allocated, actual = self._allocated(period, line), -sum(minor for _, _, minor in spent)
        by_card = {card: -sum(minor for _, key, minor in spent if key == card) for card in self.cards}
        bought = {card: minor for card, minor in by_card.items() if minor > 0}
        cash = actual - sum(by_card.values())
        funds = carried + allocated - cash - sum(minor for minor in by_card.values() if minor < 0)
        covered = min(max(funds, 0), sum(bought.values()))
        return {
            "allocated": allocated,
            "actual": actual,
            "carry_in": carried,
            "available": carried + allocated - actual,
            "transaction_count": len({id(moved) for moved, _, _ in spent}),
            "card_debt": sum(bought.values()) - covered,
            "to_pay": self._shared(covered, bought, by_card),
        }

    def _shared(self, covered: int, bought: dict[UUID, int], by_card: dict[UUID, int]) -> dict[UUID, int]:
        """By card its part of what is covered, less what came back on it."""
        whole = sum(bought.values())
        exact = {card: Fraction(covered * minor, whole) for card, minor in bought.items()}
        parts = {card: int(share) for card, share in exact.items()}
        largest = sorted(exact, key=lambda card: (parts[card] - exact[card], card))
        for card in largest[: covered - sum(parts.values())]:
            parts[card] += 1
        return {card: parts.get(card, 0) + min(minor, 0) for card, minor in by_card.items()}

    def _payment_row(
        self, n: int, card: UUID, rows: dict[UUID | None, dict[str, Any]], before: dict[str, Any] | None
    ) -> dict[str, int]:
        period = self.history.periods[n]
        paid = sum(
            minor * ((target == card) - (source == card)) for source, target, minor in self._payments(period)
        )
        paid += sum(
            minor
            for _, key, category, minor in self._counted_splits(period)
            if key == card and category in self.history.income
        )
        funded = sum(row["to_pay"][card] for row in rows.values())
        carried = max(before["rows"][card]["available"], 0) if before else 0
        allocated = self._allocated(period, card)
        return {
            "allocated": allocated,
            "actual": 0,
            "carry_in": carried,
            "funded": funded,
            "paid": paid,
            "available": carried + allocated + funded - paid,
            "card_debt": 0,
            "to_pay": {},
        }

    def _allocated(self, period: Period, line: UUID | None) -> int:
        allocation = self.history.allocations.get(period.key, {}).get(line) if line else None
        return allocation.minor if allocation else 0

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
        ToldSplit(
            id=new_id(),
            category_id=split.category_id,
            amount_minor=split.minor,
            base_amount_minor=split.base,
        )
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


def _rates(history: History) -> list[RateSet]:
    """Those of every day on which anything of a history may lie or be valued."""
    if not history.is_stated:
        return []
    first, last = START - timedelta(days=40), START + timedelta(days=130)
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    return [RateSet(id=new_id(), base="USD", quote=BASE, date=day, rate=str(rate_on(day))) for day in days]


class Book:
    """A book of the running budget, and what others tell of it. Numbers rise as events are made."""

    account = staticmethod(_account)
    category = staticmethod(_category)
    transaction = staticmethod(_transaction)
    rates = staticmethod(_rates)

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

    def event(
        self,
        data: Event,
        version: int | None = None,
        source: str = "ledger",
        subject: UUID | None = None,
    ) -> Opened:
        """The next event of the stream, as it arrives; without a version its aggregate's next."""
        subject = subject or data.id  # type: ignore[attr-defined]  # what is derived names its subject
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

    async def rebuild(self) -> None:
        await rebuild(self.running.resources.pool, self.of_ledger, self, [self.id])

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
