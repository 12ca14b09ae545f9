"""Opens the store that the settings name."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx2 as httpx

from pfms_ledger.adapters.s3 import Credentials, S3Store
from pfms_ledger.adapters.store import FolderStore, Store

SECONDS = httpx.Timeout(30, connect=2)


@asynccontextmanager
async def open_store(
    place: str, endpoint: str, credentials: Credentials, now: Callable[[], datetime]
) -> AsyncIterator[Store | None]:
    """The store at `place`: a folder, or `s3://bucket/folder` at an endpoint; None where no place is named."""
    if not place:
        yield None
    elif place.startswith("s3://"):
        address = endpoint.rstrip("/") or f"https://s3.{credentials.region}.amazonaws.com"
        async with httpx.AsyncClient(timeout=SECONDS) as client:
            base = f"{address}/{place.removeprefix('s3://').strip('/')}"
            yield S3Store(client, base, credentials, now)
    else:
        yield FolderStore(Path(place))
