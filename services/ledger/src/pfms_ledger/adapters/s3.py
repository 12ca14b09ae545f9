"""Object storage by the S3 API: three calls, signed with version 4 of AWS's signatures.

Source of the signature: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import httpx2 as httpx

from pfms_common.problem import Unavailable

SLICE = 256 * 1024
NOTHING = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    key_id: str
    secret: str
    region: str


@dataclass(frozen=True, slots=True)
class S3Store:
    """A bucket, addressed by path, so that any server of the API serves.

    Args:
        base: address of the bucket, and of a folder in it: `https://s3.eu-central-1.amazonaws.com/pfms/attachments`.
    """

    client: httpx.AsyncClient
    base: str
    credentials: Credentials
    now: Callable[[], datetime]

    async def put(self, key: str, file: BinaryIO, size: int, sha256: str) -> None:
        async def slices() -> AsyncIterator[bytes]:
            await asyncio.to_thread(file.seek, 0)
            while data := await asyncio.to_thread(file.read, SLICE):
                yield data

        response = await self._send("PUT", key, sha256, {"content-length": str(size)}, slices())
        await response.aclose()
        _check(response)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        response = await self._send("GET", key, NOTHING, {"accept-encoding": "identity"})
        if response.status_code != 200:
            await response.aclose()
        if response.status_code == 404:
            raise FileNotFoundError(key)
        _check(response)
        return _body(response)

    async def remove(self, key: str) -> None:
        response = await self._send("DELETE", key, NOTHING, {})
        await response.aclose()
        if response.status_code != 404:
            _check(response)

    async def _send(
        self,
        method: str,
        key: str,
        sha256: str,
        headers: Mapping[str, str],
        content: AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:
        url = f"{self.base}/{quote(key)}"
        signed = signature(method, url, {}, sha256, self.now(), self.credentials)
        request = self.client.build_request(method, url, headers={**headers, **signed}, content=content)
        try:
            return await self.client.send(request, stream=True)
        except httpx.TransportError as error:
            raise Unavailable("The store of attachments is away; try again.") from error


async def _body(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for data in response.aiter_bytes(SLICE):
            yield data
    finally:
        await response.aclose()


def _check(response: httpx.Response) -> None:
    if not response.is_success:
        raise Unavailable(f"The store of attachments answered {response.status_code}; try again.")


def signature(
    method: str, url: str, headers: Mapping[str, str], sha256: str, now: datetime, credentials: Credentials
) -> dict[str, str]:
    """The headers that sign a request without a query: `headers` are further ones to be signed."""
    place = urlsplit(url)
    time = now.strftime("%Y%m%dT%H%M%SZ")
    day = time[:8]
    said = {"host": place.netloc, **headers, "x-amz-content-sha256": sha256, "x-amz-date": time}
    names = ";".join(sorted(said))
    lines = "".join(f"{name}:{said[name]}\n" for name in sorted(said))
    request = f"{method}\n{place.path}\n\n{lines}\n{names}\n{sha256}"
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    to_sign = f"{_ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret}".encode()
    for part in (day, credentials.region, "s3", "aws4_request", to_sign):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    signed = {name: value for name, value in said.items() if name != "host"}
    authorization = (
        f"{_ALGORITHM} Credential={credentials.key_id}/{scope},SignedHeaders={names},Signature={key.hex()}"
    )
    return {**signed, "authorization": authorization}
