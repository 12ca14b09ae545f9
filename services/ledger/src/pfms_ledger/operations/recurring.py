"""Posting occurrences of plans: each at most once, whoever asks, however often.

The transaction and the mark of its occurrence are one append under the book's lock, where the marks are looked at
once more. So two schedulers, a scheduler and a person, a crash at any step and a clock that jumps end alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Invalid, Stale
from pfms_common.recurrence import Occurrence
from pfms_common.weekend import MOST_DAYS
from pfms_events.failpoint import failpoint
from pfms_ledger.db.journal import Change, Ref, Renamed, append
from pfms_ledger.domain.bill import status_of
from pfms_ledger.domain.bounds import check_amount
from pfms_ledger.domain.details import PLAIN, Details
from pfms_ledger.domain.expected import expected_of, expected_pairs
from pfms_ledger.domain.matching import BankRow, Candidate, assign
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.plan import Plan
from pfms_ledger.domain.settling import (
    Mark,
    Marks,
    Shown,
    amount_on,
    occurrence_id,
    open_occurrences,
    template_on,
    years_on,
)
from pfms_ledger.domain.transaction import Planned as Origin
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations.drafts import composed
from pfms_ledger.operations.plans import draft_of, with_payee
from pfms_ledger.operations.recording import TRIES, Ledger, Recorded, change_of, refs_of
from pfms_ledger.queries import plans as queries
from pfms_ledger.queries import transactions
from pfms_ledger.queries.plans import Planned

MOST_AT_ONCE = 366


@dataclass(frozen=True, slots=True)
class Posting:
    """An occurrence to post; on its own day and with its own amount where nothing else is said."""

    occurrence: Occurrence
    day: date
    amount_minor: int | None = None


@dataclass(slots=True)
class Posted:
    """What posting came to: the marks that were set, and the transactions that were made."""

    marks: list[Mark] = field(default_factory=list)
    created: list[Transaction] = field(default_factory=list)


type Choose = Callable[[Planned, Marks, date], Sequence[Posting]]


def first_open(planned: Planned, marks: Marks, today: date, nominal: date | None) -> Occurrence:
    """The occurrence of a nominal day, or the first one that is open; Conflict where there is none."""
    plan = planned.plan
    if not plan.is_active:
        raise Conflict("The plan is not active; take it up again first.")
    mark = marks.get(nominal) if nominal is not None else None
    if mark is not None and mark.is_settled:
        raise Conflict(f"The occurrence of {nominal} was {mark.state} before.")
    last = years_on(today)
    if nominal is not None and nominal <= last:
        last = nominal + timedelta(days=MOST_DAYS)
    for each in open_occurrences(plan, marks, last, planned.open_from):
        if nominal in (None, each.nominal):
            return each
    if nominal is None:
        raise Conflict("The plan has no occurrence left.")
    raise Invalid(
        f"The plan does not fall on {nominal}.",
        errors={"nominal_date": ["is no open day of the plan's rule"]},
    )


async def post(
    ledger: Ledger,
    principal: Principal,
    plan_id: UUID,
    choose: Choose,
    tell: Callable[[Planned, Posted, date], Answer],
    claim: Claim | None,
    *,
    matching: bool = False,
) -> Recorded:
    """Posts what `choose` picks, and answers what `tell` says of it.

    Args:
        matching: an occurrence that a bank file brought already becomes that transaction.

    Raises:
        NotFound; Conflict: it is settled, or the plan is not active; Invalid; what `append` raises.
    """
    pool, book_id = ledger.facts.pool, principal.book_id
    for attempt in range(TRIES):
        stored = (await transactions.first_answer(pool, book_id, claim)) if claim else None
        if stored is not None and stored.stored is not None:
            return _again(stored.number, stored.stored)
        planned, marks = await queries.load(pool, book_id, plan_id)
        today = await ledger.today_in(book_id)
        postings = choose(planned, marks, today)
        for posting in postings:
            await ledger.check_day(book_id, posting.day)
        work = await prepared(ledger, principal, planned, postings)
        try:
            return await _write(ledger, principal, work, today, tell, claim, matching=matching)
        except (Renamed, Stale, Conflict):
            if attempt == TRIES - 1:
                raise
            ledger.facts.forget_payees(book_id, [fold(planned.plan.template.payee or "")])
    raise AssertionError("unreachable: the last try raises")


async def _write(
    ledger: Ledger,
    principal: Principal,
    work: "Work",
    today: date,
    tell: Callable[[Planned, Posted, date], Answer],
    claim: Claim | None,
    *,
    matching: bool,
) -> Recorded:
    """All that was chosen in one transaction, or nothing where some of it was settled meanwhile."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await transactions.stored_answer(connection, book_id, claim)
        if before is not None and before.stored is not None:
            return _again(before.number, before.stored)
        changes, posted = await settled(connection, book_id, work, matching=matching)
        if len(posted.marks) < len(work.ready):
            raise Stale("An occurrence was settled meanwhile; read the plan again.")
        answer = tell(work.planned, posted, today)
        written = await append(
            connection,
            book_id,
            changes,
            actor=principal.user_id,
            refs=work.refs if posted.created else (),
            claim=claim,
            answer=answer,
        )
    return Recorded(answer, written.number, written.stored)


