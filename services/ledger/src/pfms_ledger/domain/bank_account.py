"""Accounts that a bank file speaks of, and what each of its keys stands for in the book."""

import re
from dataclasses import dataclass
from uuid import UUID

_NUMBER = re.compile(r"[\dA-Z]*\d{4,}[\dA-Z]*")
_LAST_FOUR = re.compile(r"[0-9A-Za-z]{4}$")


@dataclass(frozen=True, slots=True)
class Target:
    """The account behind a key of a file. `name` is set for an account that the import opens."""

    account_id: UUID
    currency: str
    type: str = "checking"
    name: str | None = None
    last_four: str | None = None


def name_for(key: str) -> tuple[str, str | None]:
    """Name and last four characters of a new account; an account number is not written out.

    A key that is a word, such as the name in a table's account column, is the name itself.
    """
    bare = key.replace(" ", "").replace("-", "")
    if not key:
        return "Imported account", None
    if _NUMBER.fullmatch(bare.upper()) and (last := _LAST_FOUR.search(bare)):
        return f"Account …{last[0]}", last[0]
    return key[:120].strip(), None
