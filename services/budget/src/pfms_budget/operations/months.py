"""Deriving a book's months from the first touched one on, and keeping the rows that differ.

Months from the first to the last touched one are derived whole; what their last one hands on otherwise than before
ripples through the later months, in the lines that it concerns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import asyncpg

from pfms_budget.domain.alert import Look
from pfms_budget.domain.allocation import check_covered
from pfms_budget.domain.cells import Cell, Tally
from pfms_budget.domain.counting import PeriodSums, Scope, balance, month_lines
from pfms_budget.domain.engine import derive as derive_periods
from pfms_budget.domain.held import stated
from pfms_budget.domain.month import (
    Allocation,
    Carried,
    Given,
    Month,
    Settings,
    carried_from,
    carried_into_first,
    given_from,
)
from pfms_budget.domain.span import budget_months
from pfms_budget.operations import alerts, announce, evaluating, ripple, store
from pfms_budget.operations.ripple import Changed, Ripple
from pfms_budget.operations.touched import EVERYTHING, Touched
from pfms_budget.queries import abroad as queries
from pfms_budget.queries import inputs
from pfms_budget.queries.abroad import NOWHERE, Abroad
from pfms_budget.queries.inputs import Facts, Plan
from pfms_common.clock import today_in
from pfms_common.period import Period

DERIVED_WHOLE = 3
"""So few later months are derived with the touched ones: that takes fewer statements."""

_NOT_DIRTY = "DELETE FROM dirty WHERE book_id = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be derived of one book.

    Args:
        periods: from the first touched one to the last, or to the end where that is near.
        later: those after them, which only what is handed on can change.
        fresh: first days of those whose cells are read again.
        before: the period before the first of them, which hands on to it and is read as well; None where the
            budget begins with the first.
    """

    periods: Sequence[Period]
    later: Sequence[Period]
    fresh: frozenset[date]
    before: Period | None
    settings: Settings

    @property
    def first(self) -> Period:
        return self.periods[0]

    @property
    def reads_from(self) -> date:
        return (self.before or self.first).first

    @property
    def last(self) -> date:
        return self.periods[-1].first


@dataclass(frozen=True, slots=True)
class Basis:
    """What one book's months are made from."""

    scope: Scope
    abroad: Abroad
    stored: Mapping[date, Month]
    allocations: Mapping[date, Mapping[UUID, Allocation]]
    plans: Mapping[date, Plan]
    cells: Sequence[tuple[Cell, Tally]]
    before: Sequence[tuple[Cell, Tally]]

    def held(self, task: Task) -> int:
        """What the counted accounts hold on the day before the budget begins."""
        return balance(self.before, self.scope) + self.abroad.worth(self.scope, task.first.eve)


async def derive(
    connection: asyncpg.Connection,
    touched: Mapping[UUID, Touched],
    now: datetime,
    *,
    actor: UUID | None = None,
    told: Mapping[UUID, date] | None = None,
    holds_strict: bool = False,
    is_replay: bool = False,
) -> None:
    """Brings the months of these books up to date and announces those whose figures are others now.

    The caller's transaction holds the heads of all of them. What waited in `dirty` is derived with it.

    Args:
        now: to know which month the books are in.
        actor: whoever wrote, for the events.
        told: by book a month (its first day) that is announced though its derived figures may have stayed.
        holds_strict: a person allocates, so a strict book refuses what it does not have; OverAllocated.
        is_replay: what comes out is old news, so nobody is alerted.
    """
    facts = await inputs.facts(connection, list(touched))
    judges = await judges_of(connection, facts)
    tasks: dict[UUID, Task] = {}
    for book, known in facts.items():
        task = _task(known, judges[book].widened(touched[book], known), judges[book], now)
        if task is not None:
            tasks[book] = task
    await _shorten(connection, facts, now)
    bases = await _read(connection, facts, judges, tasks)
    changed = {book: _derived(task, bases[book]) for book, task in tasks.items()}
    for book, later in (await ripple.on(connection, _handed_on(tasks, changed))).items():
        changed[book] += later
    if holds_strict:
        for book, months in changed.items():
            if facts[book].strict:
                _check_strict(months)
    await store.keep(connection, _rows(changed), now)
    await store.keep_unconverted(
        connection,
        {
            book: judge.scope.unconverted
            for book, judge in judges.items()
            if frozenset(judge.scope.unconverted) != facts[book].unconverted
        },
    )
    if dirty := [book for book, known in facts.items() if known.dirty_since]:
        await connection.execute(_NOT_DIRTY, dirty)
    news = {book: _news(months, bases[book], (told or {}).get(book)) for book, months in changed.items()}
    await announce.month_changes(connection, news, actor)
    await evaluating.evaluate(connection, touched, now, actor=actor)
    watched = [each for book, months in changed.items() for each in _watched(book, facts[book], months, now)]
    news_of = {book for book in changed if actor or touched[book].since}
    await alerts.follow(
        connection,
        [replace(each, is_replay=is_replay, is_news=each.book_id in news_of) for each in watched],
        now,
        actor,
    )


