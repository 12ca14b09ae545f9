"""A row that is an occurrence of a plan posts it: the plan's transaction with what the bank says of it.

So the book ends the same whether the plan posted first and the bank's row cleared that, or the row came first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.principal import Principal
from pfms_common.problem import NotFound, Refusal
from pfms_common.recurrence import Occurrence
from pfms_ledger.db.journal import Change, Ref, Renamed, are_usable
from pfms_ledger.db.leases import Held
from pfms_ledger.domain.settling import Mark
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations.recording import Ledger, change_of
from pfms_ledger.operations.recurring import Posting, mark_change, posted_mark, prepared
from pfms_ledger.queries import import_rows
from pfms_ledger.queries import plans as queries
from pfms_ledger.queries.import_rows import Due
from pfms_ledger.queries.plans import Planned


def is_planned(row: Due) -> bool:
    """Whether the row is taken for an open occurrence."""
    return row.state == "match" and row.accepted and row.plan_id is not None


@dataclass(frozen=True, slots=True)
class Settling:
    """An occurrence made ready before the lock is taken; without a transaction the bank's own one stands for it."""

    planned: Planned
    transaction: Transaction | None
    refs: Sequence[Ref]


async def ready(ledger: Ledger, held: Held, rows: Sequence[Due]) -> dict[int, Settling]:
    """By row, for those that are occurrences of plans which are still there."""
    made: dict[int, Settling] = {}
    plans: dict[UUID, Planned | None] = {}
    for row in rows:
        if not is_planned(row) or row.plan_id is None:
            continue
        if row.plan_id not in plans:
            try:
                plans[row.plan_id], _ = await queries.load(ledger.facts.pool, held.book_id, row.plan_id)
            except NotFound:
                plans[row.plan_id] = None
        if (planned := plans[row.plan_id]) is not None:
            made[row.row] = await _ready(ledger, held, row, planned)
    return made


async def _ready(ledger: Ledger, held: Held, row: Due, planned: Planned) -> Settling:
    amount = abs(row.amount_minor) if planned.plan.kind == "transfer" else row.amount_minor
    posting = Posting(Occurrence(_nominal(row), row.date), row.date, amount)
    who = Principal(held.user_id, held.user_id, held.book_id, "editor")
    try:
        work = await prepared(ledger, who, planned, [posting])
    except Refusal:
        return Settling(planned, None, ())
    if work.payee:
        return Settling(planned, None, ())  # the plan's payee is gone
    transaction = replace(
        work.ready[0][1],
        id=row.transaction_id,
        status="pending" if row.status == "pending" else "cleared",
        import_id=held.id,
        # A transfer has two sides, each of which may have an id of its own.
        bank_id=None if planned.plan.kind == "transfer" else row.bank_id,
    )
    if transaction.description is None:
        transaction = replace(transaction, description=row.text or None)
    return Settling(planned, transaction, work.refs)


async def settle_occurrences(
    connection: asyncpg.Connection,
    held: Held,
    rows: Sequence[Due],
    made: Mapping[int, Settling],
    creations: Mapping[int, Change],
) -> tuple[dict[int, list[Change]], dict[int, UUID]]:
    """By row what it writes under the book's lock, or the transaction that its plan posted meanwhile.

    A row in neither is no occurrence any more: somebody settled it, or the plan is gone.

    Raises:
        Renamed: a plan was changed meanwhile.
    """
    plan_ids = list({settling.planned.plan.id for settling in made.values()})
    versions = await queries.versions(connection, held.book_id, plan_ids)
    marks = await queries.marks(connection, held.book_id, plan_ids)
    changes: dict[int, list[Change]] = {}
    meanwhile: dict[int, UUID] = {}
    for row in rows:
        settling = made.get(row.row)
        if settling is None or (plan_id := settling.planned.plan.id) not in versions:
            continue
        if versions[plan_id] != settling.planned.version:
            raise Renamed("The plan was changed meanwhile.")
        mark = marks[plan_id].get(_nominal(row))
        if mark is None or not mark.is_settled:
            change, mark = await _settled(connection, held.book_id, row, settling, mark, creations[row.row])
            changes[row.row] = [change, mark_change(settling.planned, mark)]
            marks[plan_id][mark.nominal] = mark
        elif mark.transaction_id is not None:
            meanwhile[row.row] = mark.transaction_id
    awaiting = await import_rows.awaiting(connection, held.book_id, list(meanwhile.values()))
    return changes, {row: found for row, found in meanwhile.items() if found in awaiting}


async def _settled(
    connection: asyncpg.Connection,
    book_id: UUID,
    row: Due,
    settling: Settling,
    before: Mark | None,
    creation: Change,
) -> tuple[Change, Mark]:
    """The row's transaction and the occurrence's mark."""
    planned, made = settling.planned, settling.transaction
    change = creation
    if made is not None and await are_usable(connection, book_id, settling.refs):
        change = change_of(made, "transaction.created", 1)
    amount = abs(row.amount_minor) if planned.plan.kind == "transfer" else row.amount_minor
    marks = {before.nominal: before} if before else {}
    return change, posted_mark(marks, _nominal(row), row.date, amount, row.transaction_id)


def _nominal(row: Due) -> date:
    if row.plan_date is None:
        raise ValueError("a row of a plan has its day")
    return row.plan_date
