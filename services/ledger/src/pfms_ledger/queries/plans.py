"""Reading plans and what became of their occurrences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from pfms_common.clock import today_in
from pfms_common.problem import NotFound
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.domain.expected import Expected
from pfms_ledger.domain.matching import MAX_DAYS, Candidate
from pfms_ledger.domain.plan import Plan, plan_from
from pfms_ledger.domain.settling import Mark

_PLAN = """SELECT p.id, p.version, p.problem, p.open_from, p.state::text AS state, y.name AS payee,
           (SELECT max(o.nominal_date) FROM plan_occurrence o
            WHERE o.book_id = p.book_id AND o.plan_id = p.id AND o.state = 'posted') AS last_realized
    FROM plan p
    LEFT JOIN payee y ON y.book_id = p.book_id AND y.id = (p.state -> 'template' ->> 'payee_id')::uuid"""
_ONE = f"{_PLAN} WHERE p.book_id = $1 AND p.id = $2"
_PAGE = f"""{_PLAN} WHERE p.book_id = $1 AND (p.is_active OR $2) AND p.id > $3 ORDER BY p.id LIMIT $4"""
_MARKS = """SELECT plan_id, nominal_date, state, version, date, amount_minor, transaction_id
    FROM plan_occurrence WHERE book_id = $1 AND plan_id = ANY ($2) ORDER BY nominal_date"""
# The relay role sees every book; what it finds is done by the app role in that book's scope. No zone is more than a
# day ahead of UTC; which day it is in the book is asked of Python, whose zones are those that books are checked by.
_TO_WAKE = """SELECT p.book_id, p.id, p.wake_on, coalesce(b.timezone, 'UTC') AS zone
    FROM plan p LEFT JOIN book b ON b.book_id = p.book_id
    WHERE p.is_active AND (p.wake_on IS NULL OR p.wake_on <= $1::date + 1)
    ORDER BY p.wake_on NULLS FIRST, p.book_id, p.id LIMIT 500"""
# What a bank file brought and stands for no occurrence yet; a person may have said that it is none of this plan's.
_BROUGHT = """SELECT t.id AS transaction_id, g.account_id, t.date, g.amount_minor, coalesce(y.name, '') AS payee
    FROM transaction t
    JOIN posting g ON g.book_id = t.book_id AND g.transaction_id = t.id AND g.account_id = $2
    LEFT JOIN payee y ON y.book_id = t.book_id AND y.id = t.payee_id
    WHERE t.book_id = $1 AND t.source = 'import' AND g.amount_minor BETWEEN $3 AND $4
      AND t.date BETWEEN $5 AND $6
      AND NOT EXISTS (SELECT FROM plan_occurrence o WHERE o.book_id = t.book_id AND o.transaction_id = t.id)
      AND NOT EXISTS (SELECT FROM import_row r WHERE r.book_id = t.book_id AND r.transaction_id = t.id
                      AND r.plan_id = $7 AND NOT r.accepted)
    LIMIT 10000"""
_STANDING_FOR = """SELECT plan_id, nominal_date, state, version, date, amount_minor, transaction_id
    FROM plan_occurrence WHERE book_id = $1 AND transaction_id = ANY ($2) ORDER BY plan_id, nominal_date"""
_POSTED = """SELECT count(*) FROM plan_occurrence o
    JOIN transaction t ON t.book_id = o.book_id AND t.id = o.transaction_id
    WHERE o.book_id = $1 AND o.plan_id = $2"""
FIRST = UUID(int=0)
MOST_PLANS = 10_000
"""More than a household can have; what is due is looked for in so many."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as it stands; `plan.template.payee` is the payee's present name.

    Args:
        open_from: every occurrence that is nominally before it is settled, as far as the job knows.
        problem: why the last occurrence could not be posted.
        last_realized: the latest nominal day that was posted.
    """

    plan: Plan
    version: int
    problem: str | None
    open_from: date | None
    last_realized: date | None


def _planned(row: asyncpg.Record) -> Planned:
    plan = plan_from(orjson.loads(row["state"]))
    template = plan.template
    if row["payee"] is not None:
        template = replace(template, payee=row["payee"])
    elif template.payee_id is not None:
        # Merged into another or deleted: its name is looked up again when the next occurrence is posted.
        template = replace(template, payee_id=None)
    return Planned(
        replace(plan, template=template),
        row["version"],
        row["problem"],
        row["open_from"],
        row["last_realized"],
    )


async def present(connection: asyncpg.Connection, book_id: UUID, plan_id: UUID) -> Planned:
    """The plan as it stands in this connection's transaction."""
    row = await connection.fetchrow(_ONE, book_id, plan_id)
    if row is None:
        raise NotFound("There is no such plan in this book.")
    return _planned(row)


