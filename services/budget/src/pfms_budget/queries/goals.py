"""Reading goals, and the balances that they are measured by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.domain.goal import AchievedBy, GoalKind, GoalStatus, Progress

CHOSEN: Mapping[str, str] = {
    "name": "text",
    "kind": "text",
    "status": "text",
    "pause_reason": "text",
    "currency": "text",
    "target_minor": "bigint",
    "months": "int",
    "baseline_minor": "bigint",
    "target_date": "date",
    "pot_id": "uuid",
    "category_id": "uuid",
    "monthly_contribution_minor": "bigint",
    "priority": "int",
    "note": "text",
    "is_marked": "bool",
    "began_on": "date",
    "began_with_minor": "numeric",
    "version": "bigint",
}
"""Columns that people's writes fill, with their types."""

_COLUMNS = f"""book_id, id, {", ".join(name for name in CHOSEN if name != "began_with_minor")},
    began_with_minor::text AS began_with_minor, current_minor::text AS current_minor,
    wanted_minor::text AS wanted_minor, achieved_by, achieved_on, milestones::text AS milestones, progress_version,
    seen_month"""
_ORDER = "ORDER BY target_date NULLS LAST, priority, id"
_LISTED = f"SELECT {_COLUMNS} FROM goal WHERE book_id = $1 {_ORDER}"
_GET = f"SELECT {_COLUMNS} FROM goal WHERE book_id = $1 AND id = $2"
_OF_BOOKS = f"SELECT {_COLUMNS} FROM goal WHERE book_id = ANY ($1)"
_BOOKS = "SELECT book_id, timezone, base_currency FROM book WHERE book_id = ANY ($1)"
_POTS = """
SELECT p.id, p.account_id, p.account_id IS NULL AS is_gone, p.currency, b.balance_minor
FROM unnest($1::uuid[], $2::uuid[]) AS u (book_id, id)
JOIN pot p ON p.book_id = u.book_id AND p.id = u.id
LEFT JOIN pot_balance b ON b.book_id = u.book_id AND b.id = u.id
"""
_CATEGORIES = """
SELECT c.id, c.type IS NULL AS is_gone, l.available::text AS available
FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS u (book_id, id, first_day)
JOIN category c ON c.book_id = u.book_id AND c.id = u.id
LEFT JOIN month_line l ON l.book_id = u.book_id AND l.first_day = u.first_day AND l.category_id = u.id
"""
_CONTRIBUTED = """
SELECT c.goal_id, sum(c.amount_minor)::text AS minor
FROM unnest($1::uuid[], $2::uuid[]) AS u (book_id, goal_id)
JOIN goal_contribution c ON c.book_id = u.book_id AND c.goal_id = u.goal_id
LEFT JOIN saga s ON s.stream_id = c.book_id AND s.id = c.id
WHERE s.id IS NULL OR s.state = 'settled' GROUP BY c.goal_id
"""
_SPENT = """
SELECT u.goal_id, coalesce(l.actual, 0)::text AS actual
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::date[]) AS u (goal_id, book_id, id, first, before)
JOIN month m ON m.book_id = u.book_id AND m.first_day >= u.first AND m.first_day < u.before
LEFT JOIN month_line l ON l.book_id = u.book_id AND l.first_day = m.first_day AND l.category_id = u.id
"""
_ESSENTIALS = """
SELECT u.book_id, l.first_day, sum(l.actual)::text AS actual
FROM unnest($1::uuid[], $2::date[], $3::date[]) AS u (book_id, first, before)
JOIN month_line l ON l.book_id = u.book_id AND l.first_day >= u.first AND l.first_day < u.before
JOIN category c ON c.book_id = l.book_id AND c.id = l.category_id AND c.is_essential
GROUP BY u.book_id, l.first_day
"""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as it is stored: what people chose, and how far it was when it was last looked at."""

    book_id: UUID
    id: UUID
    name: str
    kind: GoalKind
    currency: str
    began_on: date
    seen_month: date
    status: GoalStatus = GoalStatus.ACTIVE
    pause_reason: str | None = None
    target_minor: int | None = None
    months: int | None = None
    baseline_minor: int | None = None
    target_date: date | None = None
    pot_id: UUID | None = None
    category_id: UUID | None = None
    monthly_contribution_minor: int | None = None
    priority: int = 0
    note: str | None = None
    is_marked: bool = False
    began_with_minor: int = 0
    version: int = 1
    progress: Progress = field(default_factory=Progress)
    progress_version: int = 0


@dataclass(frozen=True, slots=True)
class Linked:
    """What is in a goal's pot, or available in its category; `is_gone`: it was deleted."""

    is_gone: bool
    minor: int


