"""Making, renaming and deleting payees."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_common.problem import NotFound
from pfms_ledger.db.journal import Change, Journal, append
from pfms_ledger.domain.alias import check_names, whole_aliases
from pfms_ledger.domain.names import fold
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import payees as queries
from pfms_ledger.queries.transactions import stored_answer


@dataclass(frozen=True, slots=True)
class Payee:
    """A payee's fields."""

    id: UUID
    name: str
    is_active: bool = True
    note: str | None = None
    aliases: tuple[str, ...] = ()


async def create(
    journal: Journal, principal: Principal, payee: Payee, claim: Claim | None, answer: Answer
) -> Written:
    book_id = principal.book_id
    with id_is_free("a payee"):
        async with journal.begin_write(book_id) as connection:
            if (before := await stored_answer(connection, book_id, claim)) is not None:
                return before
            taken = await queries.taken(connection, book_id, payee.id, _names(payee))
            check_names(payee.name, payee.aliases, taken)
            return await append(
                connection,
                book_id,
                [change_of(payee, "payee.created", 1)],
                actor=principal.user_id,
                claim=claim,
                answer=answer,
            )


async def change(
    journal: Journal,
    principal: Principal,
    payee_id: UUID,
    changes: dict[str, Any],
    check: Callable[[int], None],
) -> tuple[Payee, int, Written]:
    """Changes the given fields under the book's lock; transactions show the new name at once. Answers the payee and
    its version.
    """
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, payee_id)
        if row is None:
            raise NotFound("There is no such payee in this book.")
        check(row["version"])
        after, version = replace(from_row(row), **changes), row["version"] + 1
        given = after.aliases
        wanted = replace(after, aliases=whole_aliases(after.name, given))
        taken = await queries.taken(connection, book_id, payee_id, _names(wanted))
        if {"name", "aliases"} & changes.keys():
            check_names(after.name, given, taken)
            after = replace(after, aliases=whole_aliases(after.name, given, taken))
        written = await append(
            connection, book_id, [change_of(after, "payee.updated", version)], actor=principal.user_id
        )
    return after, version, written


async def delete(
    journal: Journal,
    session: AsyncSession,
    principal: Principal,
    payee_id: UUID,
    check: Callable[[int], None],
) -> Written:
    """Deletes a payee that no transaction names."""
    row = await queries.get(session, principal.book_id, payee_id)
    if row is None:
        raise NotFound("There is no such payee in this book.")
    check(row.version)
    gone = Change("payee.deleted", payee_id, row.version + 1, {"id": payee_id})
    return await journal.append(principal.book_id, [gone], actor=principal.user_id)


def change_of(payee: Payee, event: str, version: int) -> Change:
    return Change(event, payee.id, version, asdict(payee), folded=fold(payee.name))


def from_row(row: asyncpg.Record) -> Payee:
    return Payee(row["id"], row["name"], row["is_active"], row["note"], tuple(row["aliases"]))


def _names(payee: Payee) -> list[str]:
    """All that leads to it, folded."""
    return [fold(name) for name in (payee.name, *payee.aliases)]


def from_data(data: Mapping[str, Any]) -> Payee:
    """A payee from an event's JSON."""
    return Payee(
        UUID(data["id"]), data["name"], data["is_active"], data["note"], tuple(data.get("aliases", ()))
    )
