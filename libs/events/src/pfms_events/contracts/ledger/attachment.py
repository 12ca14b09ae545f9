"""A file kept with a transaction."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from pfms_events.event import Count, Event, EventType


class Attachment(Event):
    """A file kept with a transaction. Its bytes are no part of any event: they are known by their hash."""

    AGGREGATE: ClassVar[str] = "attachment"

    id: UUID
    transaction_id: UUID
    name: str = Field(description="As the file was called")
    media_type: str = Field(description="Told by its content")
    size_bytes: Count
    sha256: str
    created_at: datetime
    created_by: UUID | None = None


class AttachmentCreated(Attachment):
    EVENT: ClassVar[str] = "attachment.created"


class AttachmentUpdated(Attachment):
    """It was deleted, and that was undone: attachments change in no other way."""

    EVENT: ClassVar[str] = "attachment.updated"


class AttachmentDeleted(Event):
    EVENT: ClassVar[str] = "attachment.deleted"
    AGGREGATE: ClassVar[str] = "attachment"

    id: UUID


EVENTS: tuple[EventType, ...] = (AttachmentCreated, AttachmentUpdated, AttachmentDeleted)
