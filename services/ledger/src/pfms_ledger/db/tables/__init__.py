"""The ledger's tables; importing this module fills `Base.metadata`."""

from sqlalchemy import Index, text

from pfms_events.tables import event_tables
from pfms_ledger.db.tables import (
    accounts,
    attachments,
    books,
    categories,
    duplicates,
    habits,
    imports,
    income_sources,
    payees,
    plans,
    pots,
    rates,
    reconciliations,
    settings,
    transactions,
    works,
)
from pfms_ledger.db.tables.base import Base

event_tables(Base.metadata, idempotency="book")

_event = Base.metadata.tables["event"]
Index("event_id_idx", _event.c.stream_id, _event.c.id)
Index("event_correlation_idx", _event.c.stream_id, text("(trace ->> 'correlation_id')"))

__all__ = [
    "Base",
    "accounts",
    "attachments",
    "books",
    "categories",
    "duplicates",
    "habits",
    "imports",
    "income_sources",
    "payees",
    "plans",
    "pots",
    "rates",
    "reconciliations",
    "settings",
    "transactions",
    "works",
]
