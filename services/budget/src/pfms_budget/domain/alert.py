"""When a month's figures deserve an alert, and when one that was told may be told again.

At 80 and at 100 % of an allocation (a book may choose others): told when spending reaches the share, armed again when
it has fallen 5 points below. Overspent: a category with money of its own has less than nothing; or more is set aside
than there is, which is told of the running month, and of the next only where that one makes it worse. Not budgeted:
nothing is set aside on the third day of the running month. Source: the design of this budget (spec, Alerts).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from pfms_budget.domain.month import LineRow, Month

PERCENTS = (80, 100)
ARMED_BELOW = 5
"""Points of an allocation; so what goes to and fro at a threshold is told once."""

BUDGETED_BY = 3
"""The day of the period on which something should be set aside."""


class AlertKind(StrEnum):
    ALLOCATION = "allocation"
    OVERSPENT = "overspent"
    OVER_ALLOCATED = "over_allocated"
    NOT_BUDGETED = "not_budgeted"


class Alert(NamedTuple):
    """Which one, within a period; `percent` is 0 where it is about no share."""

    kind: AlertKind
    category_id: UUID | None = None
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How a month is looked at: at which shares of an allocation, and whether as the running or as the next one."""

    percents: Sequence[int] = PERCENTS
    is_running: bool = True


@dataclass(frozen=True, slots=True)
class Crossings:
    """`begun` is to be told; `over` is armed again."""

    begun: frozenset[Alert]
    over: frozenset[Alert]


def crossings(before: Month | None, after: Month, look: Look, told: Collection[Alert]) -> Crossings:
    """What begins and what is over between two states of a month.

    Args:
        before: both hold at least the lines in which they differ; None for a month that was not there.
        told: alerts of the month that were told and are not armed again.
    """
    begun = _stands(after, look) - set(told)
    lines = {row.category_id for month in (before, after) if month for row in month.lines}
    kept = _near(after, look)
    over = {
        alert
        for alert in told
        if alert not in kept and (alert.category_id is None or alert.category_id in lines)
    }
    return Crossings(frozenset(begun), frozenset(over))


def concerns(before: Month | None, after: Month, look: Look) -> bool:
    """Whether anything may begin or be over: else nobody need look which alerts were told."""
    if _stands(after, look):
        return True
    if before is None:
        return False
    is_budgeted_now = before.header.allocated == 0 != after.header.allocated
    return is_budgeted_now or bool(_near(before, look) - {Alert(AlertKind.NOT_BUDGETED)})


def is_unbudgeted(month: Month, today: date) -> bool:
    """Whether nothing is set aside in the running month though its third day has come."""
    day = (today - month.period.first).days + 1
    return today in month.period and day >= BUDGETED_BY and month.header.allocated == 0


def is_brought_along(before: Month | None, after: Month, alert: Alert) -> bool:
    """Whether it began though nothing of the month itself changed, only what earlier months hand on to it."""
    if before is None:
        return False
    if alert.kind is AlertKind.OVER_ALLOCATED:
        return _own_balance(before) == _own_balance(after)
    return _own_figures(before, alert) == _own_figures(after, alert)


def _own_balance(month: Month) -> int:
    return month.header.to_be_budgeted - month.header.start


def _own_figures(month: Month, alert: Alert) -> list[tuple[int, int]]:
    return [(row.allocated, row.actual) for row in month.lines if row.category_id == alert.category_id]


def _stands(month: Month, look: Look) -> set[Alert]:
    return _of_lines(month, {percent: percent for percent in look.percents}) | _of_month(month, look)


def _near(month: Month, look: Look) -> set[Alert]:
    """What is not armed again, once it was told."""
    shares = _of_lines(month, {percent: percent - ARMED_BELOW for percent in look.percents}, at_once=False)
    unbudgeted = {Alert(AlertKind.NOT_BUDGETED)} if month.header.allocated == 0 else set()
    return shares | _of_month(month, look) | unbudgeted


def _of_lines(month: Month, shares: Mapping[int, int], *, at_once: bool = True) -> set[Alert]:
    """`shares`: by threshold the share that counts for it; `at_once`: from it on, else above it."""
    found = {
        Alert(AlertKind.ALLOCATION, row.category_id, percent)
        for row in month.lines
        for percent, share in shares.items()
        if row.allocated > 0 and row.actual * 100 + (1 if at_once else 0) > share * row.allocated
    }
    return found | {Alert(AlertKind.OVERSPENT, row.category_id) for row in month.lines if _is_overspent(row)}


def _of_month(month: Month, look: Look) -> set[Alert]:
    brought = 0 if look.is_running else min(0, month.header.start)
    return {Alert(AlertKind.OVER_ALLOCATED)} if month.header.to_be_budgeted < brought else set()


def _is_overspent(row: LineRow) -> bool:
    """What has no money of its own, as what nobody plans for, is spent from what is to be budgeted."""
    return row.actual > 0 and row.available < 0 and (row.allocated > 0 or row.carry_in > 0)
