"""A what-if branch of a book's forecast."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Event, EventType, Minor, Part


class ScenarioItem(Part):
    """Money that would come or go."""

    id: UUID
    name: str
    account_id: UUID
    amount_minor: Minor = Field(description="Signed, outflow negative, in the account's currency")
    start: date
    rrule: str | None = Field(default=None, description="RFC 5545, days and longer; null: once, on `start`")
    end: date | None = None
    category_id: UUID | None = None


class Scenario(Event):
    """A what-if branch of a book's forecast."""

    AGGREGATE: ClassVar[str] = "scenario"

    id: UUID
    name: str
    note: str | None = None
    items: tuple[ScenarioItem, ...] = ()
    without_plan_ids: tuple[UUID, ...] = Field(default=(), description="Plans that the branch leaves out")


class ScenarioCreated(Scenario):
    EVENT: ClassVar[str] = "scenario.created"


class ScenarioUpdated(Scenario):
    EVENT: ClassVar[str] = "scenario.updated"


class ScenarioDeleted(Event):
    EVENT: ClassVar[str] = "scenario.deleted"
    AGGREGATE: ClassVar[str] = "scenario"

    id: UUID


EVENTS: tuple[EventType, ...] = (ScenarioCreated, ScenarioUpdated, ScenarioDeleted)
