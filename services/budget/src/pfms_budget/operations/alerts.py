"""Telling people what they should look at: each alert once, in the transaction that changed the month."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from pfms_budget.db.tables.base import NOBODY
from pfms_budget.domain.alert import (
    BUDGETED_BY,
    Alert,
    AlertKind,
    Look,
    concerns,
    crossings,
    is_brought_along,
    is_unbudgeted,
)
from pfms_budget.domain.month import LineRow, Month
from pfms_budget.operations import announce
from pfms_budget.operations.cells import write
from pfms_budget.queries import alerts as queries
from pfms_budget.queries import inputs
from pfms_budget.queries.inputs import Facts
from pfms_common.clock import today_in
from pfms_common.period import Period
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_events.contracts.budget.alert import BudgetOverspent, BudgetThresholdCrossed, alert_id
from pfms_events.outbox import Change

BOOKS_AT_ONCE = 10
AHEAD_OF_UTC = timedelta(hours=14)
"""The first place on earth where a day begins."""

_KEYS = "$1::uuid[], $2::date[], $3::text[], $4::uuid[], $5::int[]"
_BEGUN = f"""
INSERT INTO alert (book_id, first_day, kind, category_id, percent, since)
SELECT u.* FROM unnest({_KEYS}, $6::timestamptz[]) AS u ON CONFLICT DO NOTHING
"""
_OVER = f"""
DELETE FROM alert a USING unnest({_KEYS}) AS u (book_id, first_day, kind, category_id, percent)
WHERE a.book_id = u.book_id AND a.first_day = u.first_day AND a.kind = u.kind AND a.category_id = u.category_id
  AND a.percent = u.percent
"""
# Books whose month has begun and has nothing set aside, which nobody was told yet.
_UNBUDGETED = """
SELECT b.book_id FROM book b, LATERAL (
    SELECT first_day, allocated FROM month WHERE book_id = b.book_id AND first_day <= $1
    ORDER BY first_day DESC LIMIT 1) m
WHERE m.allocated = 0 AND ($2::uuid IS NULL OR b.book_id > $2) AND NOT EXISTS (
    SELECT FROM alert a WHERE a.book_id = b.book_id AND a.first_day = m.first_day AND a.kind = 'not_budgeted')
ORDER BY b.book_id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """A month of a book as it was and as it is. What nobody is told is noted, so that it is not told later either.

    Args:
        is_replay: nobody is told.
        is_news: people are told as well of what earlier months hand on; else, as for the rows of an old statement,
            only of what happened in the month itself.
    """

    book_id: UUID
    before: Month | None
    after: Month
    look: Look = Look()  # noqa: RUF009
    is_replay: bool = False
    is_news: bool = True

    def is_told(self, alert: Alert) -> bool:
        if self.is_replay:
            return False
        return self.is_news or not is_brought_along(self.before, self.after, alert)


def looked_at(facts: Facts, now: datetime) -> tuple[Period, Period]:
    """The running month of a book and the next: of others nobody is told."""
    running = facts.calendar.of(today_in(facts.timezone, now))
    return running, facts.calendar.after(running)


async def follow(
    connection: asyncpg.Connection, months: Iterable[Watched], now: datetime, actor: UUID | None
) -> None:
    """Tells what begins and arms what is over; the caller holds the heads of these books."""
    watched = [each for each in months if concerns(each.before, each.after, each.look)]
    if not watched:
        return
    told = await queries.told(connection, [(each.book_id, each.after.period.first) for each in watched])
    begun: list[tuple[Watched, Alert]] = []
    over: list[tuple[Watched, Alert]] = []
    for each in watched:
        known: Collection[Alert] = told.get((each.book_id, each.after.period.first), ())
        found = crossings(each.before, each.after, each.look, known)
        begun += [(each, alert) for alert in sorted(found.begun, key=str)]
        over += [(each, alert) for alert in found.over]
    await _tell(connection, begun, now, actor)
    await write(connection, _OVER, [_key(*pair) for pair in over])


async def look_for_unbudgeted(app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, now: datetime) -> int:
    """Tells, once a month, of months that began with nothing set aside; how many books were looked at."""
    begun_by = (now + AHEAD_OF_UTC).date() - timedelta(days=BUDGETED_BY - 1)
    amount, after = 0, None
    while True:
        async with connection_of(relay_pool) as finder:
            rows = await finder.fetch(_UNBUDGETED, begun_by, after, BOOKS_AT_ONCE)
        books = [row["book_id"] for row in rows]
        if not books:
            return amount
        await _tell_unbudgeted(app_pool, books, now)
        amount, after = amount + len(books), books[-1]


async def _tell_unbudgeted(app_pool: asyncpg.Pool, books: Sequence[UUID], now: datetime) -> None:
    with scope(books=books):
        async with connection_of(app_pool) as connection, connection.transaction():
            await connection.execute("SELECT lock_heads($1)", books)
            facts = await inputs.facts(connection, books)
            days = {book: today_in(facts[book].timezone, now) for book in books}
            spans = {book: (looked_at(facts[book], now)[0].first,) * 2 for book in books}
            stored = await inputs.months(connection, spans)
            told = await queries.told(connection, [(book, span[0]) for book, span in spans.items()])
            found = [
                (Watched(book, None, month), Alert(AlertKind.NOT_BUDGETED))
                for book in books
                for month in stored[book].values()
                if is_unbudgeted(month, days[book])
                and Alert(AlertKind.NOT_BUDGETED) not in told.get((book, month.period.first), ())
            ]
            await _tell(connection, found, now, None)


async def _tell(
    connection: asyncpg.Connection,
    begun: Sequence[tuple[Watched, Alert]],
    now: datetime,
    actor: UUID | None,
) -> None:
    await write(connection, _BEGUN, [(*_key(*pair), now) for pair in begun])
    changes = [(each.book_id, _change(each, alert)) for each, alert in begun if each.is_told(alert)]
    await announce.counted(connection, changes, actor)


def _key(each: Watched, alert: Alert) -> tuple[UUID, date, str, UUID, int]:
    return each.book_id, each.after.period.first, alert.kind.value, alert.category_id or NOBODY, alert.percent


def _change(each: Watched, alert: Alert) -> Change:
    month = each.after.period.key
    key = alert_id(each.book_id, month, alert.kind, alert.category_id, alert.percent)
    rows: Mapping[UUID | None, LineRow] = {row.category_id: row for row in each.after.lines}
    event: BudgetThresholdCrossed | BudgetOverspent
    match alert.kind:
        case AlertKind.OVER_ALLOCATED:
            event = BudgetOverspent(id=key, month=month, available_minor=each.after.header.to_be_budgeted)
        case AlertKind.OVERSPENT:
            row = rows[alert.category_id]
            event = BudgetOverspent(
                id=key, month=month, category_id=row.category_id, available_minor=row.available
            )
        case AlertKind.NOT_BUDGETED:
            event = BudgetThresholdCrossed(id=key, month=month, kind="not_budgeted")
        case AlertKind.ALLOCATION:
            row = rows[alert.category_id]
            event = BudgetThresholdCrossed(
                id=key,
                month=month,
                kind="allocation",
                category_id=row.category_id,
                threshold_percent=alert.percent,
                allocated_minor=row.allocated,
                actual_minor=row.actual,
            )
    return Change(event, key, announce.COUNTED_THERE)
