"""The HTTP app of a service: its routes, its problems, one edge around them.

A page of plain code that any service may stop using: it discovers nothing.
"""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, SecretStr
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfms_common import logs, telemetry, tracing
from pfms_common.clock import system_clock
from pfms_common.problem import (
    COMMON,
    INTERNAL,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    Invalid,
    NotFound,
    PreconditionFailed,
    Problem,
    Refusal,
    Stale,
    document,
    problem_for,
)
from pfms_common.sql import refusal_of
from pfms_service.openapi import describe
from pfms_service.service import Resources, Service

PREFIXES = ("/api/v1", "/v1")
_SECRET_NAMES = ("password", "token", "secret", "code")
log = logs.get("http")


def build_app(service: Service) -> FastAPI:
    """The routes of `service` with its problems; resources are put on `app.state` by the api role."""
    app = FastAPI(
        title=f"PFMS {service.name}",
        summary=service.summary,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own spans would send messages of errors, which quote people's data; `tracing` tells ids only.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    table = {**COMMON, **service.errors}
    for router in service.routers:
        app.include_router(router)
    app.openapi = lambda: describe(app, service.routers, table)  # type: ignore[method-assign]  # FastAPI documents this assignment
    tell_problems(app, table)
    return app


def tell_problems(app: FastAPI, table: Mapping[type[Refusal], Problem] = COMMON) -> None:
    """Every error of `app` becomes a problem document; routes that answer by item find the table in its state."""
    app.state.problems = table

    async def refused(request: Request, error: Exception) -> Response:
        return _problem(request, error, table)

    for kind in (Refusal, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, refused)


def attach(app: FastAPI, resources: Resources, own: Any) -> None:
    """Puts what routes use where they look for it; values that a lifespan yields would not reach them embedded."""
    app.state.resources = resources
    app.state.sessions = resources.sessions
    app.state.tokens = resources.tokens
    app.state.own = own


def _problem(request: Request, error: Exception, table: Mapping[type[Refusal], Problem]) -> Response:
    """The answer to anything raised. What stands in no table is a bug: it is logged, and says only its id."""
    errors: Mapping[str, list[str]] = {}
    headers: Mapping[str, str] = {}
    detail, extra = "", {}
    refusal = _refusal(error)
    if isinstance(refusal, Stale) and "if-match" in request.headers:
        # Another was quicker between the look and the write; whoever sent If-Match is answered as a moment later.
        refusal = PreconditionFailed(refusal.detail)
    problem = problem_for(refusal, table) if refusal is not None else None
    if isinstance(error, RequestValidationError):
        problem, errors = table[Invalid], _field_errors(error)
        detail = "; ".join(f"{path}: {messages[0]}" for path, messages in list(errors.items())[:3])
    elif problem is not None and refusal is not None:
        detail, errors, extra = refusal.detail, refusal.errors, refusal.extra
        headers = {"Retry-After": str(extra["retry_after"])} if "retry_after" in extra else {}
    elif isinstance(error, HTTPException) and error.status_code in {404, 405}:
        problem = table[NotFound] if error.status_code == 404 else METHOD_NOT_ALLOWED
        headers = error.headers or {}
    elif isinstance(error, HTTPException) and error.status_code == 400:
        problem, detail = table[Invalid], str(error.detail)
    else:
        problem = INTERNAL
        telemetry.UNHANDLED.labels(request.app.title).inc()
        log.error("unhandled", path=request.url.path, exc_info=error)
    trace = telemetry.current()
    body = document(
        problem,
        detail=detail,
        instance=request.scope["path"],
        request_id=trace.request_id if trace else "",
        now=system_clock(),
        errors=errors,
        preserved_input=_preserved(request) if 400 <= problem.status < 500 else None,
        extra=extra,
    )
    return Response(body, problem.status, {**problem.headers, **headers}, MEDIA_TYPE)


def _refusal(error: BaseException) -> Refusal | None:
    """The refusal in an error: itself, what FastAPI wrapped while reading the body, or a busy database."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException) and isinstance(error.__cause__, Refusal):
        return error.__cause__
    if isinstance(error, RequestValidationError | HTTPException):
        return None
    return refusal_of(error)


def _field_errors(error: RequestValidationError) -> dict[str, list[str]]:
    """Dotted paths of the fields, as a client wrote them, to what is wrong."""
    fields: dict[str, list[str]] = {}
    for found in error.errors():
        place = [str(part) for part in found["loc"]]
        path = ".".join(place[1:]) or place[0]
        fields.setdefault(path, []).append(found["msg"].removeprefix("Value error, "))
    return fields


def _preserved(request: Request) -> Any:
    """What the client sent, as far as the route's model knows it, without secrets."""
    sent = request.scope.get("pfms.input")
    field = getattr(request.scope.get("route"), "body_field", None)
    model = getattr(getattr(field, "field_info", None), "annotation", None)
    return _known(sent, model) if isinstance(sent, dict) else None


def _known(sent: dict[str, Any], model: Any) -> dict[str, Any] | None:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    names = {info.alias or name: info for name, info in model.model_fields.items()}
    return {
        name: value
        for name, value in sent.items()
        if name in names
        and names[name].annotation is not SecretStr
        and not any(part in name for part in _SECRET_NAMES)
    }


class Edge:
    """Around a service's app: the mount prefix, request id and trace, metrics. Plain ASGI, since a middleware
    class costs a task and two queues a request.
    """

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope.get("root_path"):
            path: str = scope["path"]
            prefix = next((p for p in PREFIXES if path.startswith(p + "/")), "")
            scope["root_path"] = prefix
        headers = {
            name: value for name, value in scope["headers"] if name in {b"x-request-id", b"traceparent"}
        }
        trace = telemetry.enter(
            headers.get(b"x-request-id", b"").decode("latin-1"),
            headers.get(b"traceparent", b"").decode("latin-1"),
        )
        hop = tracing.hop(self._service, trace, scope["headers"])
        request_id = (b"x-request-id", trace.request_id.encode())
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], request_id]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # answered by the handler, as 500 or as 503; Starlette raises it once more
            if status < 500:
                raise
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - started
            telemetry.REQUESTS.labels(self._service, scope["method"], route, status).observe(seconds)
            if hop is not None:
                hop.end(scope["method"], route, status)
