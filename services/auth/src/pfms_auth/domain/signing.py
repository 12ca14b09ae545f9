"""Signing keys take turns: one signs, the next is published before its turn, a former one verifies for a day.

Every verifier that cached the published keys therefore knows the next signer, and no token becomes unreadable.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

VERIFIES_FOR = timedelta(hours=24)
KNOWN_AFTER = timedelta(minutes=1)
"""Verifiers ask again for an unknown key at most every 30 seconds: what was published earlier, all of them know."""


class RotatedTooSoon(ValueError):
    """The next key was published just now; some verifiers do not know it yet."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The place of one key in the order.

    Args:
        kid: the key's id.
        published_at: since when verifiers are told of it; None: since the first start.
        retired_at: when it stopped to sign; None for the one that signs and for the next.
    """

    kid: str
    published_at: datetime | None = None
    retired_at: datetime | None = None


def signer(turns: Sequence[Turn]) -> str:
    """The key that signs: the first that is not retired."""
    return next(turn.kid for turn in turns if turn.retired_at is None)


def published(turns: Sequence[Turn], now: datetime) -> list[str]:
    """The keys that verifiers are told."""
    return [t.kid for t in turns if t.retired_at is None or now - t.retired_at < VERIFIES_FOR]


def rotated(turns: Sequence[Turn], new_kid: str, now: datetime) -> list[Turn]:
    """The order after a rotation: the signer retires, the next signs, `new_kid` waits; outlived ones are dropped."""
    kept = [t for t in turns if t.kid in published(turns, now)]
    retiring = signer(kept)
    after = [replace(t, retired_at=now) if t.kid == retiring else t for t in kept]
    signs = next(t for t in after if t.retired_at is None)
    if signs.published_at is not None and now - signs.published_at < KNOWN_AFTER:
        raise RotatedTooSoon(
            "The keys were rotated within the last minute; wait until every service knows the next."
        )
    return [*after, Turn(new_kid, published_at=now)]
