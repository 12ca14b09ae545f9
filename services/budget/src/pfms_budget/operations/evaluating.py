"""Looking at how far goals are, wherever a balance may have changed that they are measured by.

A goal's figures are kept in its row, so that each flip and each milestone is told once, however often what caused it
is heard. A goal whose pot or category was deleted is paused, says why, and keeps the figures that it had.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.domain import goal as rule
from pfms_budget.domain.goal import Flip, GoalKind, GoalStatus, Progress
from pfms_budget.operations import log
from pfms_budget.operations.cells import write
from pfms_budget.queries import goals as queries
from pfms_budget.queries.goals import Goal
from pfms_common.clock import today_in
from pfms_common.period import Period, month_of, next_month, previous_month
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_events.contracts.budget import goal as told
from pfms_events.event import Event
from pfms_events.outbox import Change

ESSENTIAL_MONTHS = 3
"""Whole months whose essential spending an emergency fund is measured by."""
BOOKS_AT_ONCE = 10
AHEAD_OF_UTC = timedelta(hours=14)
"""The first place on earth where a month begins."""

_KEEP = """
UPDATE goal g SET current_minor = u.current_minor, wanted_minor = u.wanted_minor, achieved_by = u.achieved_by,
    achieved_on = u.achieved_on, milestones = u.milestones, progress_version = u.progress_version,
    seen_month = u.seen_month, status = u.status, pause_reason = u.pause_reason, version = u.version
FROM unnest($1::uuid[], $2::uuid[], $3::numeric[], $4::numeric[], $5::text[], $6::date[], $7::jsonb[], $8::bigint[],
            $9::date[], $10::text[], $11::text[], $12::bigint[])
    AS u (book_id, id, current_minor, wanted_minor, achieved_by, achieved_on, milestones, progress_version,
          seen_month, status, pause_reason, version)
WHERE g.book_id = u.book_id AND g.id = u.id
"""
_NOT_SEEN = """
SELECT DISTINCT book_id FROM goal WHERE seen_month < $1 AND ($2::uuid IS NULL OR book_id > $2)
ORDER BY book_id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Balances:
    """What goals are measured by, and the day and month that it is in each book."""

    today: Mapping[UUID, date]
    pots: Mapping[UUID, queries.Linked]
    categories: Mapping[UUID, queries.Linked]
    contributed: Mapping[UUID, int]
    spent: Mapping[UUID, Sequence[int]]
    essentials: Mapping[UUID, Sequence[int]]

    def month(self, goal: Goal) -> Period:
        return month_of(self.today[goal.book_id])

    def gone(self, goal: Goal) -> str | None:
        """Why the goal cannot go on."""
        if goal.pot_id and (pot := self.pots.get(goal.pot_id)) and pot.is_gone:
            return "pot_deleted"
        if goal.category_id and (category := self.categories.get(goal.category_id)) and category.is_gone:
            return "category_deleted"
        return None

    def current(self, goal: Goal) -> int:
        if goal.kind is GoalKind.SPENDING_REDUCTION:
            return rule.not_spent(goal.baseline_minor or 0, self.spent.get(goal.id, ()))
        if goal.pot_id:
            return self.pots[goal.pot_id].minor if goal.pot_id in self.pots else goal.progress.current_minor
        if goal.category_id:
            known = self.categories.get(goal.category_id)
            return known.minor if known else goal.progress.current_minor
        return self.contributed.get(goal.id, 0)

    def target(self, goal: Goal) -> int | None:
        if goal.kind is not GoalKind.EMERGENCY_FUND:
            return goal.target_minor
        return rule.months_of_essentials(goal.months or 0, self.essentials.get(goal.book_id, ()))

    def looked_at(self, goal: Goal) -> Goal:
        """The goal with its figures as they are now."""
        seen = self.month(goal).first
        if why := self.gone(goal):
            if goal.pause_reason is None:
                goal = replace(goal, pause_reason=why, version=goal.version + 1)
                if goal.status is GoalStatus.ACTIVE:
                    goal = replace(goal, status=GoalStatus.PAUSED)
            current_minor, target_minor = goal.progress.current_minor, goal.progress.target_minor
        else:
            current_minor, target_minor = self.current(goal), self.target(goal)
        progress = rule.evaluate(
            goal.progress,
            is_marked=goal.is_marked,
            current_minor=current_minor,
            target_minor=target_minor,
            today=self.today[goal.book_id],
        )
        return replace(goal, progress=progress, seen_month=seen)


