"""What a book's ledger goes by."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Event, EventType


class LedgerSettingsUpdated(Event):
    """What a book's ledger goes by."""

    EVENT: ClassVar[str] = "ledger_settings.updated"
    AGGREGATE: ClassVar[str] = "ledger_settings"

    id: UUID
    default_account_id: UUID | None = Field(default=None, description="The account that quick entries are on")
    shares: Literal["mine", "whole"] = Field(
        default="mine",
        description="Whether a shared split's category holds only one's own part, or all of it",
    )


class LedgerSettingsDeleted(Event):
    """Nothing is set any more: the first setting was undone."""

    EVENT: ClassVar[str] = "ledger_settings.deleted"
    AGGREGATE: ClassVar[str] = "ledger_settings"

    id: UUID


EVENTS: tuple[EventType, ...] = (LedgerSettingsUpdated, LedgerSettingsDeleted)
