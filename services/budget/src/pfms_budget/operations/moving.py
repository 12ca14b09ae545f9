"""Taking what is planned along when periods begin on other days: to the period that holds most days of the old one.

Where two meet, amounts are added, so that nothing planned is lost. A percentage of one's income is none of both
together, so it becomes the amount that it made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from pfms_budget.domain.allocation import AllocationType
from pfms_budget.domain.periods import Move
from pfms_budget.operations import allocations as allocation_rows
from pfms_budget.operations import plans as plan_rows
from pfms_budget.operations.work import Work
from pfms_budget.queries.allocations import Allocation
from pfms_budget.queries.plans import Plan
from pfms_common.money import AmountOutOfBoundsError, checked
from pfms_common.problem import Invalid

_AMOUNTS = tuple(field.name for field in fields(Plan) if field.name.endswith("_minor"))
_category = attrgetter("category_id")


async def allocations(work: Work, rows: Sequence[Allocation], moves: Sequence[Move]) -> None:
    """The rows of the periods that move get other days; of those that meet one stays."""
    kept, gone = [], []
    for move in moves:
        firsts = {source.first for source in move.sources}
        moved = sorted((row for row in rows if row.first_day in firsts and move.is_needed), key=_category)
        for _, group in groupby(moved, key=_category):
            together = list(group)
            kept.append(added(together, move))
            gone += together[1:]
    await allocation_rows.replace_all(work, kept, gone)


async def headers(work: Work, plans: Mapping[date, Plan], moves: Sequence[Move]) -> None:
    """The headers of the periods that move go to other days; those that meet become one."""
    needed = [
        (move, [(source, plans[source.first]) for source in move.sources if source.first in plans])
        for move in moves
        if move.is_needed
    ]
    for move, old in needed:
        for source, plan in old:
            if source.key != move.target.key:
                await plan_rows.remove(work, source, plan)
    for move, old in needed:
        if old:
            present = next((plan.version for source, plan in old if source.key == move.target.key), 0)
            await plan_rows.write(
                work, move.target, replace(joined([plan for _, plan in old]), version=present)
            )


def added(rows: Sequence[Allocation], move: Move) -> Allocation:
    """One row of a category's rows, oldest first; its policy is the one set last."""
    row = replace(
        rows[0],
        month=move.target.key,
        first_day=move.target.first,
        allocated_minor=_sum(row.allocated_minor for row in rows),
        rollover=rows[-1].rollover,
        version=rows[0].version + 1,
    )
    return replace(row, type=AllocationType.FIXED, percentage=None) if move.meet else row


def joined(plans: Sequence[Plan]) -> Plan:
    """One header of several, oldest first: amounts are added, notes follow each other."""
    if any(map(_has_parts, plans)):
        plans = [plan if _has_parts(plan) else _with_part(plan) for plan in plans]
    sums: dict[str, Any] = {name: _sum(getattr(plan, name) for plan in plans) for name in _AMOUNTS}
    notes = "\n".join(plan.notes for plan in plans if plan.notes)
    return replace(plans[0], **sums, notes=notes or None)


def _has_parts(plan: Plan) -> bool:
    return any(getattr(plan, name) for name in plan_rows.PARTS)


def _with_part(plan: Plan) -> Plan:
    return replace(plan, planned_other_minor=plan.planned_income_minor)


def _sum(amounts: Iterable[int]) -> int:
    try:
        return checked(sum(amounts))
    except AmountOutOfBoundsError as error:
        raise Invalid(
            "Two periods would meet in one, and what is planned for them is more than 10^15 together.",
            errors={"from": ["lets two periods meet whose amounts are more than 10^15 together"]},
        ) from error
