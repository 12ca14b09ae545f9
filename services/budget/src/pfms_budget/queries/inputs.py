"""What months are derived from, read for several books at once: a fixed number of statements, however many."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.db.tables.base import NOBODY
from pfms_budget.domain.alert import PERCENTS
from pfms_budget.domain.card import OnCards
from pfms_budget.domain.cells import Cell, Kind, Tally
from pfms_budget.domain.counting import Account, Scope, scope_of
from pfms_budget.domain.month import Allocation, HeaderRow, LineRow, Month, Settings
from pfms_budget.domain.periods import Calendar
from pfms_budget.domain.rollover import Rollover, Unrolled
from pfms_budget.queries.periods import calendar_of
from pfms_common.period import Period

type ByBook[T] = dict[UUID, T]
type Allocations = dict[date, dict[UUID, Allocation]]
type Spans = Mapping[UUID, tuple[date, date]]
"""By book the first days of the first and the last month to read."""
type Keys = Sequence[tuple[UUID, date, UUID | None]]
"""Book, first day of a month, line."""

_FACTS = """
SELECT u.book_id, b.base_currency, b.timezone, b.unconverted, s.default_rollover, s.unrolled, s.strict,
       s.alert_percents, d.since,
       (SELECT max(day) FROM cell WHERE book_id = u.book_id) AS last_movement,
       (SELECT min(first_day) FROM month WHERE book_id = u.book_id) AS stored_first,
       (SELECT max(first_day) FROM month WHERE book_id = u.book_id) AS stored_last,
       least((SELECT min(first_day) FROM plan WHERE book_id = u.book_id),
             (SELECT min(first_day) FROM allocation WHERE book_id = u.book_id)) AS planned_first,
       greatest((SELECT max(first_day) FROM plan WHERE book_id = u.book_id),
                (SELECT max(first_day) FROM allocation WHERE book_id = u.book_id)) AS planned_last,
       (SELECT json_agg(r ORDER BY first_day) FROM period_rule r WHERE book_id = u.book_id)::text AS rules
FROM unnest($1::uuid[]) AS u (book_id)
LEFT JOIN LATERAL (SELECT * FROM book WHERE book_id = u.book_id LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT * FROM settings WHERE book_id = u.book_id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT * FROM dirty WHERE book_id = u.book_id LIMIT 1) d ON true
"""
_SCOPES = """
SELECT book_id, id, on_budget, currency, keeps_debt, NULL FROM account
WHERE book_id = ANY ($1) AND currency IS NOT NULL
UNION ALL SELECT book_id, id, NULL, NULL, NULL, type FROM category
WHERE book_id = ANY ($1) AND type IN ('income', 'receivable')
"""
_LINE = (
    "category_id, allocated::text, actual::text, carry_in::text, available::text, transaction_count, rollover,"
    " on_cards::text, card_debt::text, funded::text, paid::text"
)
_MONTH = ", ".join(f"{name}::text" for name in HeaderRow.__slots__)
_SPANS = "unnest($1::uuid[], $2::date[], $3::date[]) AS u (book_id, first, last)"
_KEYS = "unnest($1::uuid[], $2::date[], $3::uuid[]) AS u (book_id, first_day, category_id)"
_HEADERS = f"""
SELECT m.* FROM {_SPANS}, LATERAL (
    SELECT book_id, key, first_day, last_day, {_MONTH} FROM month
    WHERE book_id = u.book_id AND first_day BETWEEN u.first AND u.last ORDER BY first_day) m
"""
_LINES = f"""
SELECT l.* FROM {_SPANS}, LATERAL (
    SELECT book_id, first_day, {_LINE} FROM month_line
    WHERE book_id = u.book_id AND first_day BETWEEN u.first AND u.last ORDER BY first_day, category_id) l
"""
_LINES_AT = f"""
SELECT u.book_id, u.first_day, l.* FROM {_KEYS}, LATERAL (
    SELECT {_LINE} FROM month_line
    WHERE book_id = u.book_id AND first_day = u.first_day AND category_id = u.category_id LIMIT 1) l
"""
_ALLOCATIONS = f"""
SELECT u.book_id, a.* FROM {_SPANS}, LATERAL (
    SELECT first_day, category_id, allocated_minor, rollover FROM allocation
    WHERE book_id = u.book_id AND first_day BETWEEN u.first AND u.last) a
"""
_ALLOCATIONS_AT = f"""
SELECT u.book_id, u.first_day, u.category_id, a.* FROM {_KEYS}, LATERAL (
    SELECT allocated_minor, rollover FROM allocation
    WHERE book_id = u.book_id AND first_day = u.first_day AND category_id = u.category_id LIMIT 1) a
"""
_PLANS = f"""
SELECT u.book_id, p.* FROM {_SPANS}, LATERAL (
    SELECT first_day, hold_minor, planned_income_minor FROM plan
    WHERE book_id = u.book_id AND first_day BETWEEN u.first AND u.last) p
