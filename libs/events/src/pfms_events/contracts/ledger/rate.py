"""An exchange rate of the book."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType


class RateSet(Event):
    """An exchange rate of a book: what one unit of `base` is in `quote` from a day on."""

    EVENT: ClassVar[str] = "rate.set"
    AGGREGATE: ClassVar[str] = "rate"

    id: UUID
    base: Currency
    quote: Currency
    date: date
    rate: str = Field(description="Decimal text above zero")
    source: str = Field(default="manual", description="manual or file")


class RateDeleted(Event):
    EVENT: ClassVar[str] = "rate.deleted"
    AGGREGATE: ClassVar[str] = "rate"

    id: UUID


EVENTS: tuple[EventType, ...] = (RateSet, RateDeleted)
