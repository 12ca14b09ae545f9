"""Taking in a bank file: its bytes are kept, it is read, and whoever sent it gets the preview.

Nobody knows of an import before it is answered. The answer, and the key it was asked with, are written in one
transaction; what a crash leaves before that is removed by the job, and a file that can't be read leaves nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, NotFound, Refusal
from pfms_ledger.db import imports
from pfms_ledger.db.imports import CHUNK_BYTES
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.operations.holding import carry_out
from pfms_ledger.operations.imports.preview import read_import, stored_file
from pfms_ledger.operations.imports.understanding import Asked
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import imports as queries
from pfms_ledger.queries.imports import Detailed

WAIT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came; it is closed by who opened it."""

    file: BinaryIO
    name: str
    size: int


async def upload(
    ledger: Ledger,
    principal: Principal,
    sent: Upload,
    asked: Asked,
    claim: Claim | None,
    answer_of: Callable[[Detailed], Answer],
) -> Answer | Stored:
    """Keeps and reads a file; after five seconds the answer says `reading`, and it goes on.

    Raises:
        UnreadableFile, MappingDoesNotFit, NotFound, Invalid: nothing is kept. KeyReused, KeyInFlight.
    """
    pool, book_id = ledger.facts.pool, principal.book_id
    before = await queries.answered_before(pool, book_id, claim)
    if before is not None:
        return before
    held = Held(book_id, new_id(), new_id(), principal.user_id)
    await _keep(ledger, held, sent, asked)
    reading = ledger.background.start(_read_stored(ledger, held, asked), f"read {held.id}")
    refusal = await _waited(reading)
    if refusal is not None:
        async with transaction_in(pool, book_id) as connection:
            await imports.remove(connection, book_id, held.id)
        raise refusal
    async with transaction_in(pool, book_id) as connection:
        found = await queries.detailed_in(connection, book_id, held.id)
        if found is None:
            raise RuntimeError("an import that was not answered cannot be deleted by anybody")
        answer = answer_of(found)
        stored = await imports.claim(connection, book_id, claim, answer)
        if stored is not None:
            await imports.remove(connection, book_id, held.id)
            return stored
        await imports.answered(connection, book_id, held.id)
    return answer


async def remap(
    ledger: Ledger,
    principal: Principal,
    import_id: UUID,
    answers: dict[str, object] | None,
    account_map: dict[str, object] | None,
) -> Detailed:
    """Reads a kept file in another way. What was answered before stays, where it is not answered anew.

    Raises:
        NotFound; Conflict: it is committed or being read, or the file is kept no more; and what `upload` raises.
        The import stays as it was then.
    """
    pool, book_id = ledger.facts.pool, principal.book_id
    async with transaction_in(pool, book_id) as connection:
        found = await queries.get(connection, book_id, import_id)
        if found is None or not found.answered:
            raise NotFound("There is no such import in this book.")
        held = await imports.take_unread(connection, book_id, import_id, new_id())
    if held is None:
        raise Conflict(f"The import is {found.status}; only one that waits for its commit can be read anew.")
    asked = Asked(
        found.account_id,
        {**found.answers, **(answers or {})},
        {**found.account_map, **(account_map or {})},
    )
    reading = ledger.background.start(
        _read_stored(ledger, held, asked, keep_as_it_was=True), f"read {import_id}"
    )
    refusal = await _waited(reading)
    if refusal is not None:
        raise refusal
    detailed = await queries.detailed(pool, book_id, import_id)
    if detailed is None:
        raise NotFound("There is no such import in this book.")
    return detailed


async def resume_reading(ledger: Ledger, held: Held) -> None:
    """Goes on with a file whose reader died."""
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        found = await queries.get(connection, held.book_id, held.id)
    if found is not None:
        await _read_stored(ledger, held, Asked(found.account_id, found.answers, found.account_map))


async def _keep(ledger: Ledger, held: Held, sent: Upload, asked: Asked) -> None:
    """Stores the file in pieces; many small transactions, since a slow disk must not hold one open."""
    pool = ledger.facts.pool
    async with transaction_in(pool, held.book_id) as connection:
        await imports.create(
            connection,
            held,
            account_id=asked.account_id,
            file_name=sent.name,
            file_bytes=sent.size,
            read_on=await ledger.today_in(held.book_id),
            answers=asked.answers,
            account_map=asked.account_map,
        )
    await asyncio.to_thread(sent.file.seek, 0)
    for n in range(-(-sent.size // CHUNK_BYTES)):
        data = await asyncio.to_thread(sent.file.read, CHUNK_BYTES)
        async with transaction_in(pool, held.book_id) as connection:
            await imports.add_chunk(connection, held, n, data)


async def _read_stored(
    ledger: Ledger, held: Held, asked: Asked, *, keep_as_it_was: bool = False
) -> Refusal | None:
    async def work() -> None:
        async with transaction_in(ledger.facts.pool, held.book_id) as connection:
            found = await queries.get(connection, held.book_id, held.id)
        if found is None:
            return
        with await stored_file(ledger, held) as file:
            await read_import(ledger, held, found, asked, file)

    return await carry_out(ledger.facts.pool, held, work(), None if keep_as_it_was else imports.fail)


async def _waited(reading: asyncio.Task[Refusal | None]) -> Refusal | None:
    """What reading was refused with, if it ended in time."""
    done, _ = await asyncio.wait([reading], timeout=WAIT_SECONDS)
    return reading.result() if done else None
