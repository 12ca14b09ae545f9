"""What the rules of the categories set aside in a month: shown, or done as one change."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pfms_budget.domain.allocation import AllocationType
from pfms_budget.domain.assigning.asked import Asked
from pfms_budget.domain.assigning.average import MOST_PERIODS
from pfms_budget.domain.assigning.rules import Rule
from pfms_budget.domain.assigning.sharing import Claim, Remainder, share_out
from pfms_budget.operations.allocations import Wanted, bounded, check_month, set_together
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations, category_rules, filling, periods
from pfms_budget.queries.allocations import Allocation
from pfms_common.period import Period, PeriodKey


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule wants and gets; `asked`: what it went by."""

    rule: Rule
    wanted_minor: int
    gets_minor: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """`allocated_minor`: before it gets something."""

    category_id: UUID
    allocated_minor: int
    gets_minor: int
    asked: Asked
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class Assignment:
    to_be_budgeted_minor: int
    items: Sequence[Assigned]

    @property
    def remains_minor(self) -> int:
        return self.to_be_budgeted_minor - sum(item.gets_minor for item in self.items)


async def assign(work: Work, key: PeriodKey, *, preview: bool) -> Assignment:
    """With `preview` nothing is changed. NotFound where the budget has no such month."""
    await check_month(work, key)
    month = (await periods.calendar(work.connection, work.book_id))[0].of(key.first)
    figures = await filling.figures(work.connection, work.book_id, month.first)
    present = {
        row.category_id: row for row in await allocations.of_month(work.connection, work.book_id, month.first)
    }
    allocated = {category: row.allocated_minor for category, row in present.items()}
    asking = await _asking(work, month, figures)
    claims = [_claim(category, rule, asked) for category, asked, rules in asking for rule in rules]
    gets = iter(share_out(figures.to_be_budgeted, claims, allocated))
    wanted = iter(claims)
    items = []
    for category, asked, rules in asking:
        reasons = [Reason(rule, next(wanted).wanted_minor, next(gets)) for rule in rules]
        got = sum(reason.gets_minor for reason in reasons)
        items.append(Assigned(category, allocated.get(category, 0), got, asked, reasons))
    if not preview:
        await _apply(work, month, items, present)
    return Assignment(figures.to_be_budgeted, items)


async def _asking(
    work: Work, month: Period, figures: filling.Figures
) -> list[tuple[UUID, Asked, Sequence[Rule]]]:
    """The categories with rules that are not archived, and what their rules are told."""
    candidates = await filling.candidates(work.connection, work.book_id, month.first, MOST_PERIODS)
    spent = {each.id: each.spent for each in candidates}
    return [
        (
            each.category_id,
            Asked(month, figures.carry_in.get(each.category_id, 0), figures.income, spent[each.category_id]),
            each.rules,
        )
        for each in await category_rules.of_book(work.connection, work.book_id)
        if each.category_id in spent
    ]


def _claim(category_id: UUID, rule: Rule, asked: Asked) -> Claim:
    if isinstance(rule, Remainder):
        return Claim(category_id, rule.kind, rule.priority, weight=rule.weight)
    return Claim(category_id, rule.kind, rule.priority, max(0, rule.wants(asked)))


async def _apply(
    work: Work, month: Period, items: Sequence[Assigned], present: dict[UUID, Allocation]
) -> None:
    """Who gets something has a fixed amount after it."""
    wanted = [_row(item, present.get(item.category_id)) for item in items if item.gets_minor]
    if wanted:
        await set_together(work, month, wanted)


def _row(item: Assigned, row: Allocation | None) -> Wanted:
    minor = bounded(item.allocated_minor + item.gets_minor)
    if row is None:
        return Wanted(item.category_id, AllocationType.FIXED, minor)
    fixed = AllocationType.FIXED
    return Wanted(row.category_id, fixed, minor, row.rollover, row.colour, row.position, version=row.version)
