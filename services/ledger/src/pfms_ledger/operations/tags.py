"""Renaming a tag: every transaction that has it changes, by events, a batch at a time."""

import time
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from pfms_common.principal import Principal
from pfms_common.problem import Conflict, NotFound
from pfms_ledger.db.journal import append
from pfms_ledger.domain.tag import retagged
from pfms_ledger.operations.recording import Ledger, change_of
from pfms_ledger.queries import tags as queries
from pfms_ledger.queries.transactions import load_many

BATCH = 500
ANSWER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Renamed:
    """How many transactions were changed, how many are left, and the book's number after the last batch."""

    changed: int
    left: int
    number: int


async def rename(ledger: Ledger, principal: Principal, tag: str, to: str, *, merge: bool) -> Renamed:
    """Renames as far as five seconds go; asked again, it goes on. People write between the batches.

    Raises:
        NotFound: nothing has either tag. Conflict: something has the other one already, and `merge` is not said.
    """
    deadline = time.monotonic() + ANSWER_SECONDS
    changed, left, number = 0, 1, 0
    while left and time.monotonic() < deadline:
        async with ledger.background.writing, ledger.journal.begin_write(principal.book_id) as connection:
            old = await _old(connection, principal.book_id, tag, to, merge=merge or bool(changed))
            done, number = await _rename_some(connection, principal, old, tag, to)
            left = await queries.count(connection, principal.book_id, old)
        changed += done
    return Renamed(changed, left, number)


async def _old(connection: asyncpg.Connection, book_id: UUID, tag: str, to: str, *, merge: bool) -> list[str]:
    """The spellings that are to go; none where the tag has become the other one before."""
    found = await queries.spelt_in(connection, book_id, tag)
    there = await queries.spelt_in(connection, book_id, to)
    if not found and not there:
        raise NotFound("Nothing has this tag.", errors={"tag": ["is on no transaction"]})
    if found and there and found != there and not merge:
        raise Conflict(
            f"There is a tag {there[0]!r} already; say merge if both are meant to be one.",
            errors={"to": ["is a tag already"]},
        )
    return [each for each in found if each != to]


async def _rename_some(
    connection: asyncpg.Connection, principal: Principal, old: list[str], tag: str, to: str
) -> tuple[int, int]:
    ids = await queries.tagged(connection, principal.book_id, old, BATCH)
    found = await load_many(connection, principal.book_id, ids)
    changes = [
        change_of(retagged(each.transaction, tag, to), "transaction.updated", each.version + 1)
        for each in found.values()
    ]
    written = await append(connection, principal.book_id, changes, actor=principal.user_id)
    return len(changes), written.number
