"""From rows of a bank file to changes of the journal: what is made, what is cleared, what is left after all.

A row was judged when the file was read. Where another import has written since, it is judged once more, under the
book's lock, so that two previews of one statement never bring a row twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import asyncpg

from pfms_ledger.db.journal import Change
from pfms_ledger.db.leases import Held
from pfms_ledger.domain.clearing import Booked, clear
from pfms_ledger.domain.duplicate import Incoming, Judgement, judge
from pfms_ledger.domain.merchant import LONGEST, merchant_of
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.transaction import Split, Transaction
from pfms_ledger.domain.worth import Worth
from pfms_ledger.operations.imports.planned import Settling, is_planned, settle_occurrences
from pfms_ledger.operations.recording import change_of
from pfms_ledger.queries import import_rows as queries
from pfms_ledger.queries.import_rows import Due


class Ending(NamedTuple):
    """How a row ended that did not just make its transaction."""

    row: int
    state: str
    match: UUID | None
    transaction_id: UUID | None
    wrote: int | None


@dataclass(slots=True)
class Settled:
    """What a batch writes."""

    changes: list[Change] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    imported: int = 0


class Named(NamedTuple):
    """The merchant that a row names, and what its payee may be known by, folded: the bank's own text comes first."""

    name: str
    folded: str
    as_written: str


def payee_of(row: Due) -> Named | None:
    """Who a row names; the bank's line itself stays in the row."""
    if not row.payee.strip():
        return None
    name = merchant_of(row.payee).name
    return Named(name, fold(name), fold(row.payee[:LONGEST]))


def clears(row: Due) -> bool:
    """Whether the row stands for a transaction that the book has already, or that a plan makes."""
    return row.state == "match" and row.accepted and (row.match_transaction_id or row.plan_id) is not None


def creation(row: Due, payee: tuple[UUID, str] | None, held: Held, worth: Worth) -> Change:
    """The transaction that a row makes; without a payee the whole of the bank's text describes it."""
    (base_amount_minor,) = worth.amounts([row.amount_minor], row.currency, row.date)
    transaction = Transaction(
        id=row.transaction_id,
        type="standard",
        status="pending" if row.status == "pending" else "cleared",
        date=row.date,
        amount_minor=row.amount_minor,
        currency=row.currency,
        splits=(Split(row.amount_minor, base_amount_minor=base_amount_minor),),
        account_id=row.account_id,
        payee=payee[1] if payee else None,
        payee_id=payee[0] if payee else None,
        description=(row.memo if payee else row.text) or None,
        origin="import",
        import_id=held.id,
        bank_id=row.bank_id,
        created_by=held.user_id,
    )
    return change_of(transaction, "transaction.created", 1)


async def settle(
    connection: asyncpg.Connection,
    held: Held,
    rows: Sequence[Due],
    creations: Mapping[int, Change],
    planned: Mapping[int, Settling],
    same_make: Sequence[str],
    worth: Worth,
) -> Settled:
    """What these rows write now, under the book's lock.

    Args:
        creations: row → the transaction it would make.
        planned: row → the occurrence of a plan that it would settle.
        same_make: formats of files in which a fact stands once, this one's among them.
        worth: tells what they are in the book's currency.
    """
    judged: Mapping[int, Judgement] = {}
    taken: set[UUID] = set()
    if await queries.others_wrote(connection, held):
        judged = await _judged_again(connection, held, rows)
        wanted = [row.match_transaction_id for row in rows if row.match_transaction_id is not None]
        taken = await queries.stood_for(connection, held, wanted, same_make)
    settled = Settled()
    matches: list[tuple[Due, UUID]] = []
    still = [row for row in rows if is_planned(row) and not _is_found(judged.get(row.row))]
    posts, posted = (
        await settle_occurrences(connection, held, still, planned, creations) if still else ({}, {})
    )
    for row in rows:
        again = judged.get(row.row)
        if again is not None and again.state in ("duplicate", "conflict"):
            settled.endings.append(Ending(row.row, again.state, again.transaction_id, None, None))
            continue
        found = row.match_transaction_id if clears(row) else None
        if again is not None and again.state == "match":
            found = again.transaction_id
        elif row.row in posts:
            settled.changes += posts[row.row]
            settled.imported += 1
            continue
        elif row.row in posted:
            found = posted[row.row]
        if found is None or found in taken:
            _make(row, creations, settled)
        else:
            matches.append((row, found))
    if matches:
        await _clear(connection, held, matches, creations, settled, worth)
    return settled


def _is_found(again: Judgement | None) -> bool:
    return again is not None and again.state != "new"


def _make(row: Due, creations: Mapping[int, Change], settled: Settled) -> None:
    settled.changes.append(creations[row.row])
    settled.imported += 1
    if clears(row):
        settled.endings.append(Ending(row.row, "new", None, row.transaction_id, None))


async def _judged_again(
    connection: asyncpg.Connection, held: Held, rows: Sequence[Due]
) -> dict[int, Judgement]:
    """The judgement of rows against what others wrote; an accepted conflict is imported whatever they wrote."""
    asked = [row for row in rows if row.state in ("new", "match")]
    incoming = [
        Incoming(
            row.row,
            row.account_id,
            row.date,
            row.amount_minor,
            row.text,
            row.bank_id,
            row.id_shared,
            row.status == "pending",
        )
        for row in asked
    ]
    prints = [row.fingerprint for row in asked]
    ids = [(row.account_id, row.bank_id) for row in asked if row.bank_id is not None]
    known = await queries.known(connection, held.book_id, held.id, prints, ids)
    # Each row keeps its number among the equal rows of its file.
    return {
        row.row: judge([one], [row.fingerprint], queries.known_before(known, row))[0]
        for row, one in zip(asked, incoming, strict=True)
    }


async def _clear(
    connection: asyncpg.Connection,
    held: Held,
    matches: Sequence[tuple[Due, UUID]],
    creations: Mapping[int, Change],
    settled: Settled,
    worth: Worth,
) -> None:
    """Matched transactions are cleared; one that is gone, or that a batch before this one found, is made anew."""
    ids = [transaction_id for _, transaction_id in matches]
    standing = await queries.standing(connection, held.book_id, ids)
    announced = await queries.announced(connection, held, ids)
    estimated = await queries.estimated(connection, held.book_id, ids)
    for row, transaction_id in matches:
        found = standing.pop(transaction_id, None)
        if found is None:
            _make(row, creations, settled)
            continue
        booked = Booked(row.date, row.amount_minor, row.bank_id, row.status == "pending")
        first, guess = announced.get(transaction_id), estimated.get(transaction_id)
        after = clear(
            found.transaction,
            booked,
            Booked(*first, pending=True) if first else None,
            Booked(*guess) if guess else None,
        )
        wrote = None
        if after != found.transaction:
            wrote = found.version + 1
            settled.changes.append(change_of(worth.of(after), "transaction.updated", wrote))
        settled.imported += 1
        settled.endings.append(Ending(row.row, "match", transaction_id, transaction_id, wrote))
