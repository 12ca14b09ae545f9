"""`pfms contracts`: what the services promise each other and their clients, written from the code into contracts/.

People review the difference there. Tests compare the files with the code, so neither changes alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from pfms_embedded.home import Refused
from pfms_embedded.services import SERVICES, takers
from pfms_events import schema
from pfms_events.subscription import Subscription
from pfms_events.testing.examples import write_examples
from pfms_gateway.app import merge
from pfms_service.app import build_app

CHECKOUT = Path(__file__).parents[3]
FOLDER = "contracts"
# What a package reads at run time lies in the package too: the same bytes.
PACKAGED = {
    "openapi.json": "gateway/src/pfms_gateway/openapi.json",
    "topology.json": "libs/events/src/pfms_events/contracts/topology.json",
}


def subscriptions() -> Sequence[Subscription]:
    return [subscription for service in SERVICES for subscription in service.subscriptions]


def openapi_documents() -> dict[str, dict[str, Any]]:
    """Path under contracts/ to document: one for each service, and the one that clients see."""
    documents = {service.name: build_app(service).openapi() for service in SERVICES}
    each = {f"openapi/{name}.json": document for name, document in documents.items()}
    return each | {"openapi.json": merge(documents)}


def generated() -> Mapping[str, bytes]:
    """Path in the repository to content, for every file that is generated."""
    contents = {path: _json(document) for path, document in openapi_documents().items()}
    contents |= schema.files(takers())
    copies = {place: contents[path] for path, place in PACKAGED.items()}
    return {f"{FOLDER}/{path}": content for path, content in contents.items()} | copies


def write(checkout: Path = CHECKOUT) -> None:
    """Writes what differs and says what; refuses where an event would break its readers."""
    if not (checkout / "pyproject.toml").exists():
        raise Refused(f"{checkout} is no checkout of PFMS: contracts are written beside the code")
    write_examples(checkout / FOLDER / "events/examples")
    if broken := schema.write(checkout / FOLDER, takers()):
        raise Refused("\n  ".join(["the events' contracts do not hold:", *broken]))
    contents = generated()
    for path in differing(checkout, contents):
        target = checkout / path
        if path in contents:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(contents[path])
        else:
            target.unlink()
        print(f"{'wrote' if path in contents else 'removed'} {path}")  # noqa: T201  # the command's answer


def differing(checkout: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Files that are missing, not as generated, or of a service that is no more.

    Schemas of events that nobody publishes any more stay: they were published once.
    """
    present = (checkout / FOLDER / "openapi").glob("*.json")
    left_over = {str(path.relative_to(checkout)) for path in present} - contents.keys()
    changed = {path for path, content in contents.items() if _read(checkout / path) != content}
    return sorted(left_over | changed)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _json(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
