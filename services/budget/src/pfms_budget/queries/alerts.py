"""Reading which alerts were told and are not armed again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from pfms_budget.db.tables.base import NOBODY
from pfms_budget.domain.alert import Alert, AlertKind

_TOLD = """
SELECT a.* FROM unnest($1::uuid[], $2::date[]) AS u (book_id, first_day), LATERAL (
    SELECT book_id, first_day, kind, category_id, percent FROM alert
    WHERE book_id = u.book_id AND first_day = u.first_day) a
"""
_STANDING = """
SELECT first_day, kind, category_id, percent, since FROM alert
WHERE book_id = $1 AND first_day >= $2 AND first_day <= $3 ORDER BY first_day, kind, category_id, percent
"""

type Months = Sequence[tuple[UUID, date]]
"""Book and first day of a month."""


@dataclass(frozen=True, slots=True)
class Standing:
    first_day: date
    alert: Alert
    since: datetime


async def told(connection: asyncpg.Connection, months: Months) -> Mapping[tuple[UUID, date], set[Alert]]:
    """By book and first day of the month; a month without any is not in it."""
    found: defaultdict[tuple[UUID, date], set[Alert]] = defaultdict(set)
    for row in await connection.fetch(_TOLD, *map(list, zip(*months, strict=True))) if months else ():
        found[row["book_id"], row["first_day"]].add(_alert(row))
    return found


async def standing(connection: asyncpg.Connection, book_id: UUID, first: date, last: date) -> list[Standing]:
    """Those of the months that begin in these days."""
    rows = await connection.fetch(_STANDING, book_id, first, last)
    return [Standing(row["first_day"], _alert(row), row["since"]) for row in rows]


def _alert(row: asyncpg.Record) -> Alert:
    category_id = None if row["category_id"] == NOBODY else row["category_id"]
    return Alert(AlertKind(row["kind"]), category_id, row["percent"])
