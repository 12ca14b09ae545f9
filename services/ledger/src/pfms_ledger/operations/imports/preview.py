"""Reading an uploaded file into rows, each with its state: new, duplicate, match, conflict, error or skipped."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, cast
from uuid import UUID

from pfms_common.ids import new_id
from pfms_events.failpoint import failpoint
from pfms_ledger.bankfiles.statement import Reading, StatementRow
from pfms_ledger.db import import_rows as lines
from pfms_ledger.db import imports
from pfms_ledger.db.imports import CHUNK_BYTES
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.bank_account import Target
from pfms_ledger.domain.duplicate import Incoming, Judgement, Print, fingerprints, judge
from pfms_ledger.domain.expected import Expected, expected, expected_pairs
from pfms_ledger.domain.matching import BankRow, Candidate, Pair, assign, likely_pairs
from pfms_ledger.domain.settling import Marks
from pfms_ledger.operations.imports.understanding import Asked, understand
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import import_rows
from pfms_ledger.queries import imports as queries
from pfms_ledger.queries import plans as plan_queries
from pfms_ledger.queries.imports import Import
from pfms_ledger.queries.plans import Planned

SAME_MAKE = (("ofx", "qfx"),)
"""Formats in which a bank gives the same rows the same ids: of these, one is not "another format"."""


def same_make(format_name: str) -> tuple[str, ...]:
    """The formats in which a fact stands once; in any other it stands again."""
    return next((same for same in SAME_MAKE if format_name in same), (format_name,))


async def read_import(ledger: Ledger, held: Held, found: Import, asked: Asked, file: BinaryIO) -> None:
    """Reads the file and stores its rows, or what must be asked first. One file at a time in a process."""
    async with ledger.background.heavy:
        understood = await understand(ledger, held, asked, file, found.read_on)
        reading, targets = understood.reading, understood.targets
        pool = ledger.facts.pool
        total = sum(account.rows for account in reading.accounts)
        if not reading.questions:
            async with transaction_in(pool, held.book_id) as connection:
                await imports.restart(connection, held, asked.answers, asked.account_map)
            total = await _store(ledger, held, reading, targets)
        async with transaction_in(pool, held.book_id) as connection:
            await imports.digested(
                connection,
                held,
                status=reading.status,
                format_name=reading.format,
                reading=_document(reading),
                targets={key: target and asdict(target) for key, target in targets.items()},
                rows_total=total,
                answers=asked.answers,
                account_map=asked.account_map,
            )


async def stored_file(ledger: Ledger, held: Held) -> BinaryIO:
    """The uploaded bytes, in a file that is gone when it is closed."""
    file = tempfile.SpooledTemporaryFile(max_size=CHUNK_BYTES)  # noqa: SIM115  # the caller closes it
    n = 0
    while (data := await queries.chunk(ledger.facts.pool, held, n)) is not None:
        await asyncio.to_thread(file.write, data)
        n += 1
    file.seek(0)
    return cast("BinaryIO", file)


def _document(reading: Reading) -> dict[str, Any]:
    return {
        "mapping": reading.mapping,
        "accounts": [asdict(account) for account in reading.accounts],
        "questions": [asdict(question) for question in reading.questions],
        "samples": reading.samples,
        "warnings": reading.warnings,
        "shape": reading.shape,
    }


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some rows of the file; `incoming` and `prints` are those that can be imported."""

    rows: Sequence[StatementRow]
    incoming: Sequence[Incoming]
    prints: Sequence[Print]


type _Plans = Sequence[tuple[Planned, Marks]]


@dataclass(slots=True)
class _Likely:
    """What the file's new rows may be: transactions, and what plans expect (`planned`), which is in `expected`."""

    pairs: list[Pair] = field(default_factory=list)
    planned: list[Pair] = field(default_factory=list)
    expected: dict[UUID, Expected] = field(default_factory=dict)

    def look(self, rows: Sequence[BankRow], candidates: Sequence[Candidate], plans: _Plans) -> None:
        self.pairs += likely_pairs(rows, candidates)
        first, last = min(row.date for row in rows), max(row.date for row in rows)
        hoped = [
            one
            for planned, marks in plans
            for one in expected(planned.plan, marks, first, last, planned.open_from)
        ]
        self.expected.update((one.id, one) for one in hoped)
        self.planned += expected_pairs(rows, hoped)


async def _store(ledger: Ledger, held: Held, reading: Reading, targets: Mapping[str, Target | None]) -> int:
    """Stores the rows, a thousand at a time, while a thread reads the next ones; answers how many there are."""
    slices = _slices(reading, targets)
    following = asyncio.ensure_future(asyncio.to_thread(next, slices, None))
    plans = await plan_queries.all_active(ledger.facts.pool, held.book_id)
    found = _Likely()
    total = 0
    try:
        while (part := await following) is not None:
            following = asyncio.ensure_future(asyncio.to_thread(next, slices, None))
            await _store_slice(ledger, held, reading.format, part, targets, plans, found)
            total += len(part.rows)
            await imports.know_sizes(ledger.facts.pool, held.book_id)
            failpoint("import.read.stored")
    finally:
        # The thread reads from the file, which must stay open until it has ended.
        await asyncio.gather(following, return_exceptions=True)
    if found.pairs or found.planned:
        await _match(ledger, held, found)
    return total


