"""Where income comes from."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor


class IncomeSource(Event):
    """Where income comes from."""

    AGGREGATE: ClassVar[str] = "income_source"

    id: UUID
    name: str
    type: Literal["salary", "freelance", "business", "bonus", "investment", "other"]
    amount_minor: Minor | None = Field(default=None, description="What usually arrives each time")
    currency: Currency
    frequency: str = Field(description="weekly, monthly, yearly, once, irregular, …")
    is_active: bool = True
    note: str | None = None


class IncomeSourceCreated(IncomeSource):
    EVENT: ClassVar[str] = "income_source.created"


class IncomeSourceUpdated(IncomeSource):
    EVENT: ClassVar[str] = "income_source.updated"


class IncomeSourceDeleted(Event):
    EVENT: ClassVar[str] = "income_source.deleted"
    AGGREGATE: ClassVar[str] = "income_source"

    id: UUID


EVENTS: tuple[EventType, ...] = (IncomeSourceCreated, IncomeSourceUpdated, IncomeSourceDeleted)
