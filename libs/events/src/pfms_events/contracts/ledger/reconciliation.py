"""An account held against a bank statement."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Currency, Event, EventType, Minor


class Reconciliation(Event):
    """An account is held against a bank statement."""

    AGGREGATE: ClassVar[str] = "reconciliation"

    id: UUID
    account_id: UUID
    currency: Currency = Field(description="The account's")
    status: Literal["open", "finished"]
    statement_date: date
    statement_balance_minor: Minor
    ticked: tuple[UUID, ...] = Field(default=(), description="Transactions that are on the statement")
    adjustment_transaction_id: UUID | None = Field(
        default=None, description="What was posted for what was left over"
    )
    started_by: UUID
    started_at: datetime
    finished_by: UUID | None = None
    finished_at: datetime | None = None


class ReconciliationCreated(Reconciliation):
    EVENT: ClassVar[str] = "reconciliation.created"


class ReconciliationUpdated(Reconciliation):
    EVENT: ClassVar[str] = "reconciliation.updated"


class ReconciliationDeleted(Event):
    """It was cancelled."""

    EVENT: ClassVar[str] = "reconciliation.deleted"
    AGGREGATE: ClassVar[str] = "reconciliation"

    id: UUID


EVENTS: tuple[EventType, ...] = (ReconciliationCreated, ReconciliationUpdated, ReconciliationDeleted)
