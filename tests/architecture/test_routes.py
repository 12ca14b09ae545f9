"""Every route of every service: nothing blocks the loop, nobody is let in unasked, one transaction a request."""

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from pfms_common import web
from pfms_embedded.services import SERVICES
from pfms_events.feed_api import feed_router
from pfms_gateway.routes import RouteTable
from pfms_service.app import build_app
from pfms_service.health import health_router

# Who has no account yet, or can't show a token: everything else needs one.
PUBLIC = {
    "auth": {
        "POST /auth/register",
        "POST /auth/login",
        "POST /auth/refresh",
        "POST /auth/verify-email",
        "POST /auth/verify-email/resend",
        "POST /auth/password-reset",
        "POST /auth/password-reset/confirm",
        "GET /auth/jwks",
        "GET /mailbox",
        "GET /mailbox/messages",
    },
    # The signature in its query is the permission.
    "ledger": {"GET /attachments/{attachment_id}"},
}

# Each of them verifies the access token, and refuses without one.
SIGN_IN = {web.token, web.viewer, web.editor, web.owner}

every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def routes(app: FastAPI | APIRouter) -> Iterator[tuple[str, APIRoute]]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            yield from ((f"{method} {context.path}", route) for method in sorted(route.methods or ()))


def tree(dependant):
    """A dependant and all that it needs, at any depth."""
    yield dependant
    for each in dependant.dependencies:
        yield from tree(each)


def blocking(app) -> set[str]:
    """Handlers and dependencies that would go through a pool of threads."""
    return {
        f"{name}: {each.call.__qualname__}"
        for name, route in routes(app)
        for each in tree(route.dependant)
        if not inspect.iscoroutinefunction(each.call) and not inspect.isasyncgenfunction(each.call)
    }


def late(app) -> set[str]:
    """Dependencies that would still be at work when the answer is gone: a failing commit would answer 200."""
    return {
        f"{name}: {each.call.__qualname__}"
        for name, route in routes(app)
        for each in tree(route.dependant)
        if inspect.isasyncgenfunction(each.call) and each.scope != "function"
    }


def open_to_all(app) -> set[str]:
    """Operations that verify no access token."""
    return {
        name for name, route in routes(app) if SIGN_IN.isdisjoint(each.call for each in tree(route.dependant))
    }


def marked_public(app) -> set[str]:
    return {name for name, route in routes(app) if (route.openapi_extra or {}).get("x-public")}


def lax(app) -> set[str]:
    """Routes that read a body by something else than the strict request."""
    return {name for name, route in routes(app) if not isinstance(route, web.StrictRoute)}


@every_service
def test_handlers_and_dependencies_are_async(service):
    assert blocking(build_app(service)) == set()


def test_feed_and_health_are_async():
    async def verify(_request: Request) -> None: ...

    for router in (feed_router(SimpleNamespace(), "ledger", verify), health_router([])):
        assert blocking(router) == set()
        assert list(routes(router)) != []


@every_service
def test_what_a_route_opens_is_closed_before_its_answer(service):
    assert late(build_app(service)) == set()


@every_service
def test_a_route_needs_a_principal_or_is_on_the_public_list(service):
    app = build_app(service)

    assert open_to_all(app) == PUBLIC.get(service.name, set())
    assert marked_public(app) == PUBLIC.get(service.name, set())


@every_service
def test_every_route_reads_strictly(service):
    assert lax(build_app(service)) == set()


@every_service
def test_the_gateway_lets_in_unasked_who_the_service_does_and_nobody_else(service):
    table = RouteTable()
    public, unrouted = set(), set()
    for name, _ in routes(build_app(service)):
        method, _, path = name.partition(" ")
        plain = "/".join("0197" if part.startswith("{") else part for part in path.split("/"))
        found = table.find(f"/api/v1{plain}")
        if found is None or found.route.service != service.name:
            unrouted.add(name)
        elif method in found.route.public:
            public.add(name)

    assert unrouted == set()
    assert public == PUBLIC.get(service.name, set())


class TestTheChecksThemselves:
    @pytest.fixture
    def app(self):
        app = FastAPI(openapi_url=None)

        def plain() -> int:
            return 1

        async def opened():
            yield 1

        async def above(below: Annotated[int, Depends(plain)]) -> int:
            return below

        @app.get("/deep")
        async def deep(found: Annotated[int, Depends(above)]) -> int:
            return found

        @app.get("/handler")
        def handler() -> int:
            return 1

        @app.get("/late")
        async def after(found: Annotated[int, Depends(opened)]) -> int:
            return found

        @app.get("/open", openapi_extra={"x-public": True})
        async def everybody() -> int:
            return 1

        @app.get("/closed")
        async def closed(principal: web.Viewer) -> int:
            return 1

        return app

    def test_a_plain_handler_and_a_plain_dependency_below_others_are_seen(self, app):
        assert {found.partition(":")[0] for found in blocking(app)} == {"GET /deep", "GET /handler"}

    def test_a_dependency_that_ends_after_the_answer_is_seen(self, app):
        assert {found.partition(":")[0] for found in late(app)} == {"GET /late"}

    def test_a_route_without_a_principal_is_seen(self, app):
        assert open_to_all(app) == {"GET /deep", "GET /handler", "GET /late", "GET /open"}
        assert marked_public(app) == {"GET /open"}

    def test_a_route_that_is_not_strict_is_seen(self, app):
        assert len(lax(app)) == 5
