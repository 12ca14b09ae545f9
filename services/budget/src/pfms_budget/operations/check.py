"""Trying what the budget promises of a book: its months against its cells, its cells against its copies, its
copies against the ledger.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import asyncpg

from pfms_budget.domain.cells import added_up
from pfms_budget.domain.counting import balance
from pfms_budget.domain.month import accounted
from pfms_budget.operations import cells, copies, months
from pfms_budget.operations.news import Key, Known, News
from pfms_budget.queries import inputs
from pfms_budget.queries.snapshot import snapshot
from pfms_events.apply import events_of
from pfms_events.contracts.ledger import EVENTS
from pfms_events.envelope import open_envelope
from pfms_events.event import catalogue
from pfms_events.feed import Feed
from pfms_events.progress import applied_through


async def check(pool: asyncpg.Pool, book_id: UUID, now: datetime, feed: Feed | None = None) -> list[str]:
    """What is broken, in words; what merely waits to be derived is not. Without a feed the ledger is not asked."""
    async with snapshot(pool, book_id) as connection:
        kept = await copies.all_of(connection, book_id)
        through = await applied_through(connection, "budget.ledger", "ledger", book_id)
        faults = await _faults_of_cells(connection, book_id, kept)
        facts = (await inputs.facts(connection, [book_id]))[book_id]
        if facts.dirty_since is None:
            faults += await _faults_of_months(connection, book_id, now)
    if feed is not None:
        faults += _faults_of_copies(kept, await _told(feed, book_id, through))
    return faults


async def _faults_of_cells(connection: asyncpg.Connection, book_id: UUID, kept: News) -> list[str]:
    """The cells are the sum of the transactions' and the opening balances."""
    expected = added_up(copies.cells_of_copies(kept))
    stored = await cells.of_book(connection, book_id)
    differing = [cell for cell in expected.keys() | stored.keys() if expected.get(cell) != stored.get(cell)]
    return [f"{len(differing)} cells are not the sum of their transactions"] if differing else []


async def _faults_of_months(connection: asyncpg.Connection, book_id: UUID, now: datetime) -> list[str]:
    """Every month comes out of the cells as it is stored, and accounts for all money there is."""
    made = await months.recomputed(connection, book_id, now)
    if made is None:
        return []
    basis, expected = made
    held, last = balance(basis.before, basis.scope), max(basis.stored, default=date.min)
    abroad = basis.abroad
    faults = []
    for month in expected:
        moved = [(cell, tally) for cell, tally in basis.cells if cell.day in month.period]
        held += balance(moved, basis.scope)
        there = held + abroad.worth(basis.scope, month.period.last)
        if accounted(month) != there:
            faults.append(f"{month.period.key} accounts for {accounted(month)}, the accounts hold {there}")
        if month.period.first <= last and basis.stored.get(month.period.first) != month:
            faults.append(f"{month.period.key} is not what its cells make")
    lost = (basis.allocations.keys() | basis.plans.keys()) - {month.period.first for month in expected}
    return faults + [f"something is planned from {day} on, when no period begins" for day in sorted(lost)]


async def _told(feed: Feed, book_id: UUID, through: int) -> News:
    """The ledger's newest states up to a number."""
    news, after, models = News(), 0, catalogue(EVENTS)
    while after < through:
        page = await feed.events(book_id, after=after, to=through)
        news.add(events_of(open_envelope(item, models, "ledger") for item in page.items))
        if page.through <= after:
            break
        after = page.through
    return news


def _faults_of_copies(kept: News, told: News) -> list[str]:
    """A copy may be newer than what the feed was asked for, never older, and never other."""
    pairs: list[tuple[str, Mapping[Key, Known[object]], Mapping[Key, Known[object]]]] = [
        ("account", kept.accounts, told.accounts),
        ("category", kept.categories, told.categories),
        ("pot", kept.pots, told.pots),
        ("balance of pot", kept.pot_balances, told.pot_balances),
        ("rate", kept.rates, told.rates),
        ("transaction", kept.transactions, told.transactions),
        ("plan", kept.plans, told.plans),
        ("occurrence", kept.marks, told.marks),
        ("source of income", kept.sources, told.sources),
    ]
    return [
        f"{kind} {key[1]} is not as the ledger tells it"
        for kind, copied, states in pairs
        for key, state in states.items()
        if _is_behind(copied.get(key), state)
    ]


def _is_behind(copy: Known[object] | None, told: Known[object]) -> bool:
    return copy is None or copy.version < told.version or (copy.version == told.version and copy != told)
