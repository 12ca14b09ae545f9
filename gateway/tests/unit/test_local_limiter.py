"""The allowance of a caller, counted in this process."""

import pytest

from pfms_gateway.allowance import MINUTE_US, LocalLimiter, Rate, Verdict


@pytest.fixture
def time(monkeypatch):
    now = [1_000_000_000]
    monkeypatch.setattr("pfms_gateway.allowance.time.monotonic_ns", lambda: now[0] * 1000)
    return now


def _taken(limiter, rate, times, key="a"):
    return [limiter.take(key, rate).allowed for _ in range(times)]


def test_a_minutes_allowance_may_be_spent_at_once(time):
    assert _taken(LocalLimiter(), Rate(100), 102) == [True] * 100 + [False] * 2


def test_it_comes_back_evenly(time):
    limiter, rate = LocalLimiter(), Rate(60)
    _taken(limiter, rate, 60)
    time[0] += 3_000_000

    assert _taken(limiter, rate, 4) == [True] * 3 + [False]


def test_after_a_minute_it_is_whole_again(time):
    limiter, rate = LocalLimiter(), Rate(7)
    _taken(limiter, rate, 20)
    time[0] += MINUTE_US

    assert _taken(limiter, rate, 8) == [True] * 7 + [False]


def test_a_refused_request_costs_nothing(time):
    limiter, rate = LocalLimiter(), Rate(60)
    _taken(limiter, rate, 1000)
    time[0] += 1_000_000

    assert _taken(limiter, rate, 1) == [True]


def test_waiting_as_long_as_told_is_enough_and_no_less(time):
    limiter, rate = LocalLimiter(), Rate(60)
    _taken(limiter, rate, 60)
    wait = -limiter.take("a", rate).spent
    time[0] += wait - 1
    assert not limiter.take("a", rate).allowed
    time[0] += 1

    assert limiter.take("a", rate).allowed


def test_callers_do_not_share(time):
    limiter, rate = LocalLimiter(), Rate(1)

    assert [limiter.take(name, rate).allowed for name in "abca"] == [True, True, True, False]


def test_each_of_several_gateways_gives_its_share(time):
    assert sum(_taken(LocalLimiter(replicas=4), Rate(100), 200)) == 25


def test_it_forgets_who_has_everything_again(time, monkeypatch):
    monkeypatch.setattr("pfms_gateway.allowance.KEPT_CALLERS", 10)
    limiter, rate = LocalLimiter(), Rate(60)
    for n in range(9):
        limiter.take(f"early-{n}", rate)
    time[0] += MINUTE_US
    limiter.take("late", rate)
    limiter.take("later", rate)

    assert set(limiter._spent_until) == {"late", "later"}


def test_its_memory_is_bounded(time, monkeypatch):
    monkeypatch.setattr("pfms_gateway.allowance.KEPT_CALLERS", 10)
    limiter, rate = LocalLimiter(), Rate(60)
    for n in range(1000):
        limiter.take(str(n), rate)

    assert len(limiter._spent_until) <= 10


def test_headers_tell_the_limit_what_is_left_and_when_all_is_back():
    rate = Rate(60)

    assert dict(Verdict(rate, 3_000_000).headers()) == {
        b"ratelimit-limit": b"60", b"ratelimit-remaining": b"57", b"ratelimit-reset": b"3",
    }  # fmt: skip
    assert dict(Verdict(rate, -1_500_000).headers())[b"ratelimit-remaining"] == b"0"
    assert Verdict(rate, -1_500_000).retry_after == 2
