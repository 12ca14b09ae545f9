"""One split product for all tests here; each test brings its own people."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pfms_events.testing.broker import rabbitmq_program
from tests.chaos.client import OpLog
from tests.chaos.supervisor import Product, running


@pytest_asyncio.fixture(scope="session")
async def product(request: pytest.FixtureRequest) -> AsyncIterator[Product]:
    """A split product on its own servers. Its invariants are tried over all books at the end; where a test failed,
    logs and op logs stay.
    """
    if rabbitmq_program() is None and os.environ.get("PFMS_REQUIRE_SERVICES") != "1":
        pytest.skip("rabbitmq-server is not installed")
    folder = _new_folder()
    async with running(folder) as product:
        yield product
        await product.check()
    if request.session.testsfailed:
        print(f"logs and op logs are in {folder}")  # noqa: T201  # for whoever looks into the failure
    else:
        shutil.rmtree(folder)


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pfms-chaos-"))
    folder.chmod(0o711)  # as root the servers run as nobody, who must get in
    return folder


@pytest_asyncio.fixture
async def log(product: Product, request: pytest.FixtureRequest) -> AsyncIterator[OpLog]:
    """This test's op log."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    log = OpLog(product.folder / f"{name}.jsonl")
    yield log
    log.close()
