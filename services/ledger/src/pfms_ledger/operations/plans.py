"""Making, changing and deleting plans."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from pfms_common.holiday import check_country
from pfms_common.idempotency import Answer, Claim, Stored
from pfms_common.increase import check_increase
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, InUse, Refusal
from pfms_common.recurrence import check_schedule
from pfms_ledger.db.journal import Change, Ref, Renamed, append
from pfms_ledger.domain.bounds import check_amount
from pfms_ledger.domain.expected import check_tolerance
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.plan import Plan, Template, check_backlog, with_changes
from pfms_ledger.domain.settling import Marks
from pfms_ledger.operations.drafts import Draft, End, composed
from pfms_ledger.operations.recording import TRIES, Ledger, new_payee, refs_of
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import plans as queries
from pfms_ledger.queries.plans import Planned
from pfms_ledger.queries.transactions import first_answer, stored_answer

type AnswerOf = Callable[[Planned, Marks], Answer]


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to a write of a plan, with the book's number; `stored` when its key was used before."""

    answer: Answer
    number: int
    stored: Stored | None = None


def draft_of(template: Template, day: Any, **more: Any) -> Draft:
    """The transaction that a template asks for."""
    ends: dict[str, Any] = {}
    if template.source is not None and template.target is not None:
        ends = {
            "source": End(template.source.account_id, pot_id=template.source.pot_id),
            "target": End(template.target.account_id, template.target.amount_minor, template.target.pot_id),
        }
    return Draft(
        type="transfer" if ends else "standard",
        date=day,
        amount_minor=template.amount_minor,
        status=template.status,
        account_id=template.account_id,
        pot_id=template.pot_id,
        payee=template.payee,
        description=template.description,
        note=template.note,
        splits=template.splits,
        tags=template.tags,
        excluded_from_budget=template.excluded_from_budget,
        counts_next_period=template.counts_next_period,
        sharing=template.sharing,
        **ends,
        **more,
    )


async def create(
    ledger: Ledger, principal: Principal, plan: Plan, claim: Claim | None, answer: AnswerOf
) -> Kept:
    """Keeps a plan. `plan.currency` is found out here.

    Raises:
        NotFound, Invalid, Conflict (the chosen id is taken), BadRecurrence, SplitsDoNotAddUp, BadTransfer.
    """
    if (before := await _answered(ledger, principal, claim)) is not None:
        return before
    plan, refs = await _checked(ledger, principal, plan, None)
    with id_is_free("a plan"):
        return await _written(ledger, principal, plan, "plan.created", 1, refs, claim, answer)


async def change(
    ledger: Ledger,
    principal: Principal,
    plan_id: UUID,
    changes: Mapping[str, Any],
    check: Callable[[int], None],
    claim: Claim | None,
    answer: AnswerOf,
) -> Kept:
    """Changes the given fields. A new schedule, and taking a plan up again, look ahead only.

    Args:
        changes: fields of `Plan` and `Schedule`.
        check: refuses when the present version is not the one the client saw.
    """
    if (first := await _answered(ledger, principal, claim)) is not None:
        return first
    planned, _ = await queries.load(ledger.facts.pool, principal.book_id, plan_id)
    check(planned.version)
    before = planned.plan
    after = with_changes(before, changes, await ledger.today_in(principal.book_id))
    after, refs = await _checked(ledger, principal, after, before)
    return await _written(ledger, principal, after, "plan.updated", planned.version + 1, refs, claim, answer)


async def _answered(ledger: Ledger, principal: Principal, claim: Claim | None) -> Kept | None:
    """The first answer where this key was used before: it holds whatever has changed since."""
    first = await first_answer(ledger.facts.pool, principal.book_id, claim) if claim else None
    return Kept(Answer(200, {}, b""), first.number, first.stored) if first else None


