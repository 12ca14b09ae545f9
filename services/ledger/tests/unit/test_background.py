"""Work that goes on behind an answered request."""

import asyncio

import pytest
from structlog.testing import capture_logs

from pfms_common.problem import NotFound
from pfms_ledger.operations.background import Background


@pytest.mark.parametrize(
    ("error", "level"), [(NotFound("There is no such payee in this book."), "info"), (KeyError("a"), "error")]
)
async def test_a_refusal_is_told_without_a_trace_and_a_mistake_with_one(error, level):
    async def work() -> None:
        raise error

    with capture_logs() as told:
        await asyncio.wait([Background().start(work(), "merge")])
        await asyncio.sleep(0)

    assert [(each["log_level"], "exc_info" in each) for each in told] == [(level, level == "error")]
