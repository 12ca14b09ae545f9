"""/recurring: plans of payments that come again, and their occurrences."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Response

from pfms_common.idempotency import Answer, Written
from pfms_common.ids import new_id, read_id
from pfms_common.input import Day, Id
from pfms_common.problem import Invalid
from pfms_common.web import (
    Claimed,
    Editor,
    IfMatch,
    MustClaim,
    StrictRoute,
    Viewer,
    check_version,
    etag,
    from_query,
)
from pfms_ledger.api.deps import (
    CursorParam,
    CursorsDep,
    DeletedVersion,
    IncludeInactive,
    LedgerDep,
    Limit,
    gone,
    refuse_null,
    written,
)
from pfms_ledger.api.recurring_models import (
    ALWAYS,
    ConfirmIn,
    Detected,
    DueList,
    DueQuery,
    OccurrenceOut,
    Occurrences,
    PlanIn,
    PlanOut,
    PlanPatch,
    Plans,
    PostedOut,
    Realized,
    RealizeIn,
    RunNowIn,
    WhichIn,
)
from pfms_ledger.domain.bill import days_ahead, status_of
from pfms_ledger.domain.bounds import check_amount
from pfms_ledger.domain.rule_text import describe
from pfms_ledger.domain.settling import Marks, amount_on, open_occurrences, shown, years_on
from pfms_ledger.operations import plans as operations
from pfms_ledger.operations.recording import answer_to
from pfms_ledger.operations.recurring import (
    MOST_AT_ONCE,
    Posted,
    Posting,
    document,
    first_open,
    post,
    shown_document,
    skip,
)
from pfms_ledger.queries import detected as detection
from pfms_ledger.queries import plans as queries
from pfms_ledger.queries.plans import Planned

router = APIRouter(prefix="/recurring", tags=["Recurring"], route_class=StrictRoute)

YEARS_AT_ONCE = 10


@router.post("", status_code=201, response_model=PlanOut, summary="Make a plan")
async def create_plan(body: PlanIn, principal: Editor, ledger: LedgerDep, claim: Claimed) -> Response:
    """A payment, an income or a transfer that comes again; what is past is caught up from `catch_up_from` on."""
    plan = body.plan(body.id or new_id(), principal.user_id)
    today = await ledger.today_in(principal.book_id)

    def answer(planned: Planned, marks: Marks) -> Answer:
        headers = {"ETag": f'"{planned.version}"', "Location": f"/api/v1/recurring/{plan.id}"}
        return Answer(201, headers, _json(plan_document(planned, marks, today)))

    kept = await operations.create(ledger, principal, plan, claim, answer)
    return written(principal, kept.answer, Written(kept.number, kept.stored))


@router.get("", response_model=Plans, summary="List plans")
async def list_plans(
    principal: Viewer,
    ledger: LedgerDep,
    cursors: CursorsDep,
    *,
    include_inactive: IncludeInactive = False,
    limit: Limit = 50,
    cursor: CursorParam = None,
) -> Response:
    """In the order in which they were made."""
    bound = (principal.book_id, "plans", [str(include_inactive)])
    after = read_id(cursors.read(*bound, cursor)[0]) if cursor is not None else queries.FIRST
    rows = await queries.listed(
        ledger.facts.pool,
        principal.book_id,
        include_inactive=include_inactive,
        after=after,
        limit=limit + 1,
    )
    today = await ledger.today_in(principal.book_id)
    items = await asyncio.to_thread(
        lambda: [plan_document(planned, marks, today) for planned, marks in rows[:limit]]
    )
    more = len(rows) > limit
    next_cursor = cursors.write(*bound, [rows[limit - 1][0].plan.id]) if more else None
    return Response(_json({"items": items, "next_cursor": next_cursor}), media_type="application/json")


@router.get("/due", response_model=DueList, summary="What is due soon")
async def list_due(
    principal: Viewer,
    ledger: LedgerDep,
    query: Annotated[DueQuery, Depends(from_query(DueQuery))],
) -> Response:
    """Open occurrences of all active plans, overdue ones first, as far ahead as `days` or `within` say."""
    if query.days is not None and query.within is not None:
        raise Invalid("Give days or within, not both.", errors={"within": ["is instead of days"]})
    today = await ledger.today_in(principal.book_id)
    ahead = days_ahead(query.within, today) if query.within is not None else query.days
    until = today + timedelta(days=30 if ahead is None else ahead)
    plans = await queries.all_active(ledger.facts.pool, principal.book_id)
    items = await asyncio.to_thread(_due_items, plans, today, until)
    return Response(_json({"items": items, "until": until}), media_type="application/json")


@router.get("/detect", response_model=Detected, summary="Payments that repeat without a plan")
async def detect_repeating(principal: Viewer, ledger: LedgerDep) -> Response:
    """What one payee gets from, or pays into, one account at regular times, variable bills included."""
    today = await ledger.today_in(principal.book_id)
    series = await detection.series(ledger.facts.pool, principal.book_id)
    items = await asyncio.to_thread(detection.repeating, series, today)
    return Response(_json({"items": items}), media_type="application/json")


@router.get("/{plan_id}", response_model=PlanOut, summary="One plan")
async def get_plan(plan_id: Id, principal: Viewer, ledger: LedgerDep) -> Response:
    planned, marks = await queries.load(ledger.facts.pool, principal.book_id, plan_id)
    today = await ledger.today_in(principal.book_id)
    body = _json(plan_document(planned, marks, today))
    return Response(body, 200, {"ETag": etag(planned.version)}, "application/json")


@router.patch("/{plan_id}", response_model=PlanOut, summary="Change, pause or take up a plan")
async def change_plan(
    plan_id: Id, body: PlanPatch, principal: Editor, ledger: LedgerDep, if_match: IfMatch, claim: Claimed
) -> Response:
    """What was posted stays. A new schedule, and a plan that is taken up again, look ahead only."""
    refuse_null({name: getattr(body, name) for name in body.model_fields_set}, ALWAYS)
    changes = body.changes()
    today = await ledger.today_in(principal.book_id)

    def answer(planned: Planned, marks: Marks) -> Answer:
        return Answer(200, {"ETag": f'"{planned.version}"'}, _json(plan_document(planned, marks, today)))

    kept = await operations.change(
        ledger,
        principal,
        plan_id,
        changes,
        lambda version: check_version(version, if_match, body.version),
        claim,
        answer,
    )
    return written(principal, kept.answer, Written(kept.number, kept.stored))


@router.delete("/{plan_id}", status_code=204, summary="Delete a plan that made no transactions")
async def delete_plan(
    plan_id: Id,
    principal: Editor,
    ledger: LedgerDep,
    if_match: IfMatch,
    version: DeletedVersion = None,
) -> Response:
    """One that made some is paused instead: `is_active` false."""
    number = await operations.delete(
        ledger, principal, plan_id, lambda present: check_version(present, if_match, version)
    )
    return gone(principal, number)


@router.get("/{plan_id}/occurrences", response_model=Occurrences, summary="What was and what is to come")
async def list_occurrences(
    plan_id: Id,
    principal: Viewer,
    ledger: LedgerDep,
    first: Annotated[Day | None, Query(alias="from", description="inclusive; by default today")] = None,
    last: Annotated[Day | None, Query(alias="to", description="inclusive; by default a year on")] = None,
) -> Response:
    """What was posted or skipped, and what is predicted; nothing is changed. At most ten years at once."""
    today = await ledger.today_in(principal.book_id)
    begin = first or today
    end = last or begin + timedelta(days=366)
    if end < begin:
        raise Invalid("The period ends before it begins.", errors={"to": ["is before from"]})
    if (end - begin).days > YEARS_AT_ONCE * 366:
        raise Invalid("Ask for ten years at most.", errors={"to": ["is more than ten years after from"]})
    planned, marks = await queries.load(ledger.facts.pool, principal.book_id, plan_id)
    plan = planned.plan
    found = await asyncio.to_thread(shown, plan, marks, begin, end, today, planned.open_from)
    return Response(
        _json({"items": [shown_document(plan, each) for each in found]}), media_type="application/json"
    )


@router.post("/{plan_id}/run-now", status_code=201, response_model=PostedOut, summary="Post the next one now")
async def run_now(
    plan_id: Id, principal: Editor, ledger: LedgerDep, claim: MustClaim, body: RunNowIn | None = None
) -> Response:
    """Posts the first open occurrence, or the one of a nominal day, with today's date."""
    asked = body or RunNowIn()

    def choose(planned: Planned, marks: Marks, today: date) -> list[Posting]:
        each = first_open(planned, marks, today, asked.nominal_date)
        return [Posting(each, asked.date or today)]

    recorded = await post(ledger, principal, plan_id, choose, _posted_one, claim)
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))


