"""Reading what the allocations of categories go by."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.domain.assigning.rules import Rule, read

_OF_BOOK = """
SELECT category_id, rules::text AS rules, version FROM category_rules WHERE book_id = $1 ORDER BY category_id
"""
_GET = """
SELECT category_id, rules::text AS rules, version FROM category_rules WHERE book_id = $1 AND category_id = $2
"""


@dataclass(frozen=True, slots=True)
class CategoryRules:
    category_id: UUID
    rules: Sequence[Rule]
    version: int


async def of_book(connection: asyncpg.Connection, book_id: UUID) -> list[CategoryRules]:
    return [_read(row) for row in await connection.fetch(_OF_BOOK, book_id)]


async def get(connection: asyncpg.Connection, book_id: UUID, category_id: UUID) -> CategoryRules | None:
    row = await connection.fetchrow(_GET, book_id, category_id)
    return _read(row) if row else None


def _read(row: asyncpg.Record) -> CategoryRules:
    return CategoryRules(
        row["category_id"], [read(rule) for rule in orjson.loads(row["rules"])], row["version"]
    )
