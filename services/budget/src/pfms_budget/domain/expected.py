"""What is expected with a date: occurrences of plans, income from its sources, the minimums of cards.

An occurrence that was posted or skipped is not expected any more. One that is late is expected today, for two weeks;
after them nobody waits for it. A source that a plan already brings is the plan's; a card that a plan pays is too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Literal, NamedTuple
from uuid import UUID

from pfms_budget.domain.forecast import Flow, Origin
from pfms_common.increase import increased
from pfms_common.recurrence import Schedule, occurrences

LATE = timedelta(days=14)
_USUAL = 6
"""How many of the last arrivals say what is usual."""

_RHYTHMS: Mapping[str, tuple[str, int]] = {
    "weekly": ("FREQ=WEEKLY", 4),
    "biweekly": ("FREQ=WEEKLY;INTERVAL=2", 8),
    "semimonthly": ("FREQ=MONTHLY;BYMONTHDAY={days}", 5),
    "monthly": ("FREQ=MONTHLY;BYMONTHDAY={day}", 16),
    "quarterly": ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY={day}", 46),
    "half_yearly": ("FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY={day}", 92),
    "yearly": ("FREQ=YEARLY", 183),
}
"""By frequency of a source its rule and half the days between two arrivals: nearer to the last one none can be. What
comes once or irregularly is not foreseen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An active plan. Amounts as the ledger tells them: signed on one account, above zero between two.

    Args:
        arrives: what reaches `to_id`, where its currency is another.
        category_id: of its only split; None where it has none or several.
    """

    id: UUID
    name: str
    kind: Literal["income", "expense", "transfer"]
    schedule: Schedule
    amount: int
    amount_since: date
    catch_up_from: date
    account_id: UUID | None = None
    from_id: UUID | None = None
    to_id: UUID | None = None
    arrives: int | None = None
    category_id: UUID | None = None
    yearly_increase: Decimal = Decimal(0)


class Arrival(NamedTuple):
    """Income that named its source; `is_planned`: a plan brought it."""

    day: date
    account_id: UUID
    minor: int
    is_planned: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """An active source of income; `amount` in its own currency, None: it varies."""

    id: UUID
    name: str
    frequency: str
    amount: int | None
    arrivals: Sequence[Arrival]
    """Newest first."""

    @property
    def is_planned(self) -> bool:
        """A plan brought the last of it."""
        return bool(self.arrivals) and self.arrivals[0].is_planned

    @property
    def has_a_next(self) -> bool:
        return bool(self.arrivals) and not self.is_planned and self.frequency in _RHYTHMS


@dataclass(frozen=True, slots=True)
class Card:
    """A card that owes; `payer_id`: the account that pays it, None: nobody knows."""

    id: UUID
    owed: int
    minimum: int
    due_day: int
    payer_id: UUID | None


def of_plans(
    plans: Iterable[Plan], settled: Mapping[UUID, frozenset[date]], today: date, last: date
) -> Iterator[Flow]:
    """The occurrences that are still open, until a day.

    Args:
        settled: by plan the nominal days that were posted or skipped.
    """
    for plan in plans:
        for each in occurrences(plan.schedule, today - LATE, last):
            if each.nominal >= plan.catch_up_from and each.nominal not in settled.get(plan.id, frozenset()):
                yield from _of_occurrence(plan, each.nominal, max(each.date, today))


def of_sources(sources: Iterable[Source], today: date, last: date) -> Iterator[Flow]:
    """The arrivals after the last one, each of the usual amount, on the usual day."""
    for source in sources:
        if not source.has_a_next:
            continue
        usual = source.arrivals[:_USUAL]
        amount = source.amount or median_low([each.minor for each in usual])
        account_id = usual[0].account_id
        for day in _next_days(source, today, last):
            yield Flow(
                max(day, today),
                account_id,
                amount,
                Origin.INCOME_SOURCE,
                source.name,
                subject_id=source.id,
            )


def of_cards(cards: Iterable[Card], plans: Sequence[Plan], today: date, last: date) -> Iterator[Flow]:
    """Each card's minimum on its day, until what it owes today is paid; not of a card that a plan pays."""
    paid = {plan.to_id for plan in plans}
    for card in cards:
        if card.id in paid:
            continue
        owed = card.owed
        rule = Schedule(f"FREQ=MONTHLY;BYMONTHDAY={card.due_day}", today)
        for each in occurrences(rule, today + timedelta(days=1), last):
            minor = min(card.minimum, owed)
            if minor <= 0:
                break
            owed -= minor
            flow = Flow(
                each.date, card.id, minor, Origin.CARD_MINIMUM, subject_id=card.id, counter_id=card.payer_id
            )
            yield flow
            if card.payer_id:
                yield flow._replace(
                    account_id=card.payer_id, minor=-minor, counter_id=card.id, category_id=card.id
                )


def looks_planned(plans: Sequence[Plan], account_id: UUID, line: UUID | None, minor: int) -> bool:
    """Whether spending is a plan's though nobody said so: on its account, in its category, and of its amount within
    a tenth. Such was often paid by hand before there was a plan.
    """
    return any(
        plan.account_id == account_id
        and plan.category_id == line
        and line is not None
        and 10 * abs(minor + plan.amount) <= abs(plan.amount)
        for plan in plans
    )


def _of_occurrence(plan: Plan, nominal: date, day: date) -> Iterator[Flow]:
    amount = increased(plan.amount, plan.yearly_increase, plan.amount_since, nominal)

    def flow(account_id: UUID, minor: int, counter_id: UUID | None = None) -> Flow:
        about = (plan.name, counter_id, plan.category_id, plan.id, nominal)
        return Flow(day, account_id, minor, Origin.PLAN, *about)

    if plan.account_id is not None:
        yield flow(plan.account_id, amount)
    elif plan.from_id is not None and plan.to_id is not None and plan.from_id != plan.to_id:
        arrives = amount if plan.arrives is None else amount * plan.arrives // plan.amount
        yield flow(plan.from_id, -amount, plan.to_id)
        yield flow(plan.to_id, arrives, plan.from_id)


def _next_days(source: Source, today: date, last: date) -> Iterator[date]:
    """From the last arrival on, on the usual day of the month: it may have come early or late."""
    rule, half = _RHYTHMS[source.frequency]
    before = [each.day for each in source.arrivals[:_USUAL]]
    day = median_low([each.day for each in before])
    days = ",".join(sorted({str(each.day) for each in before[:2]}))
    of_month = "BYMONTHDAY" in rule
    schedule = Schedule(rule.format(day=day, days=days), before[0].replace(day=1) if of_month else before[0])
    for each in occurrences(schedule, max(before[0] + timedelta(days=half), today - LATE), last):
        yield each.date
