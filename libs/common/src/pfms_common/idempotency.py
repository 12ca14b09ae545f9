"""Idempotency-Key: the same request twice has one effect and one answer.

The key is claimed in the transaction of the effect and the answer is stored with it, so a crash leaves neither.
A twin waits on the claimed row for a second, then is told that the first is at work.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from pfms_common.problem import Invalid

_KEY = re.compile(r"[\x21-\x7e]{16,255}")
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a write is known by: user, operation (method and path with its parameters), key and body hash."""

    user_id: UUID
    operation: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer kept under a key."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a claim stores and a replay gives again."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """The book's number after a write; `stored` is set when the key was used before and nothing was written."""

    number: int
    stored: Stored | None = None


def checked_key(key: str) -> str:
    """16 to 255 visible ASCII characters."""
    if not _KEY.fullmatch(key):
        raise Invalid(
            "The Idempotency-Key must have 16 to 255 visible ASCII characters, such as a UUID.",
            errors={"Idempotency-Key": ["must have 16 to 255 visible ASCII characters"]},
        )
    return key
