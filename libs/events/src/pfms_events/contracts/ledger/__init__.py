"""What the ledger publishes of one book, a file for each thing that events are about: `plan.updated` is in plan.py.

Every event carries the full state after the change, with the field names of the API. The stream is the book.
"""

from pfms_events.contracts.ledger import (
    account,
    attachment,
    balance,
    category,
    habit,
    imports,
    income_source,
    ledger_settings,
    payee,
    plan,
    pot,
    rate,
    reconciliation,
    recurring,
    transaction,
)
from pfms_events.event import EventType

EVENTS: tuple[EventType, ...] = (
    *account.EVENTS,
    *balance.EVENTS,
    *pot.EVENTS,
    *reconciliation.EVENTS,
    *category.EVENTS,
    *payee.EVENTS,
    *transaction.EVENTS,
    *ledger_settings.EVENTS,
    *income_source.EVENTS,
    *habit.EVENTS,
    *rate.EVENTS,
    *plan.EVENTS,
    *recurring.EVENTS,
    *attachment.EVENTS,
    *imports.EVENTS,
)
