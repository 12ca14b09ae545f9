"""Reconciling an account with a statement: start, tick, finish or cancel, each under the book's lock."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Invalid, NotFound
from pfms_ledger.db import imports
from pfms_ledger.db.journal import MOST_CHANGES, Change, Ref, append, encode
from pfms_ledger.domain.reconciliation import adjustment, check_cleared, check_dated, check_open
from pfms_ledger.domain.transaction import Split, Transaction
from pfms_ledger.operations.recording import Ledger, Recorded, at_its_worth
from pfms_ledger.operations.recording import change_of as transaction_change
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import accounts as account_queries
from pfms_ledger.queries import reconciliations as queries
from pfms_ledger.queries import transactions as transaction_queries
from pfms_ledger.queries.reconciliations import Figures, Found

MOST_TICKED = 5_000
SOURCE = "reconciliation"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A reconciliation's fields; what is left over is derived."""

    id: UUID
    account_id: UUID
    currency: str
    statement_date: date
    statement_balance_minor: int
    started_by: UUID
    started_at: datetime
    status: Literal["open", "finished"] = "open"
    ticked: tuple[UUID, ...] = ()
    adjustment_transaction_id: UUID | None = None
    finished_by: UUID | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A reconciliation in a version, with its sums."""

    reconciliation: Reconciliation
    version: int
    figures: Figures


type Answered = Callable[[Standing], Answer]


async def start(
    ledger: Ledger,
    principal: Principal,
    account_id: UUID,
    wanted: tuple[UUID | None, date, int],
    claim: Claim | None,
    answered: Answered,
) -> Recorded:
    """Starts with a statement's date and balance; an account has one open reconciliation at most.

    Args:
        wanted: the client's id or None, the statement's date, its balance in minor units.
    """
    book_id, (chosen, day, balance) = principal.book_id, wanted
    await ledger.check_day(book_id, day, "statement_date")
    async with ledger.journal.begin_write(book_id) as connection:
        account = await _account(connection, book_id, account_id)
        if (before := await _before(connection, book_id, claim)) is not None:
            return before
        if (other := await queries.open_one(connection, book_id, account_id)) is not None:
            raise Conflict(
                "This account is being reconciled already: go on with that, or cancel it.",
                extra={"reconciliation_id": str(other)},
            )
        made = Reconciliation(
            id=chosen or new_id(),
            account_id=account_id,
            currency=account["currency"],
            statement_date=day,
            statement_balance_minor=balance,
            started_by=principal.user_id,
            started_at=ledger.now(),
        )
        with id_is_free("a reconciliation"):
            return await _write(connection, principal, made, 1, [], claim, answered)


async def change(
    ledger: Ledger,
    principal: Principal,
    place: tuple[UUID, UUID],
    changes: Mapping[str, Any],
    check: Callable[[int], None],
    answered: Answered,
) -> Recorded:
    """Corrects the statement's date or balance. `place`: the account and the reconciliation."""
    if "statement_date" in changes:
        await ledger.check_day(principal.book_id, changes["statement_date"], "statement_date")
    async with ledger.journal.begin_write(principal.book_id) as connection:
        found = await _open(connection, principal.book_id, place, check)
        after = replace(_of(found), **changes)
        return await _write(connection, principal, after, found.row["version"] + 1, [], None, answered)


