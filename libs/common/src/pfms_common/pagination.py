"""Signed keyset cursors: the sort keys of the last row, bound to the book and the filter they were made for."""

import base64
import hashlib
import hmac
from typing import Any
from uuid import UUID

import orjson

from pfms_common.problem import InvalidCursor

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_TAG = 16


class Cursors:
    """Writes and reads the cursors of one service."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def write(self, owner: UUID, list_name: str, filters: Any, keys: list[Any]) -> str:
        payload = orjson.dumps(keys, default=str)  # an id that asyncpg read is a subclass of UUID
        tag = self._tag(owner, list_name, filters, payload)
        return base64.urlsafe_b64encode(tag + payload).decode().rstrip("=")

    def read(self, owner: UUID, list_name: str, filters: Any, cursor: str) -> list[Any]:
        """The sort keys; a changed byte, another list, filter or book is refused."""
        try:
            raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (ValueError, UnicodeEncodeError) as error:
            raise InvalidCursor("The cursor is not one of ours.") from error
        tag, payload = raw[:_TAG], raw[_TAG:]
        canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == cursor
        if not canonical or not hmac.compare_digest(tag, self._tag(owner, list_name, filters, payload)):
            raise InvalidCursor("The cursor belongs to another list or filter; start again without it.")
        keys: list[Any] = orjson.loads(payload)
        return keys

    def _tag(self, owner: UUID, list_name: str, filters: Any, payload: bytes) -> bytes:
        bound = orjson.dumps([str(owner), list_name, filters], option=orjson.OPT_SORT_KEYS, default=str)
        return hmac.digest(self._secret, bound + b"\0" + payload, hashlib.sha256)[:_TAG]
