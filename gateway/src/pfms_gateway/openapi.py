"""One OpenAPI document for clients, merged from those of the services."""

import copy
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

Document = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
INFO = {
    "title": "PFMS",
    "version": "1",
    "description": (
        "A household's money: accounts, transactions, imports and budgets. Amounts are integer minor units "
        "(`…_minor`) beside a `currency`; dates are `YYYY-MM-DD`, instants RFC 3339 in UTC. Send "
        "`Authorization: Bearer` with an access token from `/auth/login`, `Book-Id` to choose a book, "
        "`Idempotency-Key` where money is created and `If-Match` on changes. Errors are "
        "`application/problem+json` (RFC 9457)."
    ),
}
GATEWAY_ANSWERS: Mapping[str, str] = {
    "401": "Not signed in, or the session was ended",
    "403": "The token does not name this book",
    "413": "The body is too large",
    "429": "Too many requests; `Retry-After` says when to come again",
    "503": "The service is away; `Retry-After` says when to come again",
}
OWN_PATHS: Mapping[str, Any] = {
    "/events": {
        "get": {
            "operationId": "gateway_events",
            "tags": ["Live updates"],
            "summary": "What changes in your books, as it happens",
            "description": (
                "Server-sent events of every book that the token names, and of the user's own profile and "
                "sessions. A `change` says what changed, never its content: `stream_id` (the book, or your user "
                "id), `source` and `number` (the producer's number in the book), `type`, `aggregate`, `id` and "
                "`version`. Two more kinds speak of the connection: `ready` (everything after its id is told) and "
                "`reset` (something was missed: read again what you show, for instance by `/sync/ledger`). Send "
                "the last id that you got as `Last-Event-ID` to go on where you were, within an hour. A comment "
                "comes every 15 seconds. The answer ends with the access token, and when the server stops: "
                "connect again. At most ten of a user may be open."
            ),
            "security": [{"bearer": []}],
            "parameters": [
                {
                    "name": "Last-Event-ID",
                    "in": "header",
                    "description": "the last id that you got; without it or after an hour: from now on",
                    "schema": {"type": "string"},
                    "example": "1795299600000-0",
                }
            ],
            "responses": {
                "200": {
                    "description": "events, until one side ends it",
                    "content": {
                        "text/event-stream": {
                            "schema": {"type": "string"},
                            "example": "id: 1795299600000-0\nevent: change\n"
                            'data: {"type": "transaction.updated", …}\n\n',
                        }
                    },
                }
            },
        }
    }
}
"""What the gateway answers itself below the prefix."""

ORDER = ("auth", "ledger", "budget")


def merge(documents: Mapping[str, Document]) -> Document:
    """The one document of all services (name → its document): a component name used by two services with
    different content gets the service's name before it; two services with the same path are an error.
    """
    merged: Document = {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/api/v1"}],
        "tags": [],
        "paths": {},
        "components": {
            "schemas": {},
            "responses": {},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    for service in sorted(documents, key=lambda name: (ORDER.index(name) if name in ORDER else 99, name)):
        _add(merged, service, copy.deepcopy(documents[service]))
    merged["paths"].update(copy.deepcopy(dict(OWN_PATHS)))
    merged["tags"].append({"name": "Live updates"})
    _describe_gateway_answers(merged)
    return merged


def _add(merged: Document, service: str, document: Document) -> None:
    components = document.get("components", {})
    renamed = _renamed(merged["components"], components, service)
    document = _with_new_refs(document, renamed)
    for kind, named in document.get("components", {}).items():
        if kind == "securitySchemes":
            continue
        kept = merged["components"].setdefault(kind, {})
        for name, content in named.items():
            kept.setdefault(
                renamed.get(f"#/components/{kind}/{name}", "").rpartition("/")[2] or name, content
            )
    for path, item in document.get("paths", {}).items():
        if path in merged["paths"]:
            raise ValueError(f"two services offer {path}; one of them is {service}")
        if _is_offered(path):
            merged["paths"][path] = _with_own_ids(item, service)
    known = {tag["name"] for tag in merged["tags"]}
    merged["tags"] += [tag for tag in document.get("tags", []) if tag["name"] not in known]


def _is_offered(path: str) -> bool:
    """What the gateway never routes is no part of the clients' document."""
    return not path.startswith("/internal") and path not in {
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    }


def _renamed(kept: Document, components: Document, service: str) -> dict[str, str]:
    """Reference of a component → its new reference, where the name is taken by something else."""
    renamed = {}
    for kind, named in components.items():
        for name, content in named.items():
            if kept.get(kind, {}).get(name, content) != content:
                renamed[f"#/components/{kind}/{name}"] = f"#/components/{kind}/{service.capitalize()}{name}"
    return renamed


def _with_new_refs(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: renamed.get(member, member) if key == "$ref" else _with_new_refs(member, renamed)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_with_new_refs(member, renamed) for member in value]
    return value


def _with_own_ids(item: Document, service: str) -> Document:
    """Operation ids are unique over all services, and say whose they are."""
    for method in METHODS:
        if "operationId" in item.get(method, {}):
            item[method]["operationId"] = f"{service}_{item[method]['operationId']}"
        if method in item:
            item[method].setdefault("tags", [service])
    return item


def _describe_gateway_answers(merged: Document) -> None:
    """Any operation may be answered by the gateway itself, with a problem."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for item in merged["paths"].values():
        for method in METHODS:
            responses = item.get(method, {}).get("responses")
            for status, meaning in GATEWAY_ANSWERS.items() if responses is not None else ():
                responses.setdefault(status, {"description": meaning, "content": problem})


@cache
def packaged() -> bytes:
    """The merged document that this package carries."""
    return (files("pfms_gateway") / "openapi.json").read_bytes()


@cache
def _templates() -> list[tuple[re.Pattern[str], list[str]]]:
    paths = orjson.loads(packaged())["paths"]
    return [
        (re.compile(re.sub(r"\\{[^/]*?\\}", "[^/]+", re.escape(path))), [m for m in METHODS if m in item])
        for path, item in paths.items()
    ]


def allowed(path: str) -> str | None:
    """The `Allow` of a path (without its prefix), by the document; None where nothing is offered."""
    offered: Iterable[str] = next((methods for rx, methods in _templates() if rx.fullmatch(path)), ())
    methods = [method.upper() for method in offered]
    if not methods:
        return None
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