def _again(number: int, stored: Stored) -> Recorded:
    return Recorded(Answer(stored.status, stored.headers, stored.body), number, stored)


@dataclass(frozen=True, slots=True)
class Work:
    """Transactions made ready before the lock is taken."""

    planned: Planned
    ready: Sequence[tuple[Posting, Transaction]]
    payee: Sequence[Change]
    refs: Sequence[Ref]


async def prepared(
    ledger: Ledger, principal: Principal, planned: Planned, postings: Sequence[Posting]
) -> Work:
    """The transactions that these occurrences would make."""
    plan, payee, refs = await with_payee(ledger, principal.book_id, planned.plan)
    details = Details(is_essential=True) if plan.is_essential else PLAIN
    ready = []
    for posting in postings:
        nominal = posting.occurrence.nominal
        template = template_on(plan, nominal, posting.amount_minor)
        check_amount(template.amount_minor)
        made = await composed(
            ledger, principal, draft_of(template, posting.day, id=new_id(), details=details)
        )
        made = replace(
            made,
            payee_id=template.payee_id,
            origin="recurring",
            plan=Origin(plan.id, planned.version, nominal),
        )
        ready.append((posting, (await ledger.worth(principal.book_id, made)).of(made)))
    if ready:
        refs = [*refs, *refs_of(ready[0][1], None)]
    return Work(planned, ready, payee, refs)


async def settled(
    connection: asyncpg.Connection, book_id: UUID, work: Work, *, matching: bool
) -> tuple[list[Change], Posted]:
    """What to append under the book's lock, for those of the occurrences that are still open.

    Raises:
        Stale: the plan was changed meanwhile.
    """
    plan_id = work.planned.plan.id
    present = await queries.present(connection, book_id, plan_id)
    if present.version != work.planned.version:
        raise Stale("The plan was changed meanwhile; read it again.")
    marks = (await queries.marks(connection, book_id, [plan_id]))[plan_id]
    ready = [
        (posting, made)
        for posting, made in work.ready
        if (mark := marks.get(posting.occurrence.nominal)) is None or not mark.is_settled
    ]
    failpoint("recurring.begun")
    brought = await _brought(connection, book_id, present.plan, ready) if matching and ready else {}
    posted, changes = Posted(), list[Change]()
    for posting, made in ready:
        nominal = posting.occurrence.nominal
        bank = brought.get(occurrence_id(plan_id, nominal))
        if bank is None:
            posted.created.append(made)
            changes.append(change_of(made, "transaction.created", 1))
            mark = posted_mark(marks, nominal, made.date, made.amount_minor, made.id)
        else:
            amount = abs(bank.amount_minor) if made.type == "transfer" else bank.amount_minor
            mark = posted_mark(marks, nominal, bank.date, amount, bank.transaction_id)
        posted.marks.append(mark)
        changes.append(mark_change(work.planned, mark))
    return ([*work.payee, *changes] if posted.created else changes), posted


