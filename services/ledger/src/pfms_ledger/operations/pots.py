"""Making, changing and deleting pots."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, NotFound
from pfms_events.contracts.ledger.pot import pot_balance_id
from pfms_ledger.db.journal import Change, Journal, Ref, append
from pfms_ledger.domain.names import fold
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import pots as queries
from pfms_ledger.queries.transactions import stored_answer


@dataclass(frozen=True, slots=True)
class Pot:
    """A pot's own fields; what is in it is derived. It stays in its account, and so in its currency."""

    id: UUID
    account_id: UUID
    name: str
    currency: str
    is_active: bool = True
    note: str | None = None
    colour: str | None = None
    icon: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A pot after a change, with what is in it in minor units, and its version."""

    pot: Pot
    balance_minor: int
    account_paid_minor: int
    version: int
    written: Written


async def create(
    journal: Journal, principal: Principal, pot: Pot, claim: Claim | None, answer: Answer
) -> Written:
    """Makes a pot, empty, in an account that is open."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        before = await stored_answer(connection, book_id, claim)
        if before is not None:
            return before
        with id_is_free("a pot"):
            written = await append(
                connection,
                book_id,
                [change_of(pot, "pot.created", 1)],
                actor=principal.user_id,
                refs=[Ref("account", pot.account_id, "account_id", pot.currency)],
                claim=claim,
                answer=answer,
            )
        await check_name(connection, book_id, None, pot)
    return written


async def check_name(connection: asyncpg.Connection, book_id: UUID, before: Pot | None, after: Pot) -> None:
    """Under the book's lock: the active pots of one account have different names, regardless of case."""
    name = fold(after.name)
    if not after.is_active or (before is not None and before.is_active and fold(before.name) == name):
        return
    for other in await queries.others(connection, book_id, after.account_id, after.id):
        if fold(other["name"]) == name:
            raise Conflict(
                f"The account has a pot {other['name']!r} already.",
                errors={"name": ["is taken, regardless of case"]},
                extra={"id": str(other["id"])},
            )


async def change(
    journal: Journal,
    principal: Principal,
    pot_id: UUID,
    changes: dict[str, Any],
    check: Callable[[int], None],
) -> Changed:
    """Changes the given fields under the book's lock, so that the balance in the answer is the present one."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, pot_id)
        if row is None:
            raise NotFound("There is no such pot in this book.")
        check(row["version"])
        before = Pot(**{name: row[name] for name in Pot.__slots__})
        after, version = replace(before, **changes), row["version"] + 1
        await check_name(connection, book_id, before, after)
        written = await append(
            connection, book_id, [change_of(after, "pot.updated", version)], actor=principal.user_id
        )
    return Changed(after, row["balance_minor"], row["account_paid_minor"], version, written)


async def delete(
    journal: Journal, principal: Principal, pot_id: UUID, check: Callable[[int], None]
) -> Written:
    """Deletes a pot that no transaction refers to."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, pot_id)
        if row is None:
            raise NotFound("There is no such pot in this book.")
        check(row["version"])
        gone = Change("pot.deleted", pot_id, row["version"] + 1, {"id": pot_id})
        return await append(connection, book_id, [gone], actor=principal.user_id)


def change_of(pot: Pot, event: str, version: int) -> Change:
    return Change(event, pot.id, version, asdict(pot), derived=pot_balance_id(pot.id))


def from_data(data: Mapping[str, Any]) -> Pot:
    """A pot from an event's JSON."""
    values: dict[str, Any] = {name: data.get(name) for name in Pot.__slots__}
    return Pot(**{**values, "id": UUID(data["id"]), "account_id": UUID(data["account_id"])})