"""
_SUMS = """
SELECT u.book_id, u.first_day, c.*
FROM unnest($1::uuid[], $2::date[], $3::date[]) AS u (book_id, first_day, last_day), LATERAL (
    SELECT account_id, kind, category_id, counter_id, CASE WHEN unstated <> 0 THEN day END AS day,
           sum(minor)::text AS minor, sum(transactions)::bigint AS transactions, sum(base)::text AS base,
           sum(unstated)::text AS unstated
    FROM cell WHERE book_id = u.book_id AND day BETWEEN u.first_day AND u.last_day
    GROUP BY account_id, kind, category_id, counter_id, CASE WHEN unstated <> 0 THEN day END) c
"""
_BALANCES = """
SELECT u.book_id, c.* FROM unnest($1::uuid[], $2::date[]) AS u (book_id, day), LATERAL (
    SELECT account_id, sum(minor)::text AS minor FROM cell WHERE book_id = u.book_id AND day < u.day
    GROUP BY account_id) c
"""

_POLICIES: Mapping[str | None, Rollover | None] = {
    None: None,
    **{policy.value: policy for policy in Rollover},
}


@dataclass(frozen=True, slots=True)
class Facts:
    """A book at a glance. Days are first days of months.

    Args:
        base_currency: empty until auth has told of the book.
        unconverted: the accounts that the stored months leave out for want of a rate.
        planned: the first and the last of those with a header or an allocation.
        stored: the first and the last month that was derived.
        dirty_since: the month from which on changes wait to be derived.
    """

    base_currency: str
    timezone: str
    unconverted: frozenset[UUID]
    settings: Settings
    strict: bool
    calendar: Calendar
    planned: tuple[date, ...]
    last_movement: date | None
    stored: tuple[date, date] | None
    dirty_since: date | None
    alert_percents: tuple[int, ...] = PERCENTS


@dataclass(frozen=True, slots=True)
class Plan:
    hold: int = 0
    planned_income: int = 0


async def facts(connection: asyncpg.Connection, books: Sequence[UUID]) -> ByBook[Facts]:
    return {row["book_id"]: _facts(row) for row in await connection.fetch(_FACTS, books)}


def _facts(row: asyncpg.Record) -> Facts:
    planned = (row["planned_first"], row["planned_last"])
    return Facts(
        base_currency=row["base_currency"] or "",
        timezone=row["timezone"] or "UTC",
        unconverted=frozenset(row["unconverted"] or ()),
        settings=settings_of(row),
        strict=bool(row["strict"]),
        calendar=calendar_of(row["rules"]),
        planned=tuple(day for day in planned if day),
        last_movement=row["last_movement"],
        stored=(row["stored_first"], row["stored_last"]) if row["stored_first"] else None,
        dirty_since=row["since"],
        alert_percents=PERCENTS if row["alert_percents"] is None else tuple(row["alert_percents"]),
    )


def settings_of(row: asyncpg.Record) -> Settings:
    """The engine's settings; a book that never chose has the defaults."""
    if row["default_rollover"] is None:
        return Settings()
    return Settings(Rollover(row["default_rollover"]), Unrolled(row["unrolled"]))


@dataclass(frozen=True, slots=True)
class Known:
    """What a book's copies say of its accounts and categories."""

    accounts: Mapping[UUID, Account]
    income: Sequence[UUID]
    receivable: Sequence[UUID]

    def foreign(self, base_currency: str) -> dict[UUID, str]:
        """The accounts on the budget in another currency, once the book's own is known."""
        return {
            key: account.currency
            for key, account in self.accounts.items()
            if base_currency and account.on_budget and account.currency != base_currency
        }

    def scope(self, base_currency: str, stated: Collection[UUID]) -> Scope:
        """What judges the cells; `stated`: the accounts in another currency that can be counted."""
        return scope_of(self.accounts, self.income, base_currency, self.receivable, stated)


async def known(connection: asyncpg.Connection, books: Sequence[UUID]) -> ByBook[Known]:
    accounts: defaultdict[UUID, dict[UUID, Account]] = defaultdict(dict)
    categories: defaultdict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for book, key, on_budget, currency, keeps_debt, kind in await connection.fetch(_SCOPES, books):
        if currency is None:
            categories[book, kind].append(key)
        else:
            accounts[book][key] = Account(on_budget, currency, bool(keeps_debt))
    return {
        book: Known(accounts[book], categories[book, "income"], categories[book, "receivable"])
        for book in books
    }


async def headers(connection: asyncpg.Connection, spans: Spans) -> ByBook[dict[date, Month]]:
    """The stored months by first day, without their lines."""
    found: ByBook[dict[date, Month]] = {book: {} for book in spans}
    for row in await connection.fetch(_HEADERS, *_columns(spans)):
        header = HeaderRow(*(int(row[name]) for name in HeaderRow.__slots__))
        period = Period(row["key"], row["first_day"], row["last_day"])
        found[row["book_id"]][period.first] = Month(period, header, ())
    return found


