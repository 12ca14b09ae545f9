"""A habit, and each time it was given in to."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor


class Habit(Event):
    """What is given in to, and what one costs."""

    AGGREGATE: ClassVar[str] = "habit"

    id: UUID
    name: str
    unit_cost_minor: Minor
    currency: Currency
    icon: str | None = None
    target_reduction: int | None = Field(default=None, description="Percent of the month before")
    is_active: bool = True
    note: str | None = None


class HabitCreated(Habit):
    EVENT: ClassVar[str] = "habit.created"


class HabitUpdated(Habit):
    EVENT: ClassVar[str] = "habit.updated"


class HabitDeleted(Event):
    EVENT: ClassVar[str] = "habit.deleted"
    AGGREGATE: ClassVar[str] = "habit"

    id: UUID


class HabitLogged(Event):
    """One time. It changes no field of the habit, so it has versions of its own."""

    EVENT: ClassVar[str] = "habit.logged"
    AGGREGATE: ClassVar[str] = "habit_log"

    id: UUID
    habit_id: UUID
    date: date
    time: str | None = None
    quantity: str = Field(description="Decimal text")
    cost_minor: Minor = Field(description="In the habit's currency")
    note: str | None = None
    transaction_id: UUID | None = Field(default=None, description="The expense that was posted with it")


class HabitLogDeleted(Event):
    EVENT: ClassVar[str] = "habit_log.deleted"
    AGGREGATE: ClassVar[str] = "habit_log"

    id: UUID


EVENTS: tuple[EventType, ...] = (HabitCreated, HabitUpdated, HabitDeleted, HabitLogged, HabitLogDeleted)
