"""Exchanges, and which consumer's queue takes which types: generated from all services' SUBSCRIPTIONS."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import orjson

from pfms_events.subscription import Subscription

EXCHANGES: Mapping[str, Literal["fanout", "topic", "direct"]] = {
    "user.events": "fanout",
    "financial.events": "topic",
    "analytics.events": "topic",
    "notification.events": "direct",
}

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "user.events": ("user", "book", "session", "login", "data_export", "erasure"),
    "financial.events": (
        *("account", "pot", "category", "payee", "plan", "transaction", "recurring", "import", "rate"),
        *(
            "income_source",
            "habit",
            "habit_log",
            "attachment",
            "balance",
            "budget",
            "budget_settings",
            "budget_periods",
            "allocation",
            "scenario",
            "goal",
            "debt",
            "loan",
            "group",
        ),
        *("person", "investment", "portfolio", "price", "fx", "reconciliation", "ledger_settings"),
    ),
    "analytics.events": (*("insight", "categorization", "forecast", "report", "tax", "automation", "rule"),),
    "notification.events": ("notification",),
}
_EXCHANGE_OF = {family: exchange for exchange, families in _FAMILIES.items() for family in families}
# A service's own part of an erasure or export is told where any service may publish.
_PARTS = ("erasure.part_done", "data_export.part_ready")


def exchange_of(event_type: str) -> str:
    """The exchange of a type: by its first word."""
    if event_type in _PARTS:
        return "financial.events"
    return _EXCHANGE_OF[event_type.partition(".")[0]]


@dataclass(frozen=True, slots=True)
class Queue:
    """A consumer's queue; its twin `<name>.bulk` takes the same types from the `.bulk` exchanges.

    `keep`: seconds after which a message is of no use any more and goes; None: it stays until it is taken.
    """

    name: str
    producer: str
    types: tuple[str, ...]
    keep: int | None = None


type Taker = Subscription | Queue
"""A consumer with a database, or the bare queue of one that keeps nothing."""


@dataclass(frozen=True, slots=True)
class Topology:
    queues: tuple[Queue, ...]

    @property
    def routed(self) -> frozenset[str]:
        """Types that some queue takes; the others are struck off without publishing."""
        return frozenset(event_type for queue in self.queues for event_type in queue.types)


class DuplicateQueueError(ValueError):
    """Two subscriptions have one name."""


def topology_of(takers: Iterable[Taker]) -> Topology:
    made = (t if isinstance(t, Queue) else Queue(t.name, t.producer, t.types) for t in takers)
    queues = tuple(sorted(made, key=lambda queue: queue.name))
    names = [queue.name for queue in queues]
    if twice := {name for name in names if names.count(name) > 1}:
        raise DuplicateQueueError(f"more than one subscription is called {', '.join(sorted(twice))}")
    return Topology(queues)


def topology_json(topology: Topology) -> bytes:
    """The content of contracts/topology.json."""
    queues = {
        queue.name: {"producer": queue.producer, "types": list(queue.types)}
        | ({} if queue.keep is None else {"keep": queue.keep})
        for queue in topology.queues
    }
    document = {"exchanges": dict(EXCHANGES), "queues": queues}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def packaged_topology() -> Topology:
    """The topology of this release, as generated from all services' subscriptions."""
    return read_topology(Path(str(files("pfms_events.contracts").joinpath("topology.json"))))


def read_topology(path: Path) -> Topology:
    queues = orjson.loads(path.read_bytes())["queues"]
    return Topology(
        tuple(
            Queue(name, queue["producer"], tuple(queue["types"]), queue.get("keep"))
            for name, queue in sorted(queues.items())
        )
    )