async def months(connection: asyncpg.Connection, spans: Spans) -> ByBook[dict[date, Month]]:
    """The stored months by first day, whole."""
    lines = _lines(await connection.fetch(_LINES, *_columns(spans)))
    return {
        book: {day: replace(month, lines=tuple(_ordered(lines[book, day]))) for day, month in stored.items()}
        for book, stored in (await headers(connection, spans)).items()
    }


async def lines_at(connection: asyncpg.Connection, keys: Keys) -> Mapping[tuple[UUID, date], list[LineRow]]:
    """Single lines, by book and first day of the month; what is not stored is not in it."""
    return _lines(await connection.fetch(_LINES_AT, *_key_columns(keys)) if keys else [])


def _lines(rows: Iterable[asyncpg.Record]) -> defaultdict[tuple[UUID, date], list[LineRow]]:
    lines: defaultdict[tuple[UUID, date], list[LineRow]] = defaultdict(list)
    for book, day, category_id, allocated, actual, carry_in, available, count, rollover, *cards in rows:
        policy = _POLICIES[rollover]
        sums = int(allocated), int(actual), int(carry_in), int(available)
        on_cards, card_debt, funded, paid = cards
        by_card = _on_cards(on_cards), int(card_debt), int(funded), int(paid)
        lines[book, day].append(LineRow(_none(category_id), *sums, count, policy, *by_card))
    return lines


def _on_cards(text: str | None) -> OnCards:
    return tuple((UUID(card), minor) for card, minor in orjson.loads(text)) if text else ()


def _ordered(lines: Iterable[LineRow]) -> list[LineRow]:
    """By category id, as they are read, the line without category last."""
    return sorted(lines, key=lambda line: line.category_id is None)


async def allocations(connection: asyncpg.Connection, spans: Spans) -> ByBook[Allocations]:
    """By the first day of their month."""
    rows = await connection.fetch(_ALLOCATIONS, *_columns(spans))
    return {book: {} for book in spans} | _allocations(rows)


async def allocations_at(connection: asyncpg.Connection, keys: Keys) -> ByBook[Allocations]:
    """Those of single lines, by the first day of their month."""
    return _allocations(await connection.fetch(_ALLOCATIONS_AT, *_key_columns(keys)) if keys else [])


def _allocations(rows: Iterable[asyncpg.Record]) -> ByBook[Allocations]:
    found: ByBook[Allocations] = {}
    for book, day, category_id, minor, rollover in rows:
        allocation = Allocation(minor, Rollover(rollover))
        found.setdefault(book, {}).setdefault(day, {})[category_id] = allocation
    return found


async def plans(connection: asyncpg.Connection, spans: Spans) -> ByBook[dict[date, Plan]]:
    """By the first day of their month; a month without a header is not in it."""
    found: ByBook[dict[date, Plan]] = {book: {} for book in spans}
    for row in await connection.fetch(_PLANS, *_columns(spans)):
        found[row["book_id"]][row["first_day"]] = Plan(row["hold_minor"], row["planned_income_minor"])
    return found


async def sums(
    connection: asyncpg.Connection, spans: Iterable[tuple[UUID, Period]]
) -> ByBook[list[tuple[Cell, Tally]]]:
    """The cells of these months, added up on the first day of each; those with unstated amounts by day."""
    wanted = [(book, period.first, period.last) for book, period in spans]
    found: defaultdict[UUID, list[tuple[Cell, Tally]]] = defaultdict(list)
    if wanted:
        for row in await connection.fetch(_SUMS, *map(list, zip(*wanted, strict=True))):
            cell = Cell(
                row["day"] or row["first_day"],
                row["account_id"],
                Kind(row["kind"]),
                _none(row["category_id"]),
                _none(row["counter_id"]),
            )
            found[row["book_id"]].append((cell, _tally(row)))
    return found


def _tally(row: asyncpg.Record) -> Tally:
    return Tally(int(row["minor"]), row["transactions"], int(row["base"]), int(row["unstated"]))


async def balances_before(
    connection: asyncpg.Connection, days: Mapping[UUID, date]
) -> ByBook[list[tuple[Cell, Tally]]]:
    """What each account of a book held at the end of the day before, as cells for `balance`."""
    found: defaultdict[UUID, list[tuple[Cell, Tally]]] = defaultdict(list)
    if days:
        for row in await connection.fetch(_BALANCES, list(days), list(days.values())):
            cell = Cell(days[row["book_id"]], row["account_id"], Kind.OPENING, None, None)
            found[row["book_id"]].append((cell, Tally(int(row["minor"]), 0)))
    return found


def _columns(spans: Spans) -> tuple[list[UUID], list[date], list[date]]:
    return list(spans), [first for first, _ in spans.values()], [last for _, last in spans.values()]


def _key_columns(keys: Keys) -> tuple[list[UUID], list[date], list[UUID]]:
    return [book for book, _, _ in keys], [day for _, day, _ in keys], [line or NOBODY for _, _, line in keys]


def _none(key: UUID) -> UUID | None:
    """A null, where the key has NOBODY."""
    return None if key == NOBODY else key
