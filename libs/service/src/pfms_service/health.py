"""Alive, ready, and what Prometheus reads."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pfms_common import logs

log = logs.get("health")


def health_router(checks: Sequence[Callable[[], Awaitable[None]]]) -> APIRouter:
    """/healthz looks at the process alone, so that a database outage restarts nobody; /readyz at what it needs."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        for check in checks:
            try:
                await check()
            except Exception as error:  # noqa: BLE001  # whatever it is, this process cannot serve now
                log.warning("not ready", error=repr(error))
                response.status_code = 503
                return {"status": "not ready"}
        return {"status": "ready"}

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
