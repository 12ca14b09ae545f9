"""Deciding what the allocation of a category goes by."""

from collections.abc import Callable, Sequence
from uuid import UUID

import orjson

from pfms_budget.domain.assigning.rules import Rule, check_rules
from pfms_budget.operations.allocations import check_categories
from pfms_budget.operations.work import Work
from pfms_budget.queries import category_rules as queries
from pfms_budget.queries.category_rules import CategoryRules
from pfms_common.problem import Conflict, NotFound

_KEEP = """
INSERT INTO category_rules (book_id, category_id, rules, version) VALUES ($1, $2, $3::text::jsonb, $4)
ON CONFLICT (book_id, category_id) DO UPDATE SET rules = excluded.rules, version = excluded.version
"""
_DELETE = "DELETE FROM category_rules WHERE book_id = $1 AND category_id = $2"


async def create(work: Work, category_id: UUID, rules: Sequence[Rule]) -> CategoryRules:
    """Conflict where the category has rules."""
    await check_categories(work, {"category_id": category_id})
    if await queries.get(work.connection, work.book_id, category_id):
        raise Conflict(
            "This category has rules already; replace those.", errors={"category_id": ["has rules already"]}
        )
    return await _keep(work, CategoryRules(category_id, rules, 1))


async def replace(
    work: Work, category_id: UUID, rules: Sequence[Rule], check: Callable[[int], None]
) -> CategoryRules:
    present = await _present(work, category_id)
    check(present.version)
    return await _keep(work, CategoryRules(category_id, rules, present.version + 1))


async def delete(work: Work, category_id: UUID, check: Callable[[int], None]) -> None:
    check((await _present(work, category_id)).version)
    await work.connection.execute(_DELETE, work.book_id, category_id)


async def _keep(work: Work, kept: CategoryRules) -> CategoryRules:
    check_rules(kept.rules)
    rules = orjson.dumps(list(kept.rules)).decode()
    await work.connection.execute(_KEEP, work.book_id, kept.category_id, rules, kept.version)
    return kept


async def _present(work: Work, category_id: UUID) -> CategoryRules:
    found = await queries.get(work.connection, work.book_id, category_id)
    if found is None:
        raise NotFound("This category has no rules in this book.")
    return found
