"""What an account's balance gives reason to tell."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor, derived_id


class BalanceLow(Event):
    """An account's balance fell below its limit.

    Told once, by the first write that leaves the balance below; again when it has been at or above the limit, or the
    limit was taken away, in between. The balance is the one that the account shows: everything posted, pending and
    dated ahead as well. An account that is closed is not low.
    """

    EVENT: ClassVar[str] = "balance.low"
    AGGREGATE: ClassVar[str] = "balance_low"

    account_id: UUID
    currency: Currency
    balance_minor: Minor = Field(description="Below the limit")
    low_balance_minor: Minor = Field(description="The limit")


def balance_low_id(account_id: UUID) -> UUID:
    """The aggregate id of what is told of one account's low balance."""
    return derived_id(account_id, BalanceLow.EVENT)


EVENTS: tuple[EventType, ...] = (BalanceLow,)