async def evaluate(
    connection: asyncpg.Connection, books: Collection[UUID], now: datetime, *, actor: UUID | None = None
) -> None:
    """Brings the goals of these books up to date and tells what that flipped; the caller holds the books' heads."""
    goals = await queries.of_books(connection, books)
    if not goals:
        return
    seen = await balances(connection, goals, now)
    changed = [(goal, after) for goal in goals if (after := seen.looked_at(goal)) != goal]
    if not changed:
        return
    news: dict[UUID, list[Change]] = defaultdict(list)
    kept = []
    for before, after in changed:
        changes = _news(before, after)
        news[after.book_id] += changes
        last = max(
            [before.progress_version, *(c.aggregate_version for c in changes if c.aggregate_id != after.id)]
        )
        kept.append(_row(replace(after, progress_version=last)))
    await write(connection, _KEEP, kept)
    for book_id, changes in news.items():
        if changes:
            await log.tell(connection, book_id, changes, actor)


async def balances(connection: asyncpg.Connection, goals: Sequence[Goal], now: datetime) -> Balances:
    """What these goals are measured by now."""
    known = await queries.books(connection, {goal.book_id for goal in goals})
    today = {
        goal.book_id: today_in(known[goal.book_id]["timezone"] if goal.book_id in known else "UTC", now)
        for goal in goals
    }
    running = {book: month_of(day) for book, day in today.items()}
    firsts = {book: month.first for book, month in running.items()}
    reductions = [
        (goal, _first_whole_month(goal.began_on), firsts[goal.book_id])
        for goal in goals
        if goal.kind is GoalKind.SPENDING_REDUCTION
    ]
    funds = {
        goal.book_id: (_months_before(running[goal.book_id], ESSENTIAL_MONTHS), firsts[goal.book_id])
        for goal in goals
        if goal.kind is GoalKind.EMERGENCY_FUND
    }
    return Balances(
        today,
        await queries.in_pots(connection, goals),
        await queries.in_categories(connection, goals, firsts),
        await queries.contributed(connection, goals),
        await queries.spent(connection, reductions),
        await queries.essentials(connection, funds),
    )


async def see_the_month(app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, now: datetime) -> int:
    """Looks at the goals that were not looked at since their month began; how many books had such.

    A book west of UTC is found some hours before its own month begins, and left as it is.
    """
    begun, amount, after = month_of((now + AHEAD_OF_UTC).date()).first, 0, None
    while True:
        async with connection_of(relay_pool) as finder:
            found = await finder.fetch(_NOT_SEEN, begun, after, BOOKS_AT_ONCE)
        if not found:
            return amount
        books = [row["book_id"] for row in found]
        with scope(books=books):
            async with connection_of(app_pool) as connection, connection.transaction():
                await connection.execute("SELECT lock_heads($1)", books)
                await evaluate(connection, books, now)
        amount, after = amount + len(books), books[-1]


def state_of(goal: Goal) -> dict[str, object]:
    """What events tell of what people chose."""
    return {name: getattr(goal, name) for name in told.Goal.model_fields}


def _news(before: Goal, after: Goal) -> list[Change]:
    """What happened in between, each told once."""
    changes: list[Change] = []
    if after.version > before.version:
        changes.append(Change(told.GoalUpdated.model_validate(state_of(after)), after.id, after.version))
    state = _progress(after, after.progress)
    happened: list[Event] = [
        told.GoalMilestoneReached.model_validate({**state, "milestone": step})
        for step in rule.new_milestones(before.progress, after.progress)
    ]
    match rule.flip(before.progress, after.progress):
        case Flip.COMPLETED:
            happened.append(told.GoalCompleted.model_validate(state))
        case Flip.REOPENED:
            happened.append(told.GoalReopened.model_validate(state))
        case None:
            pass
    subject = told.goal_progress_id(after.id)
    first = before.progress_version + 1
    return [
        *changes,
        *(Change(event, subject, version) for version, event in enumerate(happened, start=first)),
    ]


def _progress(goal: Goal, progress: Progress) -> dict[str, object]:
    return {
        "goal_id": goal.id,
        "currency": goal.currency,
        "current_minor": progress.current_minor,
        "target_minor": progress.target_minor,
        "achieved_by": progress.achieved_by,
        "achieved_on": progress.achieved_on,
        "milestones": [
            {"percent": step, "reached_on": on} for step, on in sorted(progress.milestones.items())
        ],
    }


def _row(goal: Goal) -> tuple[object, ...]:
    progress = goal.progress
    milestones = {str(step): str(on) for step, on in sorted(progress.milestones.items())}
    return (
        goal.book_id,
        goal.id,
        progress.current_minor,
        progress.target_minor,
        progress.achieved_by,
        progress.achieved_on,
        orjson.dumps(milestones).decode(),
        goal.progress_version,
        goal.seen_month,
        goal.status,
        goal.pause_reason,
        goal.version,
    )


def _first_whole_month(day: date) -> date:
    month = month_of(day)
    return day if day == month.first else next_month(month).first


def _months_before(month: Period, amount: int) -> date:
    for _ in range(amount):
        month = previous_month(month)
    return month.first
