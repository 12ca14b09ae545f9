"""What a month may be filled from: the month planned last, and what categories cost in the months before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from pfms_budget.domain.filling import MONTHS_LOOKED_AT, Candidate

_LAST = """
SELECT greatest(
    (SELECT max(first_day) FROM plan WHERE book_id = $1 AND first_day < $2),
    (SELECT max(first_day) FROM allocation WHERE book_id = $1 AND first_day < $2))
"""
_BEFORE = "SELECT first_day FROM month WHERE book_id = $1 AND first_day < $2 ORDER BY first_day DESC LIMIT $3"
_SPENT = """
SELECT c.id, c.spending_class, coalesce(c.is_essential, false) AS is_essential,
       array(SELECT coalesce((SELECT l.actual FROM month_line l
                              WHERE l.book_id = $1 AND l.first_day = u.first_day AND l.category_id = c.id), 0)
             FROM unnest($2::date[]) WITH ORDINALITY AS u (first_day, n) ORDER BY u.n) AS spent
FROM category c WHERE c.book_id = $1 AND c.type = 'expense' AND c.is_archived IS NOT TRUE ORDER BY c.id
"""
_FIGURES = """
SELECT m.to_be_budgeted, coalesce(nullif(p.planned_income_minor, 0), m.income) AS income
FROM month m LEFT JOIN plan p ON p.book_id = m.book_id AND p.first_day = m.first_day
WHERE m.book_id = $1 AND m.first_day = $2
"""
_CARRY_IN = "SELECT category_id, carry_in FROM month_line WHERE book_id = $1 AND first_day = $2"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a month has to be shared: minor units; `income` is what is planned, else what came in."""

    to_be_budgeted: int
    income: int
    carry_in: Mapping[UUID, int]


async def last_planned(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> date | None:
    """The first day of the latest month before with a header or an allocation."""
    day: date | None = await connection.fetchval(_LAST, book_id, first_day)
    return day


async def figures(connection: asyncpg.Connection, book_id: UUID, first_day: date) -> Figures:
    """Those of a month of the budget."""
    row = await connection.fetchrow(_FIGURES, book_id, first_day)
    lines = await connection.fetch(_CARRY_IN, book_id, first_day)
    carry_in = {line["category_id"]: int(line["carry_in"]) for line in lines}
    return Figures(int(row["to_be_budgeted"]), int(row["income"]), carry_in)


async def candidates(
    connection: asyncpg.Connection, book_id: UUID, first_day: date, months: int = MONTHS_LOOKED_AT
) -> list[Candidate]:
    """The expense categories that are not archived, with what they cost in the months before."""
    before = [row["first_day"] for row in await connection.fetch(_BEFORE, book_id, first_day, months)]
    rows = await connection.fetch(_SPENT, book_id, before)
    return [
        Candidate(
            row["id"], row["spending_class"], row["is_essential"], [int(minor) for minor in row["spent"]]
        )
        for row in rows
    ]
