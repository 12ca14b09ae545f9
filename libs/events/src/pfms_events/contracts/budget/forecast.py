"""What the forecast gives reason to tell."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor, derived_id


class ForecastLowBalance(Event):
    """An account with money on the budget is expected to fall below zero within 30 days.

    Told once; again when meanwhile it was expected to stay above.
    """

    EVENT: ClassVar[str] = "forecast.low_balance"
    AGGREGATE: ClassVar[str] = "forecast_low_balance"

    account_id: UUID
    currency: Currency
    date: date
    balance_minor: Minor = Field(description="At the end of that day, the first one below zero")


def low_forecast_id(account_id: UUID) -> UUID:
    """The aggregate id of what is told of one account's forecast."""
    return derived_id(account_id, ForecastLowBalance.EVENT)


EVENTS: tuple[EventType, ...] = (ForecastLowBalance,)
