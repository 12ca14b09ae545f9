"""The contracts between services, one module per producer; this list is the only registry."""

from collections.abc import Mapping

from pfms_events.contracts import auth, budget, ledger
from pfms_events.event import EventType, Models, catalogue

PRODUCERS: Mapping[str, tuple[EventType, ...]] = {
    "auth": auth.EVENTS,
    "ledger": ledger.EVENTS,
    "budget": budget.EVENTS,
}

MODELS: Models = catalogue(event for events in PRODUCERS.values() for event in events)