async def listed(connection: asyncpg.Connection, book_id: UUID) -> list[Goal]:
    """By target date, those without one last."""
    return [_goal(row) for row in await connection.fetch(_LISTED, book_id)]


async def get(connection: asyncpg.Connection, book_id: UUID, goal_id: UUID) -> Goal | None:
    row = await connection.fetchrow(_GET, book_id, goal_id)
    return _goal(row) if row else None


async def of_books(connection: asyncpg.Connection, books: Collection[UUID]) -> list[Goal]:
    return [_goal(row) for row in await connection.fetch(_OF_BOOKS, list(books))]


async def books(connection: asyncpg.Connection, ids: Collection[UUID]) -> dict[UUID, asyncpg.Record]:
    """Zone and base currency of the books that auth has told of."""
    return {row["book_id"]: row for row in await connection.fetch(_BOOKS, list(ids))}


async def pot(connection: asyncpg.Connection, book_id: UUID, pot_id: UUID) -> asyncpg.Record | None:
    """`currency`; None where there is no such pot, or no more."""
    rows = await connection.fetch(_POTS, [book_id], [pot_id])
    return None if not rows or rows[0]["is_gone"] else rows[0]


async def in_pots(connection: asyncpg.Connection, goals: Sequence[Goal]) -> dict[UUID, Linked]:
    """By pot; those that nobody has told of are not in it."""
    pairs = [(goal.book_id, goal.pot_id) for goal in goals if goal.pot_id]
    if not pairs:
        return {}
    rows = await connection.fetch(_POTS, *map(list, zip(*pairs, strict=True)))
    return {row["id"]: Linked(row["is_gone"], row["balance_minor"] or 0) for row in rows}


async def in_categories(
    connection: asyncpg.Connection, goals: Sequence[Goal], running: Mapping[UUID, date]
) -> dict[UUID, Linked]:
    """By category; `running`: book → first day of its running month."""
    keys = [(goal.book_id, goal.category_id, running[goal.book_id]) for goal in goals if goal.category_id]
    if not keys:
        return {}
    rows = await connection.fetch(_CATEGORIES, *map(list, zip(*keys, strict=True)))
    return {row["id"]: Linked(row["is_gone"], int(row["available"] or 0)) for row in rows}


async def contributed(connection: asyncpg.Connection, goals: Sequence[Goal]) -> dict[UUID, int]:
    """By goal what was contributed to those that have neither pot nor category."""
    keys = [(goal.book_id, goal.id) for goal in goals if not goal.pot_id and not goal.category_id]
    if not keys:
        return {}
    rows = await connection.fetch(_CONTRIBUTED, *map(list, zip(*keys, strict=True)))
    return {row["goal_id"]: int(row["minor"]) for row in rows}


async def spent(
    connection: asyncpg.Connection, spans: Sequence[tuple[Goal, date, date]]
) -> dict[UUID, list[int]]:
    """By goal what its category took in each month that begins in the span, whose last day is left out."""
    if not spans:
        return {}
    keys = [(goal.id, goal.book_id, goal.category_id, first, before) for goal, first, before in spans]
    found: dict[UUID, list[int]] = {}
    for row in await connection.fetch(_SPENT, *map(list, zip(*keys, strict=True))):
        found.setdefault(row["goal_id"], []).append(int(row["actual"]))
    return found


async def essentials(
    connection: asyncpg.Connection, spans: Mapping[UUID, tuple[date, date]]
) -> dict[UUID, list[int]]:
    """By book what essential categories took in each month that begins in the span, whose last day is left out."""
    if not spans:
        return {}
    keys = [(book, *span) for book, span in spans.items()]
    found: dict[UUID, list[int]] = {}
    for row in await connection.fetch(_ESSENTIALS, *map(list, zip(*keys, strict=True))):
        found.setdefault(row["book_id"], []).append(int(row["actual"]))
    return found


def _goal(row: asyncpg.Record) -> Goal:
    chosen: dict[str, Any] = {name: row[name] for name in CHOSEN}
    chosen |= {
        "kind": GoalKind(row["kind"]),
        "status": GoalStatus(row["status"]),
        "began_with_minor": int(row["began_with_minor"]),
    }
    wanted, by = row["wanted_minor"], row["achieved_by"]
    progress = Progress(
        int(row["current_minor"]),
        None if wanted is None else int(wanted),
        AchievedBy(by) if by else None,
        row["achieved_on"],
        {int(step): date.fromisoformat(on) for step, on in orjson.loads(row["milestones"]).items()},
    )
    return Goal(
        book_id=row["book_id"],
        id=row["id"],
        **chosen,
        progress=progress,
        progress_version=row["progress_version"],
        seen_month=row["seen_month"],
    )
