"""A goal as people chose it, and how far it is."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Count, Currency, Event, EventType, Minor, Part, derived_id


class Goal(Event):
    """What people chose. How far it is, is derived and told apart from it."""

    AGGREGATE: ClassVar[str] = "goal"

    id: UUID
    name: str
    kind: Literal["savings", "spending_reduction", "emergency_fund"]
    status: Literal["active", "paused", "cancelled"]
    pause_reason: Literal["pot_deleted", "category_deleted"] | None = None
    currency: Currency
    target_minor: Minor | None = Field(default=None, description="null: it follows from essential spending")
    months: Count | None = Field(default=None, description="emergency fund: months of essential spending")
    baseline_minor: Minor | None = Field(
        default=None, description="spending reduction: a month's spending before"
    )
    target_date: date | None = None
    pot_id: UUID | None = None
    category_id: UUID | None = None
    monthly_contribution_minor: Minor | None = None
    priority: Count = 0
    note: str | None = None
    is_marked: bool = Field(default=False, description="achieved by hand")


class GoalCreated(Goal):
    EVENT: ClassVar[str] = "goal.created"


class GoalUpdated(Goal):
    EVENT: ClassVar[str] = "goal.updated"


class GoalDeleted(Event):
    EVENT: ClassVar[str] = "goal.deleted"
    AGGREGATE: ClassVar[str] = "goal"

    id: UUID


class Milestone(Part):
    percent: Literal[25, 50, 75, 100]
    reached_on: date = Field(description="The first time")


class GoalProgress(Event):
    """How far a goal is. It is derived, so it has versions of its own."""

    AGGREGATE: ClassVar[str] = "goal_progress"

    goal_id: UUID
    currency: Currency
    current_minor: Minor
    target_minor: Minor | None = None
    achieved_by: Literal["balance", "hand"] | None = None
    achieved_on: date | None = None
    milestones: tuple[Milestone, ...] = ()


class GoalMilestoneReached(GoalProgress):
    """For the first time."""

    EVENT: ClassVar[str] = "goal.milestone_reached"

    milestone: Literal[25, 50, 75, 100]


class GoalCompleted(GoalProgress):
    """It was not achieved before and is now."""

    EVENT: ClassVar[str] = "goal.completed"


class GoalReopened(GoalProgress):
    """It was achieved before and is not any more."""

    EVENT: ClassVar[str] = "goal.reopened"


class GoalContributionRequested(Event):
    """The ledger is asked for a transfer into a goal's pot: a transaction of this id, or its refusal, answers."""

    EVENT: ClassVar[str] = "goal.contribution_requested"
    AGGREGATE: ClassVar[str] = "goal_contribution"

    id: UUID = Field(description="Of the contribution, and of the transaction to post")
    goal_id: UUID
    goal_name: str
    pot_id: UUID
    from_account_id: UUID
    amount_minor: Minor = Field(description="Positive, in the currency of the pot")
    currency: Currency
    date: date


def goal_progress_id(goal_id: UUID) -> UUID:
    """The aggregate id of how far one goal is."""
    return derived_id(goal_id, "goal.progress")


EVENTS: tuple[EventType, ...] = (
    GoalCreated,
    GoalUpdated,
    GoalDeleted,
    GoalMilestoneReached,
    GoalCompleted,
    GoalReopened,
    GoalContributionRequested,
)
