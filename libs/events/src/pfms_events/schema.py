"""The contracts as files: JSON Schema per type and version, sealed examples, the topology; and what checks them.

Between releases a contract only gains optional fields. Anything else is a new version, published beside the old
one for a release.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from pfms_events import asyncapi
from pfms_events.contracts import PRODUCERS
from pfms_events.envelope import Envelope, UnreadableError, open_envelope
from pfms_events.event import EventType, catalogue
from pfms_events.topology import Taker, topology_json, topology_of

SEAL = "sealed.json"
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_SAYS_NOTHING = ("title", "description", "default", "examples")


def schema_of(event: EventType) -> dict[str, Any]:
    """One contract as JSON Schema."""
    schema = event.model_json_schema(by_alias=True, mode="validation")
    return {
        "$id": f"urn:pfms:event:{event.EVENT}:v{event.SCHEMA_VERSION}",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "x-aggregate": event.AGGREGATE,
    } | schema


def files(subscriptions: Iterable[Taker]) -> dict[str, bytes]:
    """Path under contracts/ to content, for everything that is generated."""
    schemas = {
        f"events/{_name(event)}.schema.json": orjson.dumps(schema_of(event), option=_OPTIONS)
        for event in _events()
    }
    topology = topology_of(subscriptions)
    return schemas | {
        "topology.json": topology_json(topology),
        asyncapi.FILE: asyncapi.asyncapi_json(topology),
    }


def write(folder: Path, subscriptions: Iterable[Taker]) -> list[str]:
    """Writes what is generated, seals examples that are new, and answers with what `check` still finds."""
    subscriptions = list(subscriptions)
    if breaks := _breaks(folder):
        return breaks
    for path, content in files(subscriptions).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    _seal(folder / "events" / "examples")
    return check(folder, subscriptions)


def check(folder: Path, subscriptions: Iterable[Taker]) -> list[str]:
    """What is wrong with the files in contracts/, in sentences; empty when all is well."""
    problems = _breaks(folder)
    for path, content in files(subscriptions).items():
        target = folder / path
        if not target.exists() or target.read_bytes() != content:
            problems.append(
                f"{path} is not what the code says; run `make contracts` and review the difference"
            )
    return problems + _check_examples(folder / "events" / "examples")


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What a reader or writer of the old schema could not live with."""
    before, after = _fields(old), _fields(new)
    problems = [f"{path} is gone" for path in before if path not in after]
    for path, (required, kind) in after.items():
        if path not in before:
            within = path.rpartition(".")[0].removesuffix("[]")
            if required and (not within or within in before):  # what is inside something new breaks nobody
                problems.append(f"{path} is new and required")
        elif before[path][1] != kind:
            problems.append(f"{path} was {_text(before[path][1])} and is {_text(kind)}")
        elif before[path][0] != required:
            problems.append(f"{path} is {'required' if required else 'optional'} now")
    return problems


def _events() -> list[EventType]:
    return [event for events in PRODUCERS.values() for event in events]


def _name(event: EventType) -> str:
    return f"{event.EVENT}.v{event.SCHEMA_VERSION}"


def _breaks(folder: Path) -> list[str]:
    problems: list[str] = []
    for event in _events():
        target = folder / "events" / f"{_name(event)}.schema.json"
        if target.exists():
            found = breaking(orjson.loads(target.read_bytes()), schema_of(event))
            problems += [f"{_name(event)}: {problem}; make it a new version" for problem in found]
    return problems


def _fields(schema: Mapping[str, Any]) -> dict[str, tuple[bool, Any]]:
    """Every field by its path: whether it is required, and what it may be."""
    found: dict[str, tuple[bool, Any]] = {}
    _walk(schema, schema.get("$defs", {}), "", found)
    return found


def _walk(
    node: Mapping[str, Any], definitions: Mapping[str, Any], path: str, found: dict[str, tuple[bool, Any]]
) -> None:
    if "$ref" in node:
        _walk(definitions[node["$ref"].rpartition("/")[2]], definitions, path, found)
    for name, child in node.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        found[place] = (name in node.get("required", ()), _kind(child))
        _walk(child, definitions, place, found)
    for variant in node.get("anyOf", ()):
        _walk(variant, definitions, path, found)
    if isinstance(node.get("items"), dict):
        _walk(node["items"], definitions, f"{path}[]", found)


def _kind(node: Any) -> Any:
    """A schema without what says nothing about values."""
    if isinstance(node, dict):
        return {key: _kind(value) for key, value in node.items() if key not in _SAYS_NOTHING}
    return [_kind(each) for each in node] if isinstance(node, list) else node


def _text(kind: Any) -> str:
    return orjson.dumps(kind, option=orjson.OPT_SORT_KEYS).decode()


def _seal(folder: Path) -> None:
    """Examples that have no hash yet get one; those that have keep it."""
    sealed = _sealed(folder)
    for path in sorted(folder.glob("*.v*.json")):
        sealed.setdefault(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SEAL).write_bytes(orjson.dumps(sealed, option=_OPTIONS))


def _sealed(folder: Path) -> dict[str, str]:
    seal = folder / SEAL
    return dict(orjson.loads(seal.read_bytes())) if seal.exists() else {}


def _check_examples(folder: Path) -> list[str]:
    """Each contract has an example; none was edited since it was sealed; each is read by today's models."""
    sealed = _sealed(folder)
    present = {path.name: path.read_bytes() for path in sorted(folder.glob("*.v*.json"))}
    wanted = {f"{_name(event)}.json" for event in _events()}
    problems = [f"{name} is missing among the examples" for name in sorted(wanted - present.keys())]
    problems += [f"example {name} is sealed and gone" for name in sorted(sealed.keys() - present.keys())]
    for name, content in present.items():
        if sealed.get(name) != hashlib.sha256(content).hexdigest():
            problems.append(f"example {name} is not as it was sealed; add a new one instead")
        problems += _unread(name, content)
    return problems


def _unread(name: str, content: bytes) -> list[str]:
    item = orjson.loads(content)
    models = catalogue(_events())
    try:
        opened = open_envelope(item, models, item.get("source", ""))
    except UnreadableError as error:
        return [f"example {name}: {error}"]
    return [] if isinstance(opened, Envelope) else [f"example {name} is not read by its contract: {opened}"]
