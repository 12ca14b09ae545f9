"""Setting, changing and removing exchange rates: by hand, or many from a file."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, NotFound
from pfms_common.rate import Rate
from pfms_ledger.db.journal import MOST_CHANGES, Change, append
from pfms_ledger.db.restatements import mark
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.operations.restating import restate
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import rates as queries
from pfms_ledger.queries.transactions import stored_answer


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate with where it is from: manual or file."""

    id: UUID
    base: str
    quote: str
    date: date
    rate: str
    source: str


async def create(
    ledger: Ledger, principal: Principal, rate: DatedRate, claim: Claim | None, answer: Answer
) -> Written:
    """Sets the rate of a pair and day that has none yet, in neither direction."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await stored_answer(connection, book_id, claim)
        if before is not None:
            return before
        for known in (await queries.there(connection, book_id, [_pure(rate)])).values():
            raise Conflict(
                f"{known.base}/{known.quote} of {known.date} is set to {known.rate} already; change that rate.",
                errors={"date": ["has a rate of this pair already"]},
                extra={"id": str(known.id)},
            )
        with id_is_free("a rate"):
            written = await append(
                connection,
                book_id,
                [change_of(rate, 1)],
                actor=principal.user_id,
                claim=claim,
                answer=answer,
            )
        await _mark(connection, book_id, [rate])
    ledger.background.start(restate(ledger, book_id), f"restate {book_id}")
    return written


async def change(
    ledger: Ledger, principal: Principal, rate_id: UUID, text: str, check: Callable[[int], None]
) -> tuple[DatedRate, int, Written]:
    """Another value for the same pair and day. Answers the rate and its version."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before, version = await _present(connection, book_id, rate_id, check)
        after = replace(before, rate=text, source="manual")
        changes = [change_of(after, version + 1)]
        written = await append(connection, book_id, changes, actor=principal.user_id)
        await _mark(connection, book_id, [after])
    ledger.background.start(restate(ledger, book_id), f"restate {book_id}")
    return after, version + 1, written


async def delete(
    ledger: Ledger, principal: Principal, rate_id: UUID, check: Callable[[int], None]
) -> Written:
    """Removes a rate; what it converted goes by the one before it, or is unconverted."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        rate, version = await _present(connection, book_id, rate_id, check)
        gone = Change("rate.deleted", rate_id, version + 1, {"id": rate_id})
        written = await append(connection, book_id, [gone], actor=principal.user_id)
        await _mark(connection, book_id, [rate])
    ledger.background.start(restate(ledger, book_id), f"restate {book_id}")
    return written


async def bring(
    ledger: Ledger,
    principal: Principal,
    rates: Mapping[int, Rate],
    claim: Claim | None,
    answer: Callable[[int, int, Mapping[int, str]], Answer],
) -> tuple[Answer, Written]:
    """Sets many rates at once, over those that stand there; one that is set the other way round stays.

    Args:
        rates: by the row of the file; no pair and day twice.
        answer: makes the answer of how many are new or changed, how many stood there so, and why rows are left out.
    """
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await stored_answer(connection, book_id, claim)
        if before is not None:
            return answer(0, 0, {}), before
        there = await queries.there(connection, book_id, list(rates.values()))
        brought: list[tuple[DatedRate, int]] = []
        left_out: dict[int, str] = {}
        for row, rate in rates.items():
            known, inverse = there.get(rate.key), there.get(rate.inverse_key)
            if known is None and inverse is not None:
                left_out[row] = (
                    f"{inverse.base}/{inverse.quote} of {inverse.date} is set to {inverse.rate} already"
                )
            elif known is None or known.rate != rate.rate:
                id_, version = (known.id, known.version + 1) if known else (new_id(), 1)
                brought.append((DatedRate(id_, rate.base, rate.quote, rate.date, rate.rate, "file"), version))
        made = answer(len(brought), len(rates) - len(brought) - len(left_out), left_out)
        changes = [change_of(rate, version) for rate, version in brought]
        written = await append(
            connection,
            book_id,
            changes[:MOST_CHANGES],
            actor=principal.user_id,
            claim=claim,
            answer=made,
        )
        for start in range(MOST_CHANGES, len(changes), MOST_CHANGES):
            batch = changes[start : start + MOST_CHANGES]
            written = await append(connection, book_id, batch, actor=principal.user_id)
        await _mark(connection, book_id, [rate for rate, _ in brought])
    ledger.background.start(restate(ledger, book_id), f"restate {book_id}")
    return made, written


async def _present(
    connection: asyncpg.Connection, book_id: UUID, rate_id: UUID, check: Callable[[int], None]
) -> tuple[DatedRate, int]:
    row = await queries.get(connection, book_id, rate_id)
    if row is None:
        raise NotFound("There is no such rate in this book.")
    check(row.version)
    return DatedRate(row.id, row.base, row.quote, row.date, row.rate, row.source), row.version


async def _mark(connection: asyncpg.Connection, book_id: UUID, rates: Iterable[DatedRate]) -> None:
    await mark(connection, book_id, [(rate.base, rate.quote, rate.date) for rate in rates])


def _pure(rate: DatedRate) -> Rate:
    return Rate(rate.base, rate.quote, rate.date, rate.rate)


def change_of(rate: DatedRate, version: int) -> Change:
    return Change("rate.set", rate.id, version, asdict(rate))


def from_data(data: Mapping[str, Any]) -> DatedRate:
    """A rate from an event's JSON."""
    return DatedRate(**{**data, "id": UUID(data["id"]), "date": date.fromisoformat(data["date"])})
