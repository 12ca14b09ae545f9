"""Reading what-if branches."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.domain.scenario import Item, Scenario

_COLUMNS = "id, name, note, items::text AS items, without_plan_ids, version"
_ONE = f"SELECT {_COLUMNS} FROM scenario WHERE book_id = $1 AND id = $2"
_ALL = f"SELECT {_COLUMNS} FROM scenario WHERE book_id = $1 ORDER BY name, id"
_UNKNOWN = """
SELECT u.id FROM unnest($2::uuid[]) AS u (id)
WHERE NOT EXISTS (SELECT FROM account WHERE book_id = $1 AND id = u.id AND currency IS NOT NULL)
"""


async def one(connection: asyncpg.Connection, book_id: UUID, scenario_id: UUID) -> Scenario | None:
    row = await connection.fetchrow(_ONE, book_id, scenario_id)
    return _scenario(row) if row else None


async def of_book(connection: asyncpg.Connection, book_id: UUID) -> list[Scenario]:
    """By name."""
    return [_scenario(row) for row in await connection.fetch(_ALL, book_id)]


async def unknown_accounts(connection: asyncpg.Connection, book_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are no account of the book."""
    return {row["id"] for row in await connection.fetch(_UNKNOWN, book_id, ids)}


def items_json(items: Sequence[Item]) -> str:
    return orjson.dumps([asdict(item) for item in items]).decode()


def _scenario(row: asyncpg.Record) -> Scenario:
    items = [_item(each) for each in orjson.loads(row["items"])]
    return Scenario(row["id"], row["name"], row["note"], items, row["without_plan_ids"], row["version"])


def _item(data: dict[str, Any]) -> Item:
    return Item(
        UUID(data["id"]),
        data["name"],
        UUID(data["account_id"]),
        data["amount_minor"],
        date.fromisoformat(data["start"]),
        data["rrule"],
        date.fromisoformat(data["end"]) if data["end"] else None,
        UUID(data["category_id"]) if data["category_id"] else None,
    )
