"""Goals: what they want, how far they are, when they are reached, and whether they keep pace.

Amounts are minor units of the goal's currency. What a goal has is a balance like any other: what is in its pot, what
its category has available, what was contributed to it, or what was not spent that used to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from pfms_common.problem import Refusal

MILESTONES = (25, 50, 75, 100)
"""Percent of the target."""

MOST_MONTHS = 1200
"""Further ahead nothing is projected."""


class GoalKind(StrEnum):
    SAVINGS = "savings"
    SPENDING_REDUCTION = "spending_reduction"
    EMERGENCY_FUND = "emergency_fund"


class GoalStatus(StrEnum):
    """Shown to people; only the first three are chosen, `completed` follows from being achieved."""

    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class AchievedBy(StrEnum):
    BALANCE = "balance"
    HAND = "hand"


class Flip(StrEnum):
    """What others are told of, once each time that it happens."""

    COMPLETED = "completed"
    REOPENED = "reopened"


class BadGoal(Refusal):
    """The goal's fields do not go together."""


class NotContributed(Refusal):
    """The goal is not filled by contributions now."""


def check_fillable(kind: GoalKind, status: GoalStatus, *, has_category: bool) -> None:
    """Contributions fill a goal that has a pot, or nothing but them."""
    if has_category or kind is GoalKind.SPENDING_REDUCTION:
        raise NotContributed("This goal is measured in its category: allocate money to that instead.")
    if status is not GoalStatus.ACTIVE:
        raise NotContributed(f"The goal is {status}; make it active first.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a goal was when it was last looked at.

    Args:
        target_minor: None where it follows from spending that there has not been yet.
        milestones: percent → the day it was first reached; a balance that falls again takes none away.
    """

    current_minor: int = 0
    target_minor: int | None = None
    achieved_by: AchievedBy | None = None
    achieved_on: date | None = None
    milestones: Mapping[int, date] = field(default_factory=dict)

    @property
    def is_achieved(self) -> bool:
        return self.achieved_by is not None

    @property
    def is_reached(self) -> bool:
        """Whether the balance itself is at the target."""
        return self.target_minor is not None and self.current_minor >= self.target_minor


def evaluate(
    before: Progress, *, is_marked: bool, current_minor: int, target_minor: int | None, today: date
) -> Progress:
    """The goal as it is now.

    It is achieved while it is marked by hand, whatever the balance does, else exactly while the balance is at the
    target. `achieved_on` is the day on which an unbroken achievement began.
    """
    now = replace(before, current_minor=current_minor, target_minor=target_minor)
    by = AchievedBy.HAND if is_marked else AchievedBy.BALANCE if now.is_reached else None
    reached = {step: before.milestones.get(step, today) for step in MILESTONES if _has_reached(now, step)}
    since = (before.achieved_on if before.is_achieved else today) if by else None
    return replace(now, achieved_by=by, achieved_on=since, milestones={**before.milestones, **reached})


def flip(before: Progress, after: Progress) -> Flip | None:
    if before.is_achieved == after.is_achieved:
        return None
    return Flip.COMPLETED if after.is_achieved else Flip.REOPENED


def new_milestones(before: Progress, after: Progress) -> list[int]:
    return sorted(after.milestones.keys() - before.milestones.keys())


def percent(progress: Progress) -> int:
    """Whole percent of the target, rounded down, from 0 to 100; 0 where there is no target yet."""
    if not progress.target_minor:
        return 0
    return max(0, min(100, progress.current_minor * 100 // progress.target_minor))


def shown_status(chosen: GoalStatus, progress: Progress) -> GoalStatus:
    return GoalStatus.COMPLETED if chosen is GoalStatus.ACTIVE and progress.is_achieved else chosen


def months_of_essentials(months: int, spent: Sequence[int]) -> int | None:
    """The target of an emergency fund: so many months of what whole months with essential spending took on the mean,
    rounded half-even; None where nothing essential was spent.
    """
    counted = [minor for minor in spent if minor > 0]
    if not counted:
        return None
    return _half_even(sum(counted) * months, len(counted))


def not_spent(baseline_minor: int, spent: Sequence[int]) -> int:
    """What a spending reduction has saved: in each whole month since it began what was spent less than the baseline,
    where a month of more takes it back; never below 0.
    """
    return max(0, sum(baseline_minor - minor for minor in spent))


@dataclass(frozen=True, slots=True)
class Pace:
    """What a goal needs each month, what it gets, and where that leads.

    Args:
        required_minor: each month until the target date; None without one.
        pace_minor: the contribution planned for each month, else what came each month since the goal began.
        projected_on: when the target is reached at that pace; None: never.
        is_on_track: None without a target date.
    """

    required_minor: int | None
    pace_minor: int
    projected_on: date | None
    is_on_track: bool | None


def pace(
    progress: Progress,
    *,
    status: GoalStatus,
    began_on: date,
    began_with_minor: int,
    target_on: date | None,
    monthly_minor: int | None,
    today: date,
) -> Pace:
    """A goal that is paused, cancelled or achieved is never behind."""
    left = max(0, (progress.target_minor or 0) - progress.current_minor)
    months = None if target_on is None else max(1, _months_between(today, target_on))
    required = None if months is None else 0 if progress.is_achieved else -(-left // months)
    each = monthly_minor
    if each is None:
        each = (progress.current_minor - began_with_minor) // max(1, _months_between(began_on, today))
    projected = _projected(progress, left, each, today)
    on_track: bool | None = None
    if target_on is not None:
        rests = status is not GoalStatus.ACTIVE or progress.is_achieved
        on_track = rests or (projected is not None and projected <= target_on)
    return Pace(required, each, projected, on_track)


def _projected(progress: Progress, left: int, each: int, today: date) -> date | None:
    if progress.is_achieved:
        return progress.achieved_on
    if progress.target_minor is None:
        return None
    if left == 0:
        return today
    months = -(-left // each) if each > 0 else MOST_MONTHS + 1
    return _months_later(today, months) if months <= MOST_MONTHS else None


def _has_reached(progress: Progress, step: int) -> bool:
    return progress.target_minor is not None and progress.current_minor * 100 >= progress.target_minor * step


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last one."""
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, index + 1, last)
        except ValueError:
            continue
    raise AssertionError("unreachable: every month has 28 days")


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
