"""The OpenAPI document of a service: every operation with its problems, its sign-in and its idempotency."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from pfms_common.problem import MEDIA_TYPE, Problem, Refusal
from pfms_common.web import HEADERS

_ALWAYS = {401, 403, 404, 429, 503}

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457).",
    "type": "object",
    "required": [
        "type",
        "title",
        "status",
        "code",
        "detail",
        "instance",
        "errors",
        "timestamp",
        "request_id",
    ],
    "properties": {
        "type": {"type": "string", "examples": ["urn:pfms:problem:validation_error"]},
        "title": {"type": "string", "description": "the kind of refusal, for a person"},
        "status": {"type": "integer", "description": "the HTTP status", "examples": [400]},
        "code": {"type": "string", "description": "the kind of refusal, for a program"},
        "detail": {"type": "string", "description": "what was wrong here and what to do"},
        "instance": {"type": "string", "description": "the path that was asked"},
        "errors": {
            "type": "object",
            "description": "dotted path of an input field → what is wrong with it",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "examples": [{"splits.0.amount_minor": ["must not be zero"]}],
        },
        "timestamp": {"type": "string", "format": "date-time"},
        "request_id": {"type": "string", "description": "quote it when you ask for help"},
        "preserved_input": {"description": "what was sent, without secrets, to correct and send again"},
    },
}


def describe(
    app: FastAPI, routers: Sequence[APIRouter], table: Mapping[type[Refusal], Problem]
) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = PROBLEM_SCHEMA
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
            if route.include_in_schema:
                for method in route.methods or ():
                    _add_parameters(document["paths"][route.path_format][method.lower()], route.dependant)
        for methods in document["paths"].values():
            for method, operation in methods.items():
                _complete(operation, method, table)
        app.openapi_schema = document
    return app.openapi_schema


def _add_parameters(operation: dict[str, Any], dependant: Dependant) -> None:
    """Headers and queries that the route's dependencies read."""
    parameters = operation.setdefault("parameters", [])
    for dependency in dependant.dependencies:
        model = getattr(dependency.call, "query_model", None)
        if model is not None:
            parameters += _query(model)
        header = HEADERS.get(dependency.call) if dependency.call else None
        if header is not None and header["name"] not in {parameter["name"] for parameter in parameters}:
            parameters.append(header)
        _add_parameters(operation, dependency)


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """A model's fields as parameters of the query."""
    schema = model.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": {key: value for key, value in field.items() if (key, value) != ("default", None)},
            **({"description": field["description"]} if "description" in field else {}),
        }
        for name, field in schema["properties"].items()
    ]


def _complete(operation: dict[str, Any], method: str, table: Mapping[type[Refusal], Problem]) -> None:
    """Problems this operation may answer with, and the sign-in it needs unless it is marked public."""
    public = operation.pop("x-public", False)
    parameters = {p["name"].lower() for p in operation.get("parameters", [])}
    statuses = {400, 429, 503} if public else {400, *_ALWAYS}
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        statuses |= {404}
    if method != "get":
        statuses |= {409}
    if "requestBody" in operation:
        statuses |= {413, 415}
    if "if-match" in parameters:
        statuses |= {412, 428}
    if "idempotency-key" in parameters:
        statuses |= {422}
    answers = operation["responses"]
    answers.pop("422", None)
    for status in sorted(statuses):
        codes = sorted({problem.code for problem in table.values() if problem.status == status})
        answers[str(status)] = {
            "description": f"Refused: {', '.join(codes)}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if not public:
        operation["security"] = [{"bearer": []}]
