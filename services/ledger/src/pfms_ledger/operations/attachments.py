"""Attaching files to transactions, letting them go, and clearing away what nothing refers to any more."""

import asyncio
import codecs
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

import asyncpg

from pfms_common.clock import rfc3339
from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, NotFound, Unavailable
from pfms_common.sql import connection as connection_of
from pfms_common.sql import scope
from pfms_ledger.adapters.store import Store
from pfms_ledger.db import blobs
from pfms_ledger.db.journal import Change, append
from pfms_ledger.domain.attachment import GRACE, UNUSED, check_room
from pfms_ledger.domain.media import HEAD, kind_of
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import attachments as queries
from pfms_ledger.queries.attachments import Attachment
from pfms_ledger.queries.transactions import stored_answer

SLICE = 256 * 1024
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file's bytes say."""

    sha256: str
    media_type: str


def store_of(ledger: Ledger) -> Store:
    if ledger.attachments is None:
        raise Unavailable("No store of attachments is set up here.")
    return ledger.attachments


def key_of(book_id: UUID, sha256: str) -> str:
    return f"{book_id}/{sha256}"


async def attach(
    ledger: Ledger,
    principal: Principal,
    transaction_id: UUID,
    file: BinaryIO,
    name: str,
    size: int,
    claim: Claim | None,
    answer: Callable[[Attachment], Answer],
) -> tuple[Answer, Written]:
    """Keeps a file with a transaction.

    The file is in the store before an event says so; one that no event came to speak of is cleared away.

    Raises:
        NotFound, TooManyAttachments, Unavailable (the store is away), and what `append` raises.
    """
    book_id, store = principal.book_id, store_of(ledger)
    present = await queries.listed(ledger.facts.pool, book_id, transaction_id)
    if present is None:
        raise NotFound("There is no such transaction in this book.")
    examined = await asyncio.to_thread(examine, file)
    attachment = Attachment(
        new_id(),
        transaction_id,
        name,
        examined.media_type,
        size,
        examined.sha256,
        ledger.now(),
        principal.user_id,
        1,
    )
    with scope(books=[book_id]):
        async with connection_of(ledger.facts.pool) as connection, connection.transaction():
            await blobs.keep(connection, book_id, examined.sha256, ledger.now() + UNUSED)
    await store.put(key_of(book_id, examined.sha256), file, size, examined.sha256)
    made = answer(attachment)
    async with ledger.journal.begin_write(book_id) as connection:
        before = await stored_answer(connection, book_id, claim)
        if before is not None:
            return made, before
        there = await queries.of_transaction(connection, book_id, transaction_id)
        if there is None:
            raise NotFound("There is no such transaction in this book.")
        check_room(len(there))
        written = await append(
            connection, book_id, [created(attachment)], actor=principal.user_id, claim=claim, answer=made
        )
    return made, written


async def detach(
    ledger: Ledger, principal: Principal, attachment_id: UUID, check: Callable[[int], None]
) -> int:
    """Deletes an attachment; its file stays for the grace, so that this can be undone. Answers the book's number."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        found = await queries.get(connection, book_id, attachment_id)
        if found is None:
            raise NotFound("There is no such attachment in this book.")
        check(found.version)
        written = await append(
            connection, book_id, [_gone(attachment_id, found.version)], actor=principal.user_id
        )
        await blobs.keep(connection, book_id, found.sha256, ledger.now() + GRACE)
    return written.number


def examine(file: BinaryIO) -> Examined:
    """Hashes a file and tells its kind, a slice at a time; called in a thread."""
    whole = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, is_text = b"", True
    file.seek(0)
    while data := file.read(SLICE):
        head = head or data[:HEAD]
        whole.update(data)
        is_text = is_text and _reads(decoder, data, final=False)
    is_text = is_text and _reads(decoder, b"", final=True)
    return Examined(whole.hexdigest(), kind_of(head, is_text=is_text))


def _reads(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool) -> bool:
    try:
        text = decoder.decode(data, final)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f\ufeff" for character in set(text))


def created(attachment: Attachment) -> Change:
    data: dict[str, Any] = asdict(attachment)
    del data["version"]
    data["created_at"] = rfc3339(attachment.created_at)
    return Change("attachment.created", attachment.id, attachment.version, data)


def change_of(data: Mapping[str, Any], event: str, version: int) -> Change:
    """An attachment from an event's JSON, as one change of the journal."""
    return Change(event, UUID(data["id"]), version, dict(data))


async def check_undo(
    connection: asyncpg.Connection,
    book_id: UUID,
    now: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """What comes back needs its transaction, its file and room; what goes keeps its file for the grace."""
    if after is None and now is not None:
        await blobs.keep_on(connection, book_id, now["sha256"], GRACE)
    if after is not None and now is None:
        there = await queries.of_transaction(connection, book_id, UUID(after["transaction_id"]))
        if there is None:
            raise Conflict("Its transaction was deleted since: undo that first.")
        if not await queries.is_kept(connection, book_id, after["sha256"]):
            raise Conflict("Its file was removed since, as its grace was over.")
        check_room(len(there))


def _gone(attachment_id: UUID, version: int) -> Change:
    return Change("attachment.deleted", attachment_id, version + 1, {"id": attachment_id})


async def clear_away(ledger: Ledger, relay: asyncpg.Pool, now: datetime) -> None:
    """Lets go of attachments whose transaction was deleted before the grace, then removes files nothing needs."""
    if ledger.attachments is None:
        return
    for book_id, attachment_id in await queries.outlived(relay, now - GRACE, AT_ONCE):
        await _let_go(ledger, book_id, attachment_id, now)
    for book_id, sha256 in await queries.unused(relay, now, AT_ONCE):
        with scope(books=[book_id]):
            async with connection_of(ledger.facts.pool) as connection, connection.transaction():
                if await blobs.take_unused(connection, book_id, sha256, now):
                    # Before the commit: where the store is away, the row stays and is found again.
                    await ledger.attachments.remove(key_of(book_id, sha256))


async def _let_go(ledger: Ledger, book_id: UUID, attachment_id: UUID, now: datetime) -> None:
    """By now its transaction may be back: what was found is looked at again under the book's lock."""
    async with ledger.journal.begin_write(book_id) as connection:
        kept = await queries.of_a_tombstone(connection, book_id, attachment_id)
        if kept is None:
            return
        await append(connection, book_id, [_gone(attachment_id, kept.version)], actor=None)
        await blobs.let_go(connection, book_id, kept.sha256, now)
