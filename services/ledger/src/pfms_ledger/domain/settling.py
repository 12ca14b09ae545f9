"""Settling: which occurrences of a plan are still open, what each comes to, and what is due today.

An occurrence is open until it was posted or skipped, and again once that was taken back, when the job leaves it to a
person; its nominal day is what it is known by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID, uuid5

from pfms_common.increase import increased, shared_out
from pfms_common.recurrence import Occurrence, occurrences
from pfms_common.weekend import MOST_DAYS
from pfms_ledger.domain.bill import BillStatus, status_of
from pfms_ledger.domain.plan import Plan, Template
from pfms_ledger.domain.transaction import Split

State = Literal["due", "posted", "skipped"]
YEARS_LOOKED_AHEAD = 10
_SHIFT = timedelta(days=MOST_DAYS)


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of an occurrence so far."""

    nominal: date
    state: State
    version: int
    date: date
    amount_minor: int
    transaction_id: UUID | None

    @property
    def is_settled(self) -> bool:
        return self.state != "due"

    @property
    def waits(self) -> bool:
        """It was settled and is open again: a person says what becomes of it. What is announced has version 1."""
        return self.state == "due" and self.version > 1


type Marks = Mapping[date, Mark]


def occurrence_id(plan_id: UUID, nominal: date) -> UUID:
    """What an occurrence is known by in the book's log."""
    return uuid5(plan_id, nominal.isoformat())


def amount_on(plan: Plan, nominal: date) -> int:
    """What an occurrence comes to, in minor units, signed as the template."""
    return increased(plan.template.amount_minor, plan.yearly_increase, plan.amount_since, nominal)


def template_on(plan: Plan, nominal: date, amount_minor: int | None = None) -> Template:
    """The template with the amount of that day, or another one; splits follow in proportion."""
    template = plan.template
    amount = amount_on(plan, nominal) if amount_minor is None else amount_minor
    target = template.target
    if target is not None and target.amount_minor is not None and amount != template.amount_minor:
        target = replace(target, amount_minor=amount * target.amount_minor // template.amount_minor)
    amounts = shared_out(amount, [split.amount_minor for split in template.splits]) if template.splits else []
    splits = tuple(
        Split(part, split.category_id, split.memo, split.tags, item=split.item)
        for part, split in zip(amounts, template.splits, strict=True)
    )
    sharing = {
        made.id: template.sharing[split.id]
        for made, split in zip(splits, template.splits, strict=True)
        if split.id in template.sharing
    }
    return replace(template, amount_minor=amount, target=target, splits=splits, sharing=sharing)


def open_occurrences(
    plan: Plan, marks: Marks, last: date, open_from: date | None = None
) -> Iterator[Occurrence]:
    """Those dated until `last` that were neither posted nor skipped, by date.

    Args:
        open_from: every occurrence that is nominally before it is known to be settled.
    """
    if not plan.is_active:
        return
    begin = max(plan.catch_up_from, open_from or plan.catch_up_from)
    for each in occurrences(plan.schedule, begin - _SHIFT, last):
        mark = marks.get(each.nominal)
        if each.nominal >= begin and not (mark is not None and mark.is_settled):
            yield each


@dataclass(frozen=True, slots=True)
class Shown:
    """An occurrence as people see it."""

    nominal_date: date
    date: date
    amount_minor: int
    transaction_id: UUID | None
    status: BillStatus


def shown(
    plan: Plan, marks: Marks, first: date, last: date, today: date, open_from: date | None = None
) -> list[Shown]:
    """What was posted and skipped from `first` to `last`, and what is predicted, by date."""
    settled = [
        Shown(
            mark.nominal,
            mark.date,
            mark.amount_minor,
            mark.transaction_id,
            status_of(mark.date, today, mark.state),
        )
        for mark in marks.values()
        if mark.is_settled and first <= mark.date <= last
    ]
    predicted = [
        Shown(each.nominal, each.date, amount_on(plan, each.nominal), None, status_of(each.date, today))
        for each in open_occurrences(plan, marks, last, open_from)
        if first <= each.date
    ]
    return sorted([*settled, *predicted], key=lambda each: (each.date, each.nominal_date))


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done for a plan today: post some, announce some, and when to look again."""

    post: list[Occurrence]
    announce: list[Occurrence]
    wake_on: date
    open_from: date


def due(plan: Plan, marks: Marks, today: date, open_from: date | None, most: int) -> Due:
    """At most `most` of each; `wake_on` is a day to come unless there are more."""
    post: list[Occurrence] = []
    announce: list[Occurrence] = []
    first: date | None = None
    horizon = years_on(today)
    reminder = timedelta(days=plan.reminder_days)
    for each in open_occurrences(plan, marks, horizon, open_from):
        if (mark := marks.get(each.nominal)) is not None and mark.waits:
            first = first or each.nominal
            continue
        posts = plan.auto_post and each.date <= today
        if not posts:
            first = first or each.nominal
        announces = plan.reminds and not posts and each.nominal not in marks
        if posts:
            post.append(each)
        elif announces and each.date - reminder <= today:
            announce.append(each)
        elif plan.auto_post or announces:
            day = each.date - reminder if announces else each.date
            return Due(post, announce, day, min(first or each.nominal, each.nominal))
        if len(post) == most or len(announce) == most:
            return Due(post, announce, today, plan.catch_up_from)
    return Due(post, announce, horizon, first or plan.catch_up_from)


def years_on(today: date) -> date:
    """As far as plans look ahead."""
    return today.replace(year=today.year + YEARS_LOOKED_AHEAD, day=min(today.day, 28))
