"""Whoever runs the deployment passes the request limits, and nothing else, with its secret."""

import pytest

PASS = {"X-Limit-Pass": "the deployment's own secret"}


async def _statuses(front, headers, times=4):
    return [(await front.client.get("/api/v1/accounts", headers=headers)).status_code for _ in range(times)]


@pytest.fixture
def limited():
    return {"limits": {"user": 2, "anonymous": 2}}


async def test_the_pass_lifts_the_limits(start, kind, signed_in, limited):
    async with start(kind, limit_pass=PASS["X-Limit-Pass"], **limited) as front:
        assert await _statuses(front, {**signed_in, **PASS}) == [200] * 4
        assert await _statuses(front, signed_in, 1) == [429]
        assert front.recorder.last.header("x-limit-pass") == []


@pytest.mark.parametrize("wrong", ["", "the deployment's own secre", "something else"])
async def test_another_secret_lifts_nothing(start, signed_in, limited, wrong):
    async with start("in_process", limit_pass=PASS["X-Limit-Pass"], **limited) as front:
        assert await _statuses(front, {**signed_in, "X-Limit-Pass": wrong}) == [200, 200, 429, 429]


@pytest.mark.parametrize("sent", ["", "anything"])
async def test_without_a_secret_of_its_own_the_gateway_takes_none(start, signed_in, limited, sent):
    async with start("in_process", **limited) as front:
        assert await _statuses(front, {**signed_in, "X-Limit-Pass": sent}) == [200, 200, 429, 429]


async def test_the_pass_is_no_token(start, limited):
    async with start("in_process", limit_pass=PASS["X-Limit-Pass"], **limited) as front:
        assert await _statuses(front, PASS) == [401] * 4
