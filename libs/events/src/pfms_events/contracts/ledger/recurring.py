"""What became of one occurrence of a plan."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor


class Recurring(Event):
    """What became of one occurrence of a plan: an aggregate of its own, so that the plan's version stays."""

    AGGREGATE: ClassVar[str] = "recurring"

    id: UUID = Field(description="uuid5 of the plan's id and the nominal date")
    plan_id: UUID
    plan_version: int
    name: str
    nominal_date: date = Field(description="The day that the rule names; an occurrence is known by it")
    date: date
    amount_minor: Minor
    currency: Currency
    auto_post: bool = False
    transaction_id: UUID | None = None


class RecurringDue(Recurring):
    """It is announced, so many days before its day as the plan says; or open again, with a version above 1."""

    EVENT: ClassVar[str] = "recurring.due"


class RecurringPosted(Recurring):
    """It became `transaction_id`: one made for it, or one that the bank's file brought."""

    EVENT: ClassVar[str] = "recurring.posted"


class RecurringSkipped(Recurring):
    EVENT: ClassVar[str] = "recurring.skipped"


EVENTS: tuple[EventType, ...] = (RecurringDue, RecurringPosted, RecurringSkipped)
