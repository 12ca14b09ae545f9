"""Under which name a caller without a token is counted."""

from ipaddress import ip_network

import pytest

from pfms_gateway.auth import anonymous, client_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ("unknown", "unknown"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_a_caller_is_an_address_or_the_network_of_a_subscriber(address, name):
    assert anonymous(address).name == name


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", "1.2.3.4", "203.0.113.7"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "fd00::1, 10.0.0.2", "fd00::1"),
        ("10.0.0.1", "forged or worse", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, forged", "10.0.0.1"),
        ("fd00::9", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_trusted_proxies_are_believed(peer, forwarded, address):
    assert client_address({"client": (peer, 1)}, forwarded, PROXIES) == address


def test_without_trusted_proxies_nobody_is_believed():
    assert client_address({"client": ("10.0.0.1", 1)}, "1.2.3.4", []) == "10.0.0.1"
