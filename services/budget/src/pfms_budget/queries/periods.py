"""Reading by which rules a book's periods begin."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.domain.periods import Calendar, Change, Cycle, Rule

_RULES = """
SELECT json_agg(r ORDER BY first_day)::text AS rules, coalesce(max(version), 0) AS version
FROM period_rule r WHERE book_id = $1
"""


async def calendar(connection: asyncpg.Connection, book_id: UUID) -> tuple[Calendar, int]:
    """With its version; 0: calendar months, since nobody chose anything else."""
    row = await connection.fetchrow(_RULES, book_id)
    return calendar_of(row["rules"]), row["version"]


def calendar_of(rules: str | None) -> Calendar:
    """From rows of `period_rule` as a JSON array, oldest first."""
    return Calendar(tuple(map(_change, orjson.loads(rules)))) if rules else Calendar()


def _change(row: Mapping[str, Any]) -> Change:
    rule = Rule(
        cycle=Cycle(row["cycle"]),
        day=row["day"],
        anchor=row["anchor"] and date.fromisoformat(row["anchor"]),
        holidays=row["holidays"],
        days=tuple(map(date.fromisoformat, row["days"])),
    )
    return Change(date.fromisoformat(row["first_day"]), date.fromisoformat(row["bridge_day"]), rule)
