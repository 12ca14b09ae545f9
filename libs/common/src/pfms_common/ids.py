"""Ids: UUIDv7, made here and not by the database, so that every PostgreSQL from 15 on serves."""

import re
from uuid import UUID

import uuid_utils

_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
NO_IDS = frozenset({UUID(int=0), UUID(int=2**128 - 1)})
"""The nil and the max UUID (RFC 9562) name nothing: tables hold the nil one in keys where there is none."""


def new_id() -> UUID:
    """A new UUIDv7: rises with time, so keys that end in it stay clustered."""
    return UUID(int=uuid_utils.uuid7().int)


def read_id(text: str) -> UUID:
    """The id that a client wrote in its one form, with hyphens; ValueError for any other and for the NO_IDS."""
    if not _TEXT.fullmatch(text) or (value := UUID(text)) in NO_IDS:
        raise ValueError("must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")
    return value
