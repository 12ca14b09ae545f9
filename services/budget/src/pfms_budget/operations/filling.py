"""Giving a new month the allocations that it begins with."""

from uuid import UUID

from pfms_budget.domain.allocation import AllocationType
from pfms_budget.domain.assigning.rules import Rule
from pfms_budget.domain.assigning.standing import Fixed, Percentage
from pfms_budget.domain.filling import Filling, amounts, copied
from pfms_budget.operations.allocations import Wanted, bounded, set_together
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations, category_rules, filling, plans
from pfms_budget.queries.allocations import Allocation
from pfms_common.period import PeriodKey


async def fill(work: Work, month: PeriodKey, wish: Filling) -> None:
    """What the month has already stays."""
    wanted = {each.category_id: each for each in await _wanted(work, month, wish)}
    present = await allocations.of_month(work.connection, work.book_id, month.first)
    missing = wanted.keys() - {row.category_id for row in present}
    if missing:
        await set_together(work, month, [each for each in wanted.values() if each.category_id in missing])


async def _wanted(work: Work, month: PeriodKey, wish: Filling) -> list[Wanted]:
    if wish is Filling.EMPTY:
        return []
    candidates = await filling.candidates(work.connection, work.book_id, month.first)
    if wish is Filling.COPY:
        return await _copied(work, month, {each.id for each in candidates})
    if wish is Filling.STANDING:
        return await _standing(work, {each.id for each in candidates})
    income = (await plans.plan(work.connection, work.book_id, month.first)).planned_income_minor
    made = amounts(wish, candidates, income)
    return [Wanted(category, AllocationType.FIXED, bounded(minor)) for category, minor in made.items()]


async def _copied(work: Work, month: PeriodKey, live: set[UUID]) -> list[Wanted]:
    """The rows of the month planned last, but those of categories that are archived since."""
    last = await filling.last_planned(work.connection, work.book_id, month.first)
    if last is None:
        return []
    rows = await allocations.of_month(work.connection, work.book_id, last)
    types = await allocations.category_types(work.connection, work.book_id, [r.category_id for r in rows])
    cards = {category for category, kind in types.items() if kind == "card_payment"}
    return [_again(row) for row in copied(rows, live | cards)]


async def _standing(work: Work, live: set[UUID]) -> list[Wanted]:
    """A category has one row, so only its first standing rule counts."""
    wanted: dict[UUID, Wanted] = {}
    for kept in await category_rules.of_book(work.connection, work.book_id):
        for rule in kept.rules:
            if kept.category_id in live and kept.category_id not in wanted:
                wanted |= _standing_row(kept.category_id, rule)
    return [*wanted.values()]


def _standing_row(category_id: UUID, rule: Rule) -> dict[UUID, Wanted]:
    match rule:
        case Fixed():
            return {category_id: Wanted(category_id, AllocationType.FIXED, rule.amount_minor)}
        case Percentage():
            return {category_id: Wanted(category_id, AllocationType.PERCENTAGE, rule.percentage)}
        case _:
            return {}


def _again(row: Allocation) -> Wanted:
    value = row.allocated_minor if row.percentage is None else row.percentage
    return Wanted(row.category_id, row.type, value, row.rollover, row.colour, row.position)