async def tick(
    ledger: Ledger,
    principal: Principal,
    place: tuple[UUID, UUID],
    wanted: tuple[Sequence[UUID], Sequence[UUID]],
    claim: Claim | None,
    answered: Answered,
) -> Recorded:
    """Ticks and unticks. It adds to what others tick at the same time, so it needs no version; what changes no tick
    leaves the version as it is.

    Args:
        wanted: what to tick, and what to untick.
    """
    book_id, (on, off) = principal.book_id, wanted
    async with ledger.journal.begin_write(book_id) as connection:
        if (before := await _before(connection, book_id, claim)) is not None:
            return before
        found = await _open(connection, book_id, place, lambda _: None)
        if both := {f"untick.{n}": ["is to be ticked as well"] for n, each in enumerate(off) if each in on}:
            raise Invalid("A transaction is ticked or unticked, not both.", errors=both)
        present = await transaction_queries.load_many(connection, book_id, on)
        wrong = {
            f"tick.{n}": ["there is no such transaction on this account"]
            for n, each in enumerate(on)
            if each not in present or place[0] not in present[each].transaction.accounts
        }
        if wrong:
            raise NotFound("Something that you tick is not on this account.", errors=wrong)
        check_cleared({f"tick.{n}": present[each].transaction.status for n, each in enumerate(on)})
        dated = {f"tick.{n}": present[each].transaction.date for n, each in enumerate(on)}
        check_dated(dated, found.row["statement_date"])
        ticked = ({*found.ticked} - {*off}) | {*on}
        if len(ticked) > MOST_TICKED:
            raise Invalid(
                f"At most {MOST_TICKED} are ticked in one reconciliation.", errors={"tick": ["too many"]}
            )
        if ticked == {*found.ticked}:
            same = answered(standing_of(found))
            kept = await append(connection, book_id, [], actor=principal.user_id, claim=claim, answer=same)
            return Recorded(same, kept.number, kept.stored)
        after = replace(_of(found), ticked=tuple(sorted(ticked)))
        return await _write(connection, principal, after, found.row["version"] + 1, [], claim, answered)


async def finish(
    ledger: Ledger,
    principal: Principal,
    place: tuple[UUID, UUID],
    claim: Claim,
    check: Callable[[int], None],
    answered: Answered,
    *,
    accept_adjustment: bool,
) -> Recorded:
    """Locks what is ticked, once nothing is left over or what is left over is posted as an adjustment.

    Raises:
        NotBalanced, NotCleared, Conflict, Settled, NotFound, and what `append` raises.
    """
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        if (before := await _before(connection, book_id, claim)) is not None:
            return before
        found = await _open(connection, book_id, place, check)
        reconciliation = _of(found)
        left = found.figures.difference(reconciliation.statement_balance_minor)
        moved = adjustment(left, accepted=accept_adjustment)
        present = await transaction_queries.load_many(connection, book_id, found.ticked)
        standing = {
            each: loaded for each, loaded in present.items() if place[0] in loaded.transaction.accounts
        }
        check_cleared({str(each): loaded.transaction.status for each, loaded in standing.items()})
        check_dated(
            {str(each): loaded.transaction.date for each, loaded in standing.items()},
            reconciliation.statement_date,
        )
        changes = [
            transaction_change(
                replace(loaded.transaction, status="reconciled"), "transaction.updated", loaded.version + 1
            )
            for loaded in standing.values()
            if loaded.transaction.status != "reconciled"
        ]
        ticked = {*standing}
        posted = None
        if moved:
            posted = await at_its_worth(connection, book_id, _adjusting(principal, reconciliation, moved))
            changes.append(transaction_change(posted, "transaction.created", 1))
            ticked.add(posted.id)
        after = replace(
            reconciliation,
            status="finished",
            ticked=tuple(sorted(ticked)),
            adjustment_transaction_id=posted.id if posted else None,
            finished_by=principal.user_id,
            finished_at=ledger.now(),
        )
        version = found.row["version"] + 1
        return await _write(connection, principal, after, version, changes, claim, answered)


async def cancel(
    ledger: Ledger, principal: Principal, place: tuple[UUID, UUID], check: Callable[[int], None]
) -> Written:
    """Drops an open reconciliation; its history stays, and no transaction is touched."""
    async with ledger.journal.begin_write(principal.book_id) as connection:
        found = await _open(connection, principal.book_id, place, check)
        gone = Change("reconciliation.deleted", place[1], found.row["version"] + 1, {"id": place[1]})
        return await append(connection, principal.book_id, [gone], actor=principal.user_id)


def change_of(reconciliation: Reconciliation, event: str, version: int) -> Change:
    return Change(event, reconciliation.id, version, asdict(reconciliation))


