"""The circuit breaker's states."""

import pytest

from pfms_gateway.breaker import Breaker


@pytest.fixture
def time():
    return [100.0]


@pytest.fixture
def breaker(time):
    return Breaker(failures=3, rest=2, now=lambda: time[0])


def _fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_it_admits_until_so_many_failed_in_a_row(breaker):
    _fail(breaker, 2)
    assert breaker.admits()
    breaker.failed()

    assert not breaker.admits()
    assert breaker.is_open


def test_a_success_between_starts_the_count_again(breaker):
    _fail(breaker, 2)
    breaker.succeeded()
    _fail(breaker, 2)

    assert breaker.admits()


def test_after_its_rest_it_admits_one_probe(breaker, time):
    _fail(breaker, 3)
    time[0] += 2

    assert [breaker.admits(), breaker.admits()] == [True, False]


def test_a_probe_that_succeeds_closes_it(breaker, time):
    _fail(breaker, 3)
    time[0] += 2
    breaker.admits()
    breaker.succeeded()

    assert [breaker.admits(), breaker.admits(), breaker.is_open] == [True, True, False]


def test_a_probe_that_fails_begins_another_rest(breaker, time):
    _fail(breaker, 3)
    time[0] += 2
    breaker.admits()
    breaker.failed()
    time[0] += 1.9
    assert not breaker.admits()
    time[0] += 0.1

    assert breaker.admits()


def test_a_probe_whose_client_left_lets_the_next_one_try(breaker, time):
    _fail(breaker, 3)
    time[0] += 2
    breaker.admits()
    breaker.undecided()

    assert breaker.admits()