async def delete(ledger: Ledger, principal: Principal, plan_id: UUID, check: Callable[[int], None]) -> int:
    """Deletes a plan that posted nothing which still is there. Answers the book's number."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        planned = await queries.present(connection, book_id, plan_id)
        check(planned.version)
        await check_unused(connection, book_id, plan_id)
        gone = Change("plan.deleted", plan_id, planned.version + 1, {"id": plan_id})
        return (await append(connection, book_id, [gone], actor=principal.user_id)).number


async def check_unused(connection: asyncpg.Connection, book_id: UUID, plan_id: UUID) -> None:
    """A plan that made transactions is part of their history."""
    if await queries.posted(connection, book_id, plan_id):
        raise InUse(
            "There are transactions that the plan made; make it inactive instead.",
            extra={"referred_to_by": ["transactions"]},
        )


async def _checked(
    ledger: Ledger, principal: Principal, plan: Plan, before: Plan | None
) -> tuple[Plan, list[Ref]]:
    """The plan with its currency, once its schedule can be meant and its template makes a transaction; and what it
    newly refers to, which must be active.
    """
    schedule = plan.schedule
    check_schedule(schedule)
    if schedule.holidays is not None:
        check_country(schedule.holidays)
    check_increase(plan.yearly_increase)
    check_tolerance(plan.amount_tolerance)
    if before is None or before.schedule.start != schedule.start:
        await ledger.check_day(principal.book_id, schedule.start, "start")
    if before is None or (before.schedule, before.catch_up_from) != (schedule, plan.catch_up_from):
        check_backlog(plan, await ledger.today_in(principal.book_id))
    try:
        check_amount(plan.template.amount_minor)
        made = await composed(ledger, principal, draft_of(plan.template, schedule.start))
    except Refusal as refusal:
        refusal.errors = {f"template.{path}": messages for path, messages in refusal.errors.items()}
        raise
    known = _named(before.template) if before else set()
    refs = [replace(ref, path=f"template.{ref.path}") for ref in refs_of(made, None) if ref.id not in known]
    return replace(plan, currency=made.currency), refs


def _named(template: Template) -> set[UUID | None]:
    """What a template refers to."""
    ends = [end for end in (template.source, template.target) if end is not None]
    return {
        template.account_id,
        template.pot_id,
        *(end.account_id for end in ends),
        *(end.pot_id for end in ends),
        *(split.category_id for split in template.splits),
    }


async def _written(
    ledger: Ledger,
    principal: Principal,
    plan: Plan,
    event: str,
    version: int,
    refs: list[Ref],
    claim: Claim | None,
    answer: AnswerOf,
) -> Kept:
    """Finds or makes the payee that the template names, and writes; again where another was quicker."""
    book_id = principal.book_id
    for attempt in range(TRIES):
        named, made, payee_refs = await with_payee(ledger, book_id, plan)
        change = change_of(named, event, version)
        try:
            async with ledger.journal.begin_write(book_id) as connection:
                before = await stored_answer(connection, book_id, claim)
                if before is not None:
                    return Kept(Answer(200, {}, b""), before.number, before.stored)
                marks = (await queries.marks(connection, book_id, [plan.id]))[plan.id]
                last = max((mark.nominal for mark in marks.values() if mark.state == "posted"), default=None)
                answered = answer(Planned(named, version, None, None, last), marks)
                written = await append(
                    connection,
                    book_id,
                    [*made, change],
                    actor=principal.user_id,
                    refs=[*refs, *payee_refs],
                    claim=claim,
                    answer=answered,
                )
        except (Renamed, Conflict) as error:
            if attempt == TRIES - 1 or (isinstance(error, Conflict) and not made):
                raise
            ledger.facts.forget_payees(book_id, [fold(plan.template.payee or "")])
        else:
            return Kept(answered, written.number, written.stored)
    raise AssertionError("unreachable: the last try raises")


async def recategorised(
    connection: asyncpg.Connection, book_id: UUID, source_id: UUID, into_id: UUID
) -> list[Change]:
    """The plans that name a category, naming another one instead."""
    changes = []
    for plan_id in await queries.naming(connection, book_id, source_id):
        planned = await queries.present(connection, book_id, plan_id)
        template = planned.plan.template
        splits = tuple(
            replace(split, category_id=into_id) if split.category_id == source_id else split
            for split in template.splits
        )
        after = replace(planned.plan, template=replace(template, splits=splits))
        changes.append(change_of(after, "plan.updated", planned.version + 1))
    return changes


async def with_another_payee(
    connection: asyncpg.Connection, book_id: UUID, source_id: UUID, into: tuple[UUID, str]
) -> list[Change]:
    """The plans that name a payee, naming another one instead; `into` is its id and name."""
    changes = []
    for plan_id in await queries.paying(connection, book_id, source_id):
        planned = await queries.present(connection, book_id, plan_id)
        template = replace(planned.plan.template, payee_id=into[0], payee=into[1])
        changes.append(
            change_of(replace(planned.plan, template=template), "plan.updated", planned.version + 1)
        )
    return changes


def change_of(plan: Plan, event: str, version: int) -> Change:
    return Change(event, plan.id, version, plan.data())


async def with_payee(ledger: Ledger, book_id: UUID, plan: Plan) -> tuple[Plan, list[Change], list[Ref]]:
    """The plan with the id of its payee, who is made where nobody has the name yet."""
    template = plan.template
    if template.payee is None:
        return plan, [], []
    folded = fold(template.payee)
    payee_id, name, made = template.payee_id, template.payee, list[Change]()
    if payee_id is None:
        known = (await ledger.facts.payees(book_id, [folded])).get(folded)
        if known is None:
            made = [new_payee(template.payee)]
            payee_id = made[0].id
        else:
            payee_id, name = known
    refs = [] if made else [Ref("payee", payee_id, "payee", fold(name))]
    return replace(plan, template=replace(template, payee=name, payee_id=payee_id)), made, refs