def from_data(data: Mapping[str, Any]) -> Reconciliation:
    """A reconciliation from an event's JSON."""

    def uuid(name: str) -> UUID | None:
        return UUID(data[name]) if data.get(name) else None

    return Reconciliation(
        id=UUID(data["id"]),
        account_id=UUID(data["account_id"]),
        currency=data["currency"],
        statement_date=date.fromisoformat(data["statement_date"]),
        statement_balance_minor=data["statement_balance_minor"],
        started_by=UUID(data["started_by"]),
        started_at=datetime.fromisoformat(data["started_at"]),
        status=data["status"],
        ticked=tuple(UUID(each) for each in data["ticked"]),
        adjustment_transaction_id=uuid("adjustment_transaction_id"),
        finished_by=uuid("finished_by"),
        finished_at=datetime.fromisoformat(data["finished_at"]) if data.get("finished_at") else None,
    )


def standing_of(found: Found) -> Standing:
    return Standing(_of(found), found.row["version"], found.figures)


def _of(found: Found) -> Reconciliation:
    named = {name: found.row[name] for name in Reconciliation.__slots__ if name != "ticked"}
    return Reconciliation(**named, ticked=found.ticked)


async def _account(connection: asyncpg.Connection, book_id: UUID, account_id: UUID) -> asyncpg.Record:
    account = await account_queries.present(connection, book_id, account_id)
    if account is None:
        raise NotFound("There is no such account in this book.")
    return account


async def _open(
    connection: asyncpg.Connection, book_id: UUID, place: tuple[UUID, UUID], check: Callable[[int], None]
) -> Found:
    found = await queries.present(connection, book_id, *place)
    if found is None:
        raise NotFound("There is no such reconciliation of this account.")
    check(found.row["version"])
    check_open(found.row["status"])
    return found


async def _before(connection: asyncpg.Connection, book_id: UUID, claim: Claim | None) -> Recorded | None:
    """The first answer, where the key was used before."""
    before = await transaction_queries.stored_answer(connection, book_id, claim)
    if before is None or before.stored is None:
        return None
    stored = before.stored
    return Recorded(Answer(stored.status, stored.headers, stored.body), before.number, stored)


async def _write(
    connection: asyncpg.Connection,
    principal: Principal,
    after: Reconciliation,
    version: int,
    changes: Sequence[Change],
    claim: Claim | None,
    answered: Answered,
) -> Recorded:
    """The reconciliation first, so that its sums can be read back for the answer, then what goes with it."""
    book_id, actor = principal.book_id, principal.user_id
    event = "reconciliation.created" if version == 1 else "reconciliation.updated"
    written = await append(connection, book_id, [change_of(after, event, version)], actor=actor)
    for start_at in range(0, len(changes), MOST_CHANGES):
        batch = changes[start_at : start_at + MOST_CHANGES]
        # A thousand changes take 10 ms to encode, which others need not wait for.
        encoded = await asyncio.to_thread(encode, batch, actor)
        refs = [
            Ref("account", after.account_id, "account_id", after.currency)
            for change in batch
            if change.id == after.adjustment_transaction_id
        ]
        written = await append(connection, book_id, encoded, actor=actor, refs=refs)
    found = await queries.present(connection, book_id, after.account_id, after.id)
    if found is None:
        raise AssertionError("unreachable: it was written just now")
    answer = answered(standing_of(found))
    if claim is not None:
        await imports.claim(connection, book_id, claim, answer)
    return Recorded(answer, written.number)


def _adjusting(principal: Principal, reconciliation: Reconciliation, amount_minor: int) -> Transaction:
    return Transaction(
        id=new_id(),
        type="adjustment",
        status="reconciled",
        date=reconciliation.statement_date,
        amount_minor=amount_minor,
        currency=reconciliation.currency,
        splits=(Split(amount_minor),),
        account_id=reconciliation.account_id,
        origin=SOURCE,
        created_by=principal.user_id,
    )