async def marks(
    connection: asyncpg.Connection, book_id: UUID, plan_ids: Sequence[UUID]
) -> dict[UUID, dict[date, Mark]]:
    """By plan and nominal day."""
    found: dict[UUID, dict[date, Mark]] = {plan_id: {} for plan_id in plan_ids}
    for row in await connection.fetch(_MARKS, book_id, list(plan_ids)):
        found[row["plan_id"]][row["nominal_date"]] = _mark(row)
    return found


def _mark(row: asyncpg.Record) -> Mark:
    return Mark(
        row["nominal_date"],
        row["state"],
        row["version"],
        row["date"],
        row["amount_minor"],
        row["transaction_id"],
    )


async def load(pool: asyncpg.Pool, book_id: UUID, plan_id: UUID) -> tuple[Planned, dict[date, Mark]]:
    """One plan with its marks; missing and foreign ones are the same 404."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            planned = await present(connection, book_id, plan_id)
            return planned, (await marks(connection, book_id, [plan_id]))[plan_id]


async def listed(
    pool: asyncpg.Pool, book_id: UUID, *, include_inactive: bool, after: UUID = FIRST, limit: int
) -> list[tuple[Planned, Mapping[date, Mark]]]:
    """Plans in the order in which they were made, each with its marks."""
    with scope(books=[book_id]):
        async with connection_of(pool) as connection, connection.transaction():
            rows = await connection.fetch(_PAGE, book_id, include_inactive, after, limit)
            found = await marks(connection, book_id, [row["id"] for row in rows])
            return [(_planned(row), found[row["id"]]) for row in rows]


async def all_active(pool: asyncpg.Pool, book_id: UUID) -> list[tuple[Planned, Mapping[date, Mark]]]:
    return await listed(pool, book_id, include_inactive=False, limit=MOST_PLANS)


async def to_wake(relay_pool: asyncpg.Pool, now: datetime) -> list[tuple[UUID, UUID]]:
    """Book and plan of those for which there may be something to do."""
    async with connection_of(relay_pool) as connection:
        rows = await connection.fetch(_TO_WAKE, now.date())
    return [
        (row["book_id"], row["id"])
        for row in rows
        if row["wake_on"] is None or row["wake_on"] <= today_in(row["zone"], now)
    ]


async def brought(
    connection: asyncpg.Connection, book_id: UUID, hoped: Sequence[Expected]
) -> list[Candidate]:
    """Transactions of bank files that these occurrences of one plan may be, by account, amount and day."""
    far = timedelta(days=MAX_DAYS)
    found = await connection.fetch(
        _BROUGHT,
        book_id,
        hoped[0].account_id,
        min(one.least_minor for one in hoped),
        max(one.most_minor for one in hoped),
        min(one.date for one in hoped) - far,
        max(one.date for one in hoped) + far,
        hoped[0].plan_id,
    )
    return [Candidate(**row) for row in found]


async def versions(
    connection: asyncpg.Connection, book_id: UUID, plan_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """The present versions of those of these plans that there are."""
    found = await connection.fetch(
        "SELECT id, version FROM plan WHERE book_id = $1 AND id = ANY ($2)", book_id, list(plan_ids)
    )
    return {row["id"]: row["version"] for row in found}


async def standing_for(
    connection: asyncpg.Connection, book_id: UUID, transaction_ids: Sequence[UUID]
) -> dict[UUID, list[Mark]]:
    """The occurrences that these transactions are, by plan."""
    found: dict[UUID, list[Mark]] = {}
    for row in await connection.fetch(_STANDING_FOR, book_id, list(transaction_ids)):
        found.setdefault(row["plan_id"], []).append(_mark(row))
    return found


async def naming(connection: asyncpg.Connection, book_id: UUID, category_id: UUID) -> list[UUID]:
    """The plans whose template names a category."""
    rows = await connection.fetch(
        "SELECT plan_id FROM plan_category WHERE book_id = $1 AND category_id = $2 ORDER BY plan_id",
        book_id,
        category_id,
    )
    return [row["plan_id"] for row in rows]


async def paying(connection: asyncpg.Connection, book_id: UUID, payee_id: UUID) -> list[UUID]:
    """The plans whose template names a payee."""
    rows = await connection.fetch(
        "SELECT id FROM plan WHERE book_id = $1 AND state -> 'template' ->> 'payee_id' = $2 ORDER BY id",
        book_id,
        str(payee_id),
    )
    return [row["id"] for row in rows]


async def posted(connection: asyncpg.Connection, book_id: UUID, plan_id: UUID) -> int:
    """How many transactions there are that the plan made."""
    count: int = await connection.fetchval(_POSTED, book_id, plan_id)
    return count
