"""A pot, a named part of an account's money, and what is in it."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor, derived_id


class Pot(Event):
    """A named part of an account's money."""

    AGGREGATE: ClassVar[str] = "pot"

    id: UUID
    account_id: UUID
    name: str
    currency: Currency = Field(description="The account's")
    is_active: bool = True
    note: str | None = None
    colour: str | None = None
    icon: str | None = None
    position: int = 0


class PotCreated(Pot):
    EVENT: ClassVar[str] = "pot.created"


class PotUpdated(Pot):
    EVENT: ClassVar[str] = "pot.updated"


class PotDeleted(Event):
    EVENT: ClassVar[str] = "pot.deleted"
    AGGREGATE: ClassVar[str] = "pot"

    id: UUID


class PotBalanceChanged(Event):
    """What is in a pot is something else now. It is derived, so it has versions of its own."""

    EVENT: ClassVar[str] = "pot.balance_changed"
    AGGREGATE: ClassVar[str] = "pot_balance"

    pot_id: UUID
    account_id: UUID
    currency: Currency
    balance_minor: Minor = Field(description="Never below zero")
    account_paid_minor: Minor = Field(description="What its account has paid where the pot was too small")


def pot_balance_id(pot_id: UUID) -> UUID:
    """The aggregate id of what is in one pot."""
    return derived_id(pot_id, PotBalanceChanged.EVENT)


EVENTS: tuple[EventType, ...] = (PotCreated, PotUpdated, PotDeleted, PotBalanceChanged)