async def recomputed(
    connection: asyncpg.Connection, book_id: UUID, now: datetime
) -> tuple[Basis, list[Month]] | None:
    """All months of a book from its cells, without a look at the stored ones; None where nothing is planned."""
    facts = await inputs.facts(connection, [book_id])
    judges = await judges_of(connection, facts)
    task = _task(facts[book_id], EVERYTHING, judges[book_id], now)
    if task is None:
        return None
    basis = (await _read(connection, facts, judges, {book_id: task}))[book_id]
    made = derive_periods(task.periods, _given(task, basis), task.settings, _carried(task, basis))
    return basis, list(made)


def periods_of(facts: Facts, now: datetime) -> list[Period]:
    """All months of a book's budget."""
    return budget_months(facts.calendar, facts.planned, facts.last_movement, today_in(facts.timezone, now))


@dataclass(frozen=True, slots=True)
class Judge:
    """What counts in one book, and its money in other currencies. `lapsed`: accounts that have no payment row, for
    which nothing can be set aside even where something once was.
    """

    scope: Scope
    abroad: Abroad
    lapsed: frozenset[UUID]

    def widened(self, touched: Touched, facts: Facts) -> Touched:
        """What a change touches besides its own months: all later ones where money in other currencies is valued at
        the end of each; all of them where an account begins or ceases to be counted.
        """
        if frozenset(self.scope.unconverted) != facts.unconverted:
            return EVERYTHING
        return touched | Touched(since=touched.first) if self.scope.foreign and touched else touched


async def judges_of(connection: asyncpg.Connection, facts: Mapping[UUID, Facts]) -> dict[UUID, Judge]:
    known = await inputs.known(connection, list(facts))
    bases = {book: facts[book].base_currency for book in facts}
    foreign = {book: known[book].foreign(bases[book]) for book in facts}
    abroad = await queries.read(connection, {book: each for book, each in foreign.items() if each}, bases)
    judges: dict[UUID, Judge] = {}
    for book in facts:
        there = abroad.get(book, NOWHERE)
        scope = known[book].scope(bases[book], there.foreign.keys() - there.missing)
        judges[book] = Judge(scope, there, frozenset(known[book].accounts.keys() - scope.cards))
    return judges


def _task(facts: Facts, touched: Touched, judge: Judge, now: datetime) -> Task | None:
    """None where nothing is to be derived."""
    periods = periods_of(facts, now)
    if not periods:
        return None
    if facts.dirty_since:
        touched |= Touched(since=facts.dirty_since)
    if facts.stored is None or facts.stored[0] != periods[0].first:
        touched = EVERYTHING
    fresh = touched.months(periods)
    fresh |= {period.first for period in periods if facts.stored and period.first > facts.stored[1]}
    if not fresh:
        return None
    n = [period.first for period in periods].index(min(fresh))
    rest = periods[n:]
    touched_ones = sum(period.first <= max(fresh) for period in rest)
    whole = touched_ones if len(rest) - touched_ones > DERIVED_WHOLE else len(rest)
    settings = replace(facts.settings, cards=judge.scope.cards)
    return Task(rest[:whole], rest[whole:], frozenset(fresh), periods[n - 1] if n else None, settings)


