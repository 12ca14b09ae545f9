"""Who money goes to or comes from."""

from typing import ClassVar
from uuid import UUID

from pfms_events.event import Event, EventType


class Payee(Event):
    AGGREGATE: ClassVar[str] = "payee"

    id: UUID
    name: str
    aliases: tuple[str, ...] = ()
    is_active: bool = True
    note: str | None = None


class PayeeCreated(Payee):
    EVENT: ClassVar[str] = "payee.created"


class PayeeUpdated(Payee):
    EVENT: ClassVar[str] = "payee.updated"


class PayeeDeleted(Event):
    EVENT: ClassVar[str] = "payee.deleted"
    AGGREGATE: ClassVar[str] = "payee"

    id: UUID


EVENTS: tuple[EventType, ...] = (PayeeCreated, PayeeUpdated, PayeeDeleted)