def _slices(reading: Reading, targets: Mapping[str, Target | None]) -> Iterator[_Slice]:
    for rows in reading.batches():
        incoming = [
            Incoming(
                row.row,
                target.account_id,
                row.date,
                row.amount_minor,
                row.text,
                row.bank_id,
                row.id_shared,
                row.status == "pending",
            )
            for row in rows
            if row.error is None
            and row.skipped is None
            and row.date is not None
            and row.amount_minor is not None
            and (target := targets[row.account_key]) is not None
        ]
        yield _Slice(rows, incoming, fingerprints(incoming))


async def _store_slice(
    ledger: Ledger,
    held: Held,
    format_name: str,
    part: _Slice,
    targets: Mapping[str, Target | None],
    plans: _Plans,
    found: _Likely,
) -> None:
    ids = [(row.account_id, row.bank_id) for row in part.incoming if row.bank_id is not None]
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        known = await import_rows.known(connection, held.book_id, held.id, part.prints, ids)
        judged = judge(part.incoming, part.prints, known)
        await lines.add_rows(connection, held, _tuples(part, judged, targets))
        fresh = [
            row for row, judgement in zip(part.incoming, judged, strict=True) if judgement.state == "new"
        ]
        if not fresh:
            return
        candidates = await import_rows.candidates(
            connection,
            held.book_id,
            held.id,
            accounts=list({row.account_id for row in fresh}),
            amounts=list({row.amount_minor for row in fresh}),
            first=min(row.date for row in fresh),
            last=max(row.date for row in fresh),
            formats=same_make(format_name),
        )
    if not candidates and not plans:
        return
    payees = {row.row: row.payee for row in part.rows}
    looked_at = [
        BankRow(row.row, row.account_id, row.date, row.amount_minor, payees[row.row], row.text)
        for row in fresh
    ]
    await asyncio.to_thread(found.look, looked_at, candidates, plans)


def _tuples(
    part: _Slice, judged: Sequence[Judgement], targets: Mapping[str, Target | None]
) -> list[tuple[Any, ...]]:
    """The rows as `COLUMNS` says, each importable one with the transaction that it is going to make."""
    by_row = {row.row: judgement for row, judgement in zip(part.incoming, judged, strict=True)}
    return [_tuple(row, by_row.get(row.row), targets.get(row.account_key)) for row in part.rows]


def _tuple(row: StatementRow, judgement: Judgement | None, target: Target | None) -> tuple[Any, ...]:
    error = row.error or row.skipped
    state = "error" if row.error else "skipped"
    fingerprint, occurrence, match, transaction_id = None, 0, None, None
    if judgement is not None:
        state, match = judgement.state, judgement.transaction_id
        fingerprint, occurrence = judgement.fingerprint, judgement.occurrence
        if state in ("new", "match"):
            transaction_id = new_id()
        elif state == "conflict":
            error = "Another row with this bank id is here already, with another amount."
    return (
        row.row,
        row.account_key,
        target.account_id if target else None,
        row.date,
        row.amount_minor,
        row.currency,
        row.payee,
        row.memo,
        row.text,
        row.bank_id,
        row.id_shared,
        row.status,
        fingerprint,
        occurrence,
        state,
        error,
        match,
        transaction_id,
    )


async def _match(ledger: Ledger, held: Held, found: _Likely) -> None:
    """Chooses over the whole file, so that a late row may win a transaction over an early one that fits less.

    What the book has goes before what a plan expects: else a payment that was entered would be there twice.
    """
    wanted: list[UUID] = list({pair.transaction_id for pair in found.pairs})
    posted: list[UUID] = [one.transaction_id for one in found.expected.values() if one.transaction_id]
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        taken = await import_rows.taken(connection, held.book_id, held.id, wanted)
        awaiting = await import_rows.awaiting(connection, held.book_id, posted)
    matches = await asyncio.to_thread(_chosen, found, taken, set(posted) - awaiting)
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        await lines.match_rows(connection, held, matches)


def _chosen(found: _Likely, taken: AbstractSet[UUID], done: AbstractSet[UUID]) -> list[lines.Match]:
    """`done`: transactions of plans that a bank's row stands for already."""
    free = [pair for pair in found.pairs if pair.transaction_id not in taken]
    assigned = assign(free)
    gone = done | set(assigned.values())
    left = [pair for pair in found.planned if pair.row not in assigned and pair.transaction_id not in gone]
    matches = [lines.Match(row, transaction_id) for row, transaction_id in assigned.items()]
    for row, key in assign(left).items():
        one = found.expected[key]
        if one.transaction_id is not None:
            matches.append(lines.Match(row, one.transaction_id))
        else:
            matches.append(lines.Match(row, None, one.plan_id, one.nominal))
    return matches