async def _read(
    connection: asyncpg.Connection,
    facts: Mapping[UUID, Facts],
    judges: Mapping[UUID, Judge],
    tasks: Mapping[UUID, Task],
) -> dict[UUID, Basis]:
    if not tasks:
        return {}
    spans = {book: (task.reads_from, task.last) for book, task in tasks.items()}
    rest = {book: (task.reads_from, date.max) for book, task in tasks.items()}
    firsts = {book: task.first.first for book, task in tasks.items() if task.before is None}
    fresh = [
        (book, period)
        for book, task in tasks.items()
        for period in task.periods
        if period.first in task.fresh
    ]
    months = await inputs.months(connection, spans)
    allocations = await inputs.allocations(connection, spans)
    plans = await inputs.plans(connection, rest)
    cells = await inputs.sums(connection, fresh)
    before = await inputs.balances_before(connection, firsts)
    return {
        book: Basis(
            judges[book].scope,
            judges[book].abroad,
            months[book],
            {
                day: {line: each for line, each in given.items() if line not in judges[book].lapsed}
                for day, given in allocations[book].items()
            },
            plans[book],
            stated(
                cells.get(book, ()),
                judges[book].scope.foreign,
                judges[book].abroad.rates,
                facts[book].base_currency,
            ),
            before.get(book, ()),
        )
        for book in tasks
    }


def _derived(task: Task, basis: Basis) -> list[Changed]:
    """The months that differ from what is stored."""
    made = derive_periods(task.periods, _given(task, basis), task.settings, _carried(task, basis))
    pairs = [(basis.stored.get(month.period.first), month) for month in made]
    return [Changed(before, month) for before, month in pairs if before != month]


def _handed_on(tasks: Mapping[UUID, Task], changed: Mapping[UUID, Sequence[Changed]]) -> dict[UUID, Ripple]:
    """The books whose last derived month differs, so that it hands on something else than before."""
    found: dict[UUID, Ripple] = {}
    for book, task in tasks.items():
        last = changed[book][-1] if changed[book] else None
        if task.later and last and last.before and last.after.period.first == task.last:
            found[book] = Ripple(task.later, last.before, last.after, task.settings)
    return found


def _news(changed: Sequence[Changed], basis: Basis, told: date | None) -> list[announce.Told]:
    """The months that changed, and the one that is told anyhow."""
    months = [each.after for each in changed]
    if told and told in basis.stored and all(month.period.first != told for month in months):
        months.append(basis.stored[told])
    return [
        announce.Told(month, basis.plans.get(month.period.first, Plan()).planned_income) for month in months
    ]


def _carried(task: Task, basis: Basis) -> Carried:
    if task.before is None:
        return carried_into_first(basis.held(task))
    return carried_from(basis.stored[task.reads_from])


def _given(task: Task, basis: Basis) -> dict[str, Given]:
    """What each period is given: of touched months from their cells, of others from their stored rows."""
    fresh = [period for period in task.periods if period.first in task.fresh]
    sums = month_lines(basis.cells, basis.scope, fresh, basis.abroad.revalued(basis.scope, fresh))
    excluded = 0 if task.before is None else basis.stored[task.reads_from].header.excluded
    given: dict[str, Given] = {}
    for period in task.periods:
        allocations = basis.allocations.get(period.first, {})
        stored = basis.stored.get(period.first)
        if period.first in task.fresh or stored is None:
            hold = basis.plans.get(period.first, Plan()).hold
            given[period.key] = Given(sums.get(period.key, PeriodSums()), allocations, hold)
        else:
            given[period.key] = given_from(stored, excluded, allocations)
        excluded = stored.header.excluded if stored else excluded
    return given


async def _shorten(connection: asyncpg.Connection, facts: Mapping[UUID, Facts], now: datetime) -> None:
    """Drops stored months that lie outside the budget since its first or last month moved."""
    kept: dict[UUID, tuple[date, date]] = {}
    for book, known in facts.items():
        periods = periods_of(known, now)
        span = (periods[0].first, periods[-1].first) if periods else (date.max, date.max)
        if known.stored and (known.stored[0] < span[0] or known.stored[1] > span[1]):
            kept[book] = span
    await store.drop_outside(connection, kept)


def _watched(book_id: UUID, facts: Facts, changed: Sequence[Changed], now: datetime) -> list[alerts.Watched]:
    """The months of which people are told."""
    running, following = alerts.looked_at(facts, now)
    return [
        alerts.Watched(
            book_id, each.before, each.after, Look(facts.alert_percents, each.after.period == running)
        )
        for each in changed
        if each.after.period in (running, following)
    ]


def _check_strict(months: Sequence[Changed]) -> None:
    before = {each.after.period.key: each.before.header.to_be_budgeted for each in months if each.before}
    check_covered(before, {each.after.period.key: each.after.header.to_be_budgeted for each in months})


def _rows(changed: Mapping[UUID, Sequence[Changed]]) -> list[tuple[UUID, Month | None, Month]]:
    return [(book, each.before, each.after) for book, months in changed.items() for each in months]
