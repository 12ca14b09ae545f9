"""Every service of the product, in the order of their start."""

from collections.abc import Sequence

from pfms_auth.app import SERVICE as AUTH
from pfms_budget.app import SERVICE as BUDGET
from pfms_events.topology import Taker, Topology, topology_of
from pfms_gateway.app import QUEUES
from pfms_ledger.app import SERVICE as LEDGER
from pfms_service.service import Service

SERVICES: Sequence[Service] = (AUTH, LEDGER, BUDGET)


def takers() -> Sequence[Taker]:
    """Who takes events: the subscriptions of all services, and the gateway's live updates."""
    return [*(subscription for service in SERVICES for subscription in service.subscriptions), *QUEUES]


def topology() -> Topology:
    """Which consumer takes which events, of all services."""
    return topology_of(takers())
