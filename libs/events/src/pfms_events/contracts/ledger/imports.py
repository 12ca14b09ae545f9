"""A bank's file on its way into the book."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Count, Event, EventType


class Import(Event):
    AGGREGATE: ClassVar[str] = "import"

    id: UUID
    account_id: UUID | None = Field(default=None, description="null when the file names several accounts")
    format: str
    status: Literal["processing", "completed", "failed"]
    rows_total: Count
    rows_imported: Count = 0
    rows_new: Count = 0
    rows_duplicate: Count = 0
    rows_match: Count = 0
    rows_conflict: Count = 0
    rows_error: Count = 0
    rows_skipped: Count = 0


class ImportProgress(Import):
    EVENT: ClassVar[str] = "import.progress"


class ImportCompleted(Import):
    """The last event of an import, failed ones too; `status` says which."""

    EVENT: ClassVar[str] = "import.completed"


EVENTS: tuple[EventType, ...] = (ImportProgress, ImportCompleted)
