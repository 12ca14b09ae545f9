"""Making, changing and deleting income sources."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, NotFound
from pfms_ledger.db.journal import Change, Journal, append
from pfms_ledger.domain.names import fold
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import income_sources as queries


@dataclass(frozen=True, slots=True)
class IncomeSource:
    """`amount_minor`: what usually arrives each time, in minor units of `currency`; None where it varies."""

    id: UUID
    name: str
    type: str
    amount_minor: int | None
    currency: str
    frequency: str
    is_active: bool = True
    note: str | None = None


async def create(
    journal: Journal, principal: Principal, source: IncomeSource, claim: Claim | None, answer: Answer
) -> Written:
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        with id_is_free("a source"):
            made = await append(
                connection,
                book_id,
                [change_of(source, "income_source.created", 1)],
                actor=principal.user_id,
                claim=claim,
                answer=answer,
            )
        if made.stored is None:
            await check_name(connection, book_id, None, source)
    return made


async def check_name(
    connection: asyncpg.Connection, book_id: UUID, before: IncomeSource | None, after: IncomeSource
) -> None:
    """Under the book's lock: active sources have different names, regardless of case.

    A rule of the door and no index: a book that was written or exported before the rule keeps its names.
    """
    name = fold(after.name)
    if not after.is_active or (before is not None and before.is_active and fold(before.name) == name):
        return
    for other in await queries.others(connection, book_id, after.id):
        if fold(other["name"]) == name:
            raise Conflict(
                f"There is an income source {other['name']!r} already.",
                errors={"name": ["is taken, regardless of case"]},
                extra={"id": str(other["id"])},
            )


async def change(
    journal: Journal,
    principal: Principal,
    source_id: UUID,
    changes: dict[str, Any],
    check: Callable[[int], None],
) -> tuple[IncomeSource, int, Written]:
    """Changes the given fields. Answers the source and its version."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, source_id)
        if row is None:
            raise NotFound("There is no such income source in this book.")
        check(row["version"])
        before = IncomeSource(**{name: row[name] for name in IncomeSource.__slots__})
        after, version = replace(before, **changes), row["version"] + 1
        await check_name(connection, book_id, before, after)
        updated = change_of(after, "income_source.updated", version)
        written = await append(connection, book_id, [updated], actor=principal.user_id)
    return after, version, written


async def delete(
    journal: Journal, principal: Principal, source_id: UUID, check: Callable[[int], None]
) -> Written:
    """Deletes a source that no transaction names."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, source_id)
        if row is None:
            raise NotFound("There is no such income source in this book.")
        check(row["version"])
        gone = Change("income_source.deleted", source_id, row["version"] + 1, {"id": source_id})
        return await append(connection, book_id, [gone], actor=principal.user_id)


def change_of(source: IncomeSource, event: str, version: int) -> Change:
    return Change(event, source.id, version, asdict(source))


def from_data(data: Mapping[str, Any]) -> IncomeSource:
    """A source from an event's JSON."""
    return IncomeSource(**{**data, "id": UUID(data["id"])})
