"""The budget's tables; importing this module fills `Base.metadata`."""

from pfms_budget.db.tables import copies, goals, months, plans
from pfms_budget.db.tables.base import Base
from pfms_events.saga import saga_table
from pfms_events.tables import event_tables

event_tables(Base.metadata, idempotency="book")
saga_table(Base.metadata)

__all__ = ["Base", "copies", "goals", "months", "plans"]
