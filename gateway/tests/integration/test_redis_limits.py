"""Limits and revocations in Redis, and without it."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pfms_gateway.allowance import Sign
from pfms_gateway.ratelimit import Limiter

pytestmark = pytest.mark.redis


@pytest.fixture
def prefix():
    return f"test-{secrets.token_hex(6)}:"


@pytest.fixture
async def redis(redis_url, prefix):
    client = Redis.from_url(redis_url)
    yield client
    async for key in client.scan_iter(f"{prefix}*"):
        await client.delete(key)
    await client.aclose()


@pytest.fixture
async def limiter(prefix):
    """Makes limiters as gateways have them, and closes them."""
    made = []

    def make(redis, **rates):
        made.append(Limiter(redis, rates, prefix=prefix))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_gateways_share_an_allowance(redis, limiter):
    gateways = [limiter(redis, user=50) for _ in range(3)]
    verdicts = await asyncio.gather(*(gateways[n % 3].take(Sign("user", "me")) for n in range(120)))

    assert sum(verdict.allowed for verdict in verdicts) == 50
    assert min(verdict.retry_after for verdict in verdicts if not verdict.allowed) == 2


async def test_calls_of_a_moment_travel_together(redis, monkeypatch, limiter):
    gate = limiter(redis, user=1000)
    trips = []
    send = redis.execute_command

    async def counted(*arguments, **options):
        trips.append(arguments[0])
        return await send(*arguments, **options)

    monkeypatch.setattr(redis, "execute_command", counted)
    await asyncio.gather(*(gate.take(Sign("user", f"u{n}")) for n in range(100)))

    assert trips.count("EVALSHA") == 1


async def test_each_call_of_a_batch_gets_its_own_answer(redis, limiter):
    gate = limiter(redis, small=2, large=10)
    kinds = ["small", "large"] * 6
    verdicts = await asyncio.gather(*(gate.take(Sign(kind, "me")) for kind in kinds))
    allowed = Counter(kind for kind, verdict in zip(kinds, verdicts, strict=True) if verdict.allowed)

    assert allowed == {"small": 2, "large": 6}


async def test_the_allowance_comes_back(redis, limiter):
    gate = limiter(redis, user=6000)
    spent = [await gate.take(Sign("user", "me")) for _ in range(3)]
    await asyncio.sleep(0.05)
    later = await gate.take(Sign("user", "me"))

    assert [verdict.allowed for verdict in spent] == [True] * 3
    assert later.spent <= 20_000


async def test_a_counter_is_forgotten_when_its_allowance_is_back(redis, prefix, limiter):
    gate = limiter(redis, user=100)
    await gate.take(Sign("user", "me"))
    left = await redis.pttl(f"{prefix}rate:user:me")

    assert 0 < left <= 600


async def test_a_flushed_script_is_loaded_again(own_redis, limiter):
    _, redis = own_redis
    gate = limiter(redis, user=10)
    await gate.take(Sign("user", "me"))
    await redis.script_flush()
    verdict = await gate.take(Sign("user", "me"))

    assert verdict.spent > 6_000_000


async def test_a_revoked_session_is_refused_at_once(start, kind, redis, prefix, somebody):
    async with start(kind, redis=redis, redis_prefix=prefix) as front:
        before = await front.client.get("/api/v1/accounts", headers=somebody.headers())
        await redis.set(f"{prefix}revoked:{somebody.session_id}", 1, ex=600)
        after = await front.client.get("/api/v1/accounts", headers=somebody.headers())

    assert before.status_code == 200
    assert (after.status_code, after.json()["code"]) == (401, "unauthenticated")
    assert len(front.recorder.heard) == 1


async def test_a_revocation_reaches_a_busy_session_within_a_second(redis, prefix, limiter):
    gate = limiter(redis, user=10_000)
    sign = Sign("user", "me", "one")
    before = [(await gate.take(sign)).ended for _ in range(20)]
    await redis.set(f"{prefix}revoked:one", 1, ex=60)
    await asyncio.sleep(0.3)
    after = await gate.take(sign)

    assert set(before) == {""}
    assert after.ended == "session"


@pytest.mark.parametrize(("until", "status"), [(-1, 200), (0, 401), (60, 401)])
async def test_a_token_from_before_a_part_in_a_book_ended_is_refused(
    start, redis, prefix, somebody, until, status
):
    expires = int(time.time()) + 300
    async with start("in_process", redis=redis, redis_prefix=prefix) as front:
        await redis.set(f"{prefix}left:{somebody.book_id}:{somebody.user_id}", expires + until, ex=60)
        found = await front.client.get("/api/v1/accounts", headers=somebody.headers(exp=expires))

    assert found.status_code == status


async def test_a_part_that_ended_in_another_book_does_not_matter(start, redis, prefix, somebody, anybody):
    async with start("in_process", redis=redis, redis_prefix=prefix) as front:
        await redis.set(f"{prefix}left:{anybody().book_id}:{somebody.user_id}", 2**40, ex=60)
        found = await front.client.get("/api/v1/accounts", headers=somebody.headers())

    assert found.status_code == 200


async def test_who_asks_often_is_granted_requests_in_advance(redis, monkeypatch, limiter):
    gate = limiter(redis, user=1000)
    trips = []
    ask = gate._ask

    async def counted(redis, calls):
        trips.append(len(calls))
        return await ask(redis, calls)

    monkeypatch.setattr(gate, "_ask", counted)
    verdicts = [await gate.take(Sign("user", "me")) for _ in range(100)]

    assert len(trips) == 2
    assert [verdict.spent // 60_000 for verdict in verdicts] == sorted(
        verdict.spent // 60_000 for verdict in verdicts
    )


async def test_what_was_granted_and_not_used_comes_back(redis, prefix, limiter):
    gate = limiter(redis, user=1000)
    for _ in range(3):
        await gate.take(Sign("user", "me"))
    granted = await redis.pttl(f"{prefix}rate:user:me")
    await asyncio.sleep(0.6)
    left = await redis.pttl(f"{prefix}rate:user:me")

    assert granted > 5_000
    assert left < 100


async def test_grants_in_advance_never_add_up_to_more_than_the_allowance(redis, limiter):
    gateways = [limiter(redis, user=100) for _ in range(3)]
    begun = time.monotonic()
    allowed = 0
    for n in range(300):
        if n == 200:
            await asyncio.sleep(0.6)
        allowed += (await gateways[n % 3].take(Sign("user", "me"))).allowed
    came_back = (time.monotonic() - begun) / 0.6

    assert 100 <= allowed <= 101 + came_back


async def test_another_session_of_the_same_user_goes_on(start, redis, prefix, somebody, anybody):
    other = anybody(user_id=somebody.user_id)
    async with start("in_process", redis=redis, redis_prefix=prefix) as front:
        await redis.set(f"{prefix}revoked:{somebody.session_id}", 1, ex=600)
        found = await front.client.get("/api/v1/accounts", headers=other.headers())

    assert found.status_code == 200


DEFAULTS = {"limits": {}}


async def test_a_user_has_100_requests_a_minute(start, kind, redis, prefix, anybody):
    me, you = anybody(), anybody()
    async with start(kind, redis=redis, redis_prefix=prefix, **DEFAULTS) as front:
        headers = me.headers()
        mine = [await front.client.get("/api/v1/accounts", headers=headers) for _ in range(100)]
        refused = mine[-1]
        while refused.status_code == 200:  # what came back meanwhile, on a slow machine
            refused = await front.client.get("/api/v1/accounts", headers=headers)
        yours = await front.client.get("/api/v1/accounts", headers=you.headers())

    assert {answer.status_code for answer in mine} == {200}
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["ratelimit-limit"] == "100"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers.get_list("retry-after") == ["1"]
    assert yours.status_code == 200
    assert yours.headers["ratelimit-remaining"] == "99"


async def test_signing_in_has_20_a_minute_from_an_address(start, redis, prefix, signed_in):
    async with start("in_process", redis=redis, redis_prefix=prefix, **DEFAULTS) as front:
        paths = ["/auth/login", "/auth/register", "/auth/password-reset", "/auth/verify-email"]
        statuses = [
            (await front.client.post(f"/api/v1{paths[n % 4]}", json={})).status_code for n in range(21)
        ]
        other = await front.client.get("/api/v1/accounts", headers=signed_in)

    assert statuses == [200] * 20 + [429]
    assert other.status_code == 200


async def test_wrong_tokens_are_counted_by_address(start, redis, prefix, somebody):
    async with start("in_process", redis=redis, redis_prefix=prefix, limits={"anonymous": 5}) as front:
        headers = {"Authorization": "Bearer a.b.c"}
        statuses = [
            (await front.client.get("/api/v1/accounts", headers=headers)).status_code for _ in range(7)
        ]
        good = await front.client.get("/api/v1/accounts", headers=somebody.headers())

    assert statuses == [401] * 5 + [429] * 2
    assert good.status_code == 200


@pytest.fixture
async def own_redis(tmp_path):
    """A server of the test's own, which the test may stop."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None and os.environ.get("PFMS_REQUIRE_SERVICES") == "1":
        pytest.fail("no redis-server or valkey-server to start")
    if binary is None:
        pytest.skip("no redis-server or valkey-server to start")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [binary, "--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.DEVNULL)
    client = Redis(port=port)
    while True:
        try:
            await client.ping()
            break
        except RedisError:
            await asyncio.sleep(0.02)
    yield process, client
    if process.returncode is None:
        process.kill()
    await process.wait()
    await client.aclose()


@pytest.mark.parametrize("fault", ["killed", "stopped"])
async def test_without_redis_requests_go_on_under_local_limits(start, kind, own_redis, somebody, fault):
    process, client = own_redis
    async with start(kind, redis=client, limits={"user": 10}, replicas=2) as front:
        first = await front.client.get("/api/v1/accounts", headers=somebody.headers())
        process.send_signal(signal.SIGKILL if fault == "killed" else signal.SIGSTOP)
        statuses = [
            (await front.client.get("/api/v1/accounts", headers=somebody.headers())).status_code
            for _ in range(7)
        ]
        figures = await front.client.get("/metrics")

    assert first.status_code == 200
    assert statuses == [200] * 5 + [429] * 2
    counted = next(
        line for line in figures.text.splitlines() if line.startswith("pfms_gateway_local_limits_total")
    )
    assert float(counted.split()[1]) >= 7


async def test_redis_counts_again_when_it_is_back(own_redis, monkeypatch, limiter):
    monkeypatch.setattr("pfms_gateway.ratelimit.AWAY_SECONDS", 0.05)
    process, client = own_redis
    gate = limiter(client, user=10)
    await gate.take(Sign("user", "me"))
    process.send_signal(signal.SIGSTOP)
    away = await gate.take(Sign("user", "me"))
    process.send_signal(signal.SIGCONT)
    await asyncio.sleep(0.1)
    back = await gate.take(Sign("user", "me"))

    assert away.spent == 6_000_000
    assert back.spent > 11_000_000
