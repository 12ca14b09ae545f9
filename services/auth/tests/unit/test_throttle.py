"""Guessing gets slower."""

import pytest

from pfms_auth.domain.throttle import SIGN_IN_DELAYS, delay_after, place_of


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (1, 0),
        (5, 0),
        (6, 2),
        (7, 4),
        (10, 32),
        (14, 512),
        (15, 900),
        (16, 900),
        (99, 900),
        (100, 86400),
        (500, 86400),
    ],
)
def test_five_are_free_then_each_doubles_the_wait(failures, seconds):
    assert delay_after(failures) == seconds


def test_the_table_says_the_same():
    assert [delay_after(n + 1) for n in range(len(SIGN_IN_DELAYS))] == list(SIGN_IN_DELAYS)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_subscriber_is_one_place(address, place):
    assert place_of(address) == place
