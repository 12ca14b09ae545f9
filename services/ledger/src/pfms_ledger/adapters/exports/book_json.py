"""A book as JSON that can be restored: each thing on a line of its own, with the state that its newest event has."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from pfms_common.clock import rfc3339

FORMAT = "pfms-json"
VERSION = 1
FOOT = "\n]}\n"


def head(now: datetime, base_currency: str | None) -> str:
    about = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": rfc3339(now),
        "base_currency": base_currency,
    }
    return orjson.dumps(about).decode()[:-1] + ',"things":[\n'


def text_of(things: Sequence[tuple[str, str]], *, first: bool) -> str:
    """The next things (event that makes it, JSON of its state)."""
    if not things:
        return ""
    lines = ",\n".join(f'{{"event":"{event}","data":{data}}}' for event, data in things)
    return lines if first else f",\n{lines}"
