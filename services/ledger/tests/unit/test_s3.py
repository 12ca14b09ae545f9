"""Object storage by the S3 API, against the worked examples of AWS and a server that checks each signature."""

import hashlib
import io
from datetime import UTC, datetime

import httpx2 as httpx
import pytest

from pfms_common.problem import Unavailable
from pfms_ledger.adapters.s3 import NOTHING, Credentials, S3Store, signature

# "Signature Calculations for the Authorization Header", Amazon S3 API reference; the keys are AWS's own examples.
AWS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
THEN = datetime(2013, 5, 24, tzinfo=UTC)
BUCKET = "https://examplebucket.s3.amazonaws.com"


def signed(method, path, headers, sha256):
    return signature(method, BUCKET + path, headers, sha256, THEN, AWS)["authorization"].rpartition("=")[2]


def test_a_read_is_signed_as_in_the_manual():
    assert (
        signed("GET", "/test.txt", {"range": "bytes=0-9"}, NOTHING)
        == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_a_write_is_signed_as_in_the_manual():
    headers = {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
    content = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()

    assert (
        signed("PUT", "/test%24file.text", headers, content)
        == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )


class Bucket:
    """A server of the API that keeps files in memory, and refuses what is not signed for what it is."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.away = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if self.away:
            raise httpx.ConnectError("away")
        expected = signature(
            request.method, str(request.url), {}, request.headers["x-amz-content-sha256"], THEN, AWS
        )
        if request.headers["authorization"] != expected["authorization"]:
            return httpx.Response(403)
        if hashlib.sha256(body).hexdigest() != request.headers["x-amz-content-sha256"]:
            return httpx.Response(400)
        path = request.url.path
        if request.method == "PUT":
            self.kept[path] = body
            return httpx.Response(200)
        if request.method == "DELETE":
            self.kept.pop(path, None)
            return httpx.Response(204)
        return httpx.Response(200, content=self.kept[path]) if path in self.kept else httpx.Response(404)


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def store(bucket):
    client = httpx.AsyncClient(transport=httpx.MockTransport(bucket))
    return S3Store(client, "http://store.local:9000/pfms/attachments", AWS, lambda: THEN)


async def keep(store, content):
    await store.put("book/name", io.BytesIO(content), len(content), hashlib.sha256(content).hexdigest())


async def read(store):
    return b"".join([data async for data in await store.open("book/name")])


async def test_what_is_kept_comes_back_and_what_is_removed_is_not_found(store, bucket):
    content = b"receipt" * 100_000

    await keep(store, content)
    assert list(bucket.kept) == ["/pfms/attachments/book/name"]
    assert await read(store) == content
    for _ in range(2):
        await store.remove("book/name")
    with pytest.raises(FileNotFoundError):
        await store.open("book/name")


async def test_a_store_that_is_away_or_refuses_is_unavailable(store, bucket):
    with pytest.raises(Unavailable):
        await store.put("book/name", io.BytesIO(b"x"), 1, NOTHING)  # not the hash of x
    bucket.away = True
    for attempt in (keep(store, b"x"), store.open("book/name"), store.remove("book/name")):
        with pytest.raises(Unavailable):
            await attempt
