"""The AsyncAPI 3.0 document of all events: who publishes what on which exchange, and which queue takes it.

Written from the contracts and the topology; the payloads are the schemas that lie beside it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from pfms_events.contracts import PRODUCERS
from pfms_events.event import EventType
from pfms_events.topology import EXCHANGES, Topology, exchange_of

FILE = "asyncapi.json"

_ENVELOPE: Mapping[str, Any] = {
    "type": "object",
    "required": [
        "id",
        "type",
        "schema_version",
        "source",
        "stream_id",
        "sequence",
        "aggregate",
        "occurred_at",
    ],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "type": {"type": "string"},
        "schema_version": {"type": "integer", "minimum": 1},
        "source": {"enum": sorted(PRODUCERS), "description": "the service that published it"},
        "stream_id": {"type": "string", "format": "uuid", "description": "the book, or the user"},
        "sequence": {"type": "integer", "minimum": 1, "description": "without a gap in its stream"},
        "aggregate": {
            "type": "object",
            "required": ["type", "id", "version"],
            "properties": {
                "type": {"type": "string"},
                "id": {"type": "string", "format": "uuid"},
                "version": {"type": "integer", "minimum": 1},
            },
        },
        "occurred_at": {"type": "string", "format": "date-time"},
        "actor": {"type": ["string", "null"], "format": "uuid", "description": "null: the system"},
        "trace": {"type": "object", "additionalProperties": {"type": "string"}},
        "mode": {"enum": ["live", "replay"]},
        "data": {"type": "object"},
    },
}


def asyncapi_json(topology: Topology) -> bytes:
    """The content of contracts/asyncapi.json."""
    return orjson.dumps(document(topology), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def document(topology: Topology) -> dict[str, Any]:
    events = [event for published in PRODUCERS.values() for event in published]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "PFMS events",
            "version": "1.0.0",
            "description": "A message's body is an array of 1 to 1,000 envelopes of one type. Beside each exchange"
            " stands its twin `.bulk`, which takes what is written in bulk.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, events) for name in EXCHANGES},
        "operations": _publishing() | _taking(topology),
        "components": {
            "schemas": {"envelope": _ENVELOPE},
            "messages": {_name(event): _message(event) for event in events},
        },
    }


def _channel(exchange: str, events: Iterable[EventType]) -> dict[str, Any]:
    """One exchange; the routing key is the event's type."""
    carried = [_name(event) for event in events if exchange_of(event.EVENT) == exchange]
    kind = {"name": exchange, "type": EXCHANGES[exchange], "durable": True, "autoDelete": False}
    return {
        "address": exchange,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in carried},
        "bindings": {"amqp": {"is": "routingKey", "exchange": kind, "bindingVersion": "0.3.0"}},
    }


def _publishing() -> dict[str, Any]:
    """By producer and exchange."""
    return {
        f"{producer}.publishes.{exchange}": _operation("send", exchange, carried)
        for producer, events in PRODUCERS.items()
        for exchange in EXCHANGES
        if (carried := [event for event in events if exchange_of(event.EVENT) == exchange])
    }


def _taking(topology: Topology) -> dict[str, Any]:
    """By queue and exchange."""
    return {
        f"{queue.name}.takes.{exchange}": _operation("receive", exchange, carried)
        for queue in topology.queues
        for exchange in EXCHANGES
        if (
            carried := [
                event
                for event in PRODUCERS.get(queue.producer, ())
                if event.EVENT in queue.types and exchange_of(event.EVENT) == exchange
            ]
        )
    }


def _operation(action: str, exchange: str, carried: Iterable[EventType]) -> dict[str, Any]:
    channel = f"#/channels/{exchange}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_name(event)}"} for event in carried],
    }


def _message(event: EventType) -> dict[str, Any]:
    told = {
        "type": {"const": event.EVENT},
        "schema_version": {"const": event.SCHEMA_VERSION},
        "data": {"$ref": f"./events/{_name(event)}.schema.json"},
    }
    envelope = {"allOf": [{"$ref": "#/components/schemas/envelope"}, {"properties": told}]}
    about = (event.__doc__ or "").strip().partition("\n")[0]
    return {"name": event.EVENT, "title": event.__name__, **({"summary": about} if about else {})} | {
        "payload": {"type": "array", "minItems": 1, "maxItems": 1000, "items": envelope}
    }


def _name(event: EventType) -> str:
    return f"{event.EVENT}.v{event.SCHEMA_VERSION}"
