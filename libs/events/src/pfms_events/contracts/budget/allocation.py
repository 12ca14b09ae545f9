"""What one period sets aside for one category, or to pay one card."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Event, EventType, Minor, Month


class Allocation(Event):
    AGGREGATE: ClassVar[str] = "allocation"

    id: UUID
    month: Month
    category_id: UUID = Field(description="An expense category, or the account of a card that keeps its debt")
    allocation_type: Literal["fixed", "percentage"]
    percentage: str | None = Field(
        default=None, description="Of the planned income, two decimals; null for a fixed amount"
    )
    allocated_minor: Minor
    rollover: Literal["none", "surplus", "deficit", "both"]
    colour: str | None = None
    position: int = 0


class AllocationCreated(Allocation):
    EVENT: ClassVar[str] = "allocation.created"


class AllocationUpdated(Allocation):
    EVENT: ClassVar[str] = "allocation.updated"


class AllocationDeleted(Event):
    EVENT: ClassVar[str] = "allocation.deleted"
    AGGREGATE: ClassVar[str] = "allocation"

    id: UUID


EVENTS: tuple[EventType, ...] = (AllocationCreated, AllocationUpdated, AllocationDeleted)
