"""Consistency tokens: (producer, stream, number) of a write, which a later read may wait for."""

import base64
import re
from collections.abc import Mapping
from uuid import UUID

from pfms_common.ids import read_id
from pfms_common.problem import Invalid

HEADER = "X-Consistency-Token"
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
_MOST = 2**63 - 1


def write(producer: str, stream_id: UUID, number: int) -> str:
    return base64.urlsafe_b64encode(f"{producer} {stream_id} {number}".encode()).decode().rstrip("=")


def read(header: str | None) -> Mapping[tuple[str, UUID], int]:
    """The highest number per producer and stream of a header with tokens joined by comma."""
    highest: dict[tuple[str, UUID], int] = {}
    for part in (header or "").split(","):
        token = part.strip()
        if not token:
            continue
        try:
            text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
            producer, stream, number = text.split(" ")
            key, value = (producer, read_id(stream)), _number(number)
        except ValueError as error:
            raise Invalid(
                f"{HEADER} holds something that is not one of our tokens.", errors={HEADER: ["not a token"]}
            ) from error
        highest[key] = max(value, highest.get(key, 0))
    return highest


def _number(text: str) -> int:
    """The number of an event, which a database holds in 64 bits; ValueError for any other text."""
    if not _NUMBER.fullmatch(text) or int(text) > _MOST:
        raise ValueError("is no number of an event")
    return int(text)
