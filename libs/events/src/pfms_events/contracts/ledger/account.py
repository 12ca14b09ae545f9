"""An account of the book."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Count, Currency, Event, EventType, Minor


class Account(Event):
    AGGREGATE: ClassVar[str] = "account"

    id: UUID
    name: str
    type: str = Field(
        description="checking, savings, cash, credit, wallet, investment, loan, asset, liability"
    )
    currency: Currency
    opening_balance_minor: Minor
    opened_on: date
    on_budget: bool
    is_active: bool = True
    institution: str | None = None
    note: str | None = None
    colour: str | None = None
    position: int = 0
    low_balance_minor: Minor | None = Field(default=None, description="Below it the balance is low")
    credit_limit_minor: Minor | None = Field(default=None, description="Of a card: the most that it lends")
    statement_day: Count | None = Field(default=None, description="Of a card: day of the month, 31 its last")
    due_day: Count | None = Field(default=None, description="Of a card: day of the month, 31 its last")
    minimum_payment_minor: Minor | None = Field(default=None, description="Of a card: due on each due day")
    credit_overspend: Literal["liability", "reduce_next_month"] | None = Field(
        default=None,
        description="Of a card: whether spending that no envelope covers is its debt, or is taken from what the"
        " next month has to budget; null for what is no card",
    )


class AccountCreated(Account):
    EVENT: ClassVar[str] = "account.created"


class AccountUpdated(Account):
    EVENT: ClassVar[str] = "account.updated"


class AccountDeleted(Event):
    EVENT: ClassVar[str] = "account.deleted"
    AGGREGATE: ClassVar[str] = "account"

    id: UUID


EVENTS: tuple[EventType, ...] = (AccountCreated, AccountUpdated, AccountDeleted)