@router.post("/{plan_id}/confirm", status_code=201, response_model=PostedOut, summary="Confirm an occurrence")
async def confirm(
    plan_id: Id, principal: Editor, ledger: LedgerDep, claim: Claimed, body: ConfirmIn | None = None
) -> Response:
    """Posts it on its day, with another amount where it came to another."""
    asked = body or ConfirmIn()
    if asked.amount_minor is not None:
        check_amount(asked.amount_minor)

    def choose(planned: Planned, marks: Marks, today: date) -> list[Posting]:
        each = first_open(planned, marks, today, asked.nominal_date)
        amount, planned_amount = asked.amount_minor, planned.plan.template.amount_minor
        if amount is not None and amount * planned_amount < 0:
            raise Invalid(
                "The amount has the other sign than the plan's.",
                errors={"amount_minor": ["must have the sign of the template's amount"]},
            )
        return [Posting(each, asked.date or each.date, amount)]

    recorded = await post(ledger, principal, plan_id, choose, _posted_one, claim)
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))


@router.post("/{plan_id}/skip", response_model=OccurrenceOut, summary="Leave an occurrence out")
async def skip_occurrence(
    plan_id: Id, principal: Editor, ledger: LedgerDep, claim: Claimed, body: WhichIn | None = None
) -> Response:
    """The first open one, or the one of a nominal day. Undo of its event, `recurring.skipped`, opens it again."""
    recorded = await skip(ledger, principal, plan_id, (body or WhichIn()).nominal_date, claim)
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))