def posted_mark(marks: Marks, nominal: date, day: date, amount_minor: int, transaction_id: UUID) -> Mark:
    """The mark of an occurrence that became a transaction of that day and amount."""
    before = marks.get(nominal)
    version = before.version + 1 if before else 1
    return Mark(nominal, "posted", version, day, amount_minor, transaction_id)


async def _brought(
    connection: asyncpg.Connection,
    book_id: UUID,
    plan: Plan,
    ready: Sequence[tuple[Posting, Transaction]],
) -> dict[UUID, Candidate]:
    """The transaction of a bank file that an occurrence is, by the occurrence's id, for those that have one."""
    hoped = [
        one
        for posting, made in ready
        for one in expected_of(plan, posting.occurrence.nominal, made.date, made.amount_minor)
        if one.account_id == plan.template.first_account
    ]
    found = await queries.brought(connection, book_id, hoped)
    rows = [
        BankRow(n, one.account_id, one.date, one.amount_minor, one.payee, one.payee)
        for n, one in enumerate(found)
    ]
    return {occurrence: found[n] for n, occurrence in assign(expected_pairs(rows, hoped)).items()}


def mark_change(planned: Planned, mark: Mark) -> Change:
    """What became of an occurrence, as one change of the journal."""
    plan = planned.plan
    subject = occurrence_id(plan.id, mark.nominal)
    data = {
        "id": subject,
        "plan_id": plan.id,
        "plan_version": planned.version,
        "name": plan.name,
        "nominal_date": mark.nominal,
        "date": mark.date,
        "amount_minor": mark.amount_minor,
        "currency": plan.currency,
        "auto_post": plan.auto_post,
        "transaction_id": mark.transaction_id,
    }
    return Change(f"recurring.{mark.state}", subject, mark.version, data)


async def skip(
    ledger: Ledger, principal: Principal, plan_id: UUID, nominal: date | None, claim: Claim | None
) -> Recorded:
    """Leaves one occurrence out, until somebody takes that back."""
    book_id = principal.book_id
    today = await ledger.today_in(book_id)
    async with ledger.journal.begin_write(book_id) as connection:
        before = await transactions.stored_answer(connection, book_id, claim)
        if before is not None and before.stored is not None:
            return _again(before.number, before.stored)
        planned = await queries.present(connection, book_id, plan_id)
        marks = (await queries.marks(connection, book_id, [plan_id]))[plan_id]
        each = first_open(planned, marks, today, nominal)
        version = marks[each.nominal].version + 1 if each.nominal in marks else 1
        amount = amount_on(planned.plan, each.nominal)
        mark = Mark(each.nominal, "skipped", version, each.date, amount, None)
        answer = Answer(200, {}, orjson.dumps(document(planned.plan, mark, today), default=str))
        written = await append(
            connection,
            book_id,
            [mark_change(planned, mark)],
            actor=principal.user_id,
            claim=claim,
            answer=answer,
        )
    return Recorded(answer, written.number, written.stored)


def document(plan: Plan, mark: Mark, today: date) -> dict[str, Any]:
    """A settled occurrence as the API shows it."""
    shown = Shown(
        mark.nominal,
        mark.date,
        mark.amount_minor,
        mark.transaction_id,
        status_of(mark.date, today, mark.state),
    )
    return shown_document(plan, shown)


def shown_document(plan: Plan, each: Shown) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "date": each.date,
        "nominal_date": each.nominal_date,
        "amount_minor": each.amount_minor,
        "currency": plan.currency,
        "transaction_id": each.transaction_id,
        "status": each.status,
    }
