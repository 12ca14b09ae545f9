"""Guessing gets slower: a few failures are free, then each doubles the wait. Nobody can lock out somebody else.

NIST SP 800-63B-4 3.2.2: at most 100 failures in a row. Strangers are counted together for an account; an address
from which its owner signed in before is counted by itself, so a stranger's failures don't stand in the owner's way.
"""

from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address

FREE_FAILURES = 5
LONGEST_SECONDS = 15 * 60
LAST_FAILURE = 100
DAY_SECONDS = 24 * 60 * 60


def delay_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row; from the hundredth on one try a day is left."""
    if failures <= FREE_FAILURES:
        return 0
    if failures >= LAST_FAILURE:
        return DAY_SECONDS
    return int(min(2 ** (failures - FREE_FAILURES), LONGEST_SECONDS))


SIGN_IN_DELAYS: Sequence[int] = tuple(delay_after(n) for n in range(1, LAST_FAILURE + 1))
"""Seconds to wait after the first, second, … failure; the last one stands for all further."""

MAIL_DELAYS: Sequence[int] = (0, 0, 60, 5 * 60, 60 * 60)
"""Likewise between mails that somebody asks us to send to an address."""


def place_of(client_address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that an IPv6 subscriber holds."""
    try:
        parsed = ip_address(client_address)
    except ValueError:
        return client_address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    # The same client over an IPv6 socket; Python 3.12 and 3.13 would also write it differently.
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False).network_address)