@router.post("/{plan_id}/realize", response_model=Realized, summary="Post everything up to a day")
async def realize(
    plan_id: Id, body: RealizeIn, principal: Editor, ledger: LedgerDep, claim: MustClaim
) -> Response:
    """Posts each open occurrence dated until then, once; a paused plan posts nothing."""
    await ledger.check_day(principal.book_id, body.up_to, "up_to")

    def choose(planned: Planned, marks: Marks, _today: date) -> list[Posting]:
        found: list[Posting] = []
        for each in open_occurrences(planned.plan, marks, body.up_to, planned.open_from):
            if len(found) == MOST_AT_ONCE:
                raise Invalid(
                    f"There are more than {MOST_AT_ONCE} occurrences until then: realize in steps.",
                    errors={"up_to": [f"is more than {MOST_AT_ONCE} occurrences away"]},
                )
            found.append(Posting(each, each.date))
        return found

    recorded = await post(ledger, principal, plan_id, choose, _realized, claim, matching=True)
    return written(principal, recorded.answer, Written(recorded.number, recorded.stored))


def _posted_one(planned: Planned, posted: Posted, today: date) -> Answer:
    made = posted.created[0]
    body = {
        **document(planned.plan, posted.marks[0], today),
        "transaction": orjson.Fragment(answer_to(made, 1).body),
    }
    return Answer(201, {"Location": f"/api/v1/transactions/{made.id}"}, _json(body))


def _realized(planned: Planned, posted: Posted, _today: date) -> Answer:
    created = [made.id for made in posted.created]
    nominal = [mark.nominal for mark in posted.marks]
    body = {
        "created": created,
        "matched": [mark.transaction_id for mark in posted.marks if mark.transaction_id not in created],
        "last_realized_date": max([*nominal, planned.last_realized or date.min], default=None)
        if nominal or planned.last_realized
        else None,
    }
    return Answer(200, {}, _json(body))


def _due_items(
    plans: Sequence[tuple[Planned, Mapping[date, Any]]], today: date, until: date
) -> list[dict[str, Any]]:
    items = []
    for planned, marks in plans:
        plan = planned.plan
        more = {
            "name": plan.name,
            "kind": plan.kind,
            "payee": plan.template.payee,
            "account_id": plan.template.first_account,
            "auto_post": plan.auto_post,
            "is_essential": plan.is_essential,
        }
        items += [
            {
                "plan_id": plan.id,
                "date": each.date,
                "nominal_date": each.nominal,
                "amount_minor": amount_on(plan, each.nominal),
                "currency": plan.currency,
                "transaction_id": None,
                "status": status_of(each.date, today),
                **more,
            }
            for each in open_occurrences(plan, marks, until, planned.open_from)
        ]
    return sorted(items, key=lambda item: (item["date"], item["name"], item["plan_id"]))


def plan_document(planned: Planned, marks: Marks, today: date) -> dict[str, Any]:
    """A plan with what is derived of it."""
    plan = planned.plan
    following = next(open_occurrences(plan, marks, years_on(today), planned.open_from), None)
    if following is not None:
        status: str = status_of(following.date, today)
    else:
        status = "completed" if plan.is_active else "paused"
    return {
        **plan.data(),
        "description": describe(plan.schedule),
        "last_realized_date": planned.last_realized,
        "next_date": following.date if following else None,
        "next_amount_minor": amount_on(plan, following.nominal) if following else None,
        "status": status,
        "problem": planned.problem,
        "version": planned.version,
    }


def _json(body: Any) -> bytes:
    return orjson.dumps(body, default=str)
