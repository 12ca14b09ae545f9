"""Explaining a figure of a month: reading what it is made of, and a page of the transactions behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from uuid import UUID

import asyncpg

from pfms_budget.domain.behind import MADE_OF_TRANSACTIONS, Behind, Counted
from pfms_budget.domain.explain import explain
from pfms_budget.domain.explained import Explained, Seen, Term
from pfms_budget.domain.figure import Figure
from pfms_budget.domain.held import in_base, stated
from pfms_budget.domain.valued import balances, fx, openings
from pfms_budget.operations import months
from pfms_budget.operations.months import Judge
from pfms_budget.queries import allocations, inputs, plans
from pfms_budget.queries import explain as queries
from pfms_common.period import Period, PeriodKey
from pfms_common.problem import NotFound

AT_ONCE = 1_000
"""Transactions read by one statement, while those are looked for that count."""

NO_ID = UUID(int=0)
"""Before every id."""

type Place = tuple[date, UUID]
"""Day and id of a transaction."""


@dataclass(frozen=True, slots=True)
class Page:
    """Transactions behind a figure, each on every account on which it counts; `next` where more may follow."""

    counted: Sequence[Counted]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Money:
    """How a book's amounts in other currencies become its own."""

    judge: Judge
    base: str

    def currency(self, account_id: UUID) -> str:
        return self.judge.scope.foreign.get(account_id, self.base)

    def rate(self, account_id: UUID, day: date) -> tuple[date, Fraction] | None:
        """The rate of a day with the day that it is of; None for the book's own currency."""
        if account_id not in self.judge.scope.foreign:
            return None
        return self.judge.abroad.rates.dated(self.currency(account_id), self.base, day)

    def convert(self, account_id: UUID, minor: int, day: date) -> int:
        if account_id not in self.judge.scope.foreign:
            return minor
        return in_base(minor, self.currency(account_id), self.judge.abroad.rates, self.base, day)


@dataclass(frozen=True, slots=True)
class Answer:
    """`page` is None for a figure that no transactions make by themselves."""

    explained: Explained
    period: Period
    before: Period | None
    page: Page | None
    money: Money


async def explanation(
    connection: asyncpg.Connection,
    book_id: UUID,
    key: PeriodKey,
    figure: Figure,
    after: Place | None,
    limit: int,
) -> Answer:
    """What makes a figure; NotFound for a month or a line that the budget does not have.

    Args:
        connection: a snapshot.
        after: the last transaction of the page before.
        limit: transactions on a page.
    """
    facts = (await inputs.facts(connection, [book_id]))[book_id]
    judge = (await months.judges_of(connection, {book_id: facts}))[book_id]
    money = Money(judge, facts.base_currency)
    named = facts.calendar.of(key.first)
    span = facts.calendar.before(named).first, named.first
    stored = list((await inputs.months(connection, {book_id: span}))[book_id].values())
    if not stored or stored[-1].period.key != key.key:
        raise NotFound(f"The budget of this book has no month {key.key}; make it with POST /budgets.")
    month, before = stored[-1], stored[-2] if len(stored) > 1 else None
    period = month.period
    await _check_lines(connection, book_id, figure)
    settings = replace(facts.settings, cards=judge.scope.cards)
    seen = await _with_plans(connection, book_id, Seen(month, before, settings))
    seen = replace(seen, money=await _of_accounts(connection, book_id, seen, figure, money))
    page = None
    if figure.kind in MADE_OF_TRANSACTIONS:
        behind = Behind(figure, judge.scope, money.convert)
        page = await _page(connection, book_id, period, behind, after, limit)
    return Answer(explain(figure, seen), period, before.period if before else None, page, money)


async def _check_lines(connection: asyncpg.Connection, book_id: UUID, figure: Figure) -> None:
    lines = [line for line in figure.of if line]
    if lines and len(await allocations.category_types(connection, book_id, lines)) < len(set(lines)):
        raise NotFound(f"This book has no category, and no card that keeps its debt, as {figure} names.")


async def _with_plans(connection: asyncpg.Connection, book_id: UUID, seen: Seen) -> Seen:
    period = seen.month.period
    plan = await plans.plan(connection, book_id, period.first)
    essential, rest = await queries.spending(connection, book_id)
    set_aside = await allocations.of_month(connection, book_id, period.first)
    return replace(
        seen,
        planned={"planned_income": plan.planned_income_minor, "savings_budget": plan.savings_budget_minor},
        allocations={each.category_id: each.id for each in set_aside},
        essential=frozenset(essential),
        rest=frozenset(rest),
        minimums=await queries.minimums(connection, book_id, period),
    )


async def _of_accounts(
    connection: asyncpg.Connection, book_id: UUID, seen: Seen, figure: Figure, money: Money
) -> Mapping[str, Sequence[Term]]:
    """The terms of a figure that is made of what accounts hold."""
    period, scope, abroad = seen.month.period, money.judge.scope, money.judge.abroad
    if figure.kind == "start" and seen.before is None:
        found = (await inputs.balances_before(connection, {book_id: period.first})).get(book_id, ())
        held = {cell.account_id: tally.minor for cell, tally in found if cell.account_id in scope.cash}
        return {"start": balances(held, period.eve, money.convert)}
    if figure.kind not in {"openings", "fx"}:
        return {}
    sums = (await inputs.sums(connection, [(book_id, period)])).get(book_id, [])
    cells = stated(sums, scope.foreign, abroad.rates, money.base)
    before, after = abroad.held(scope, period.eve), abroad.held(scope, period.last)
    return {
        "openings": openings(cells, scope),
        "fx": fx(cells, scope, period, before, after, money.convert),
    }


async def _page(
    connection: asyncpg.Connection,
    book_id: UUID,
    period: Period,
    behind: Behind,
    after: Place | None,
    limit: int,
) -> Page:
    """Read from the beginning of a day, since what no worth is stated for is converted by the day."""
    after = after or (period.first, NO_ID)
    place, kept = (after[0], NO_ID), list[list[Counted]]()
    while True:
        rows = await queries.transactions(connection, book_id, *place, period.last, AT_ONCE)
        for key, day, cells in rows:
            counted = behind.counted(key, cells)
            if counted and (day, key) > after:
                kept.append(counted)
        has_more = len(kept) > limit
        if has_more or len(rows) < AT_ONCE:
            shown = [each for of_one in kept[:limit] for each in of_one]
            return Page(shown, (shown[-1].day, shown[-1].transaction_id) if has_more else None)
        place = rows[-1][1], rows[-1][0]
