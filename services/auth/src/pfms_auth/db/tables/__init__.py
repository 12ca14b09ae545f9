"""Auth's tables; importing this module fills `Base.metadata`."""

from pfms_auth.db.tables import books, mails, people, sessions, throttle
from pfms_auth.db.tables.base import Base
from pfms_events.tables import event_tables

event_tables(Base.metadata, idempotency="user")

__all__ = ["Base", "books", "mails", "people", "sessions", "throttle"]
