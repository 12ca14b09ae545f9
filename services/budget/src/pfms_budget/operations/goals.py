"""Making, changing and deleting goals, and marking them achieved by hand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from pfms_budget.domain.allocation import check_category
from pfms_budget.domain.goal import BadGoal, GoalKind, GoalStatus
from pfms_budget.operations import log
from pfms_budget.operations.evaluating import balances, evaluate, state_of
from pfms_budget.operations.work import Work
from pfms_budget.queries import allocations
from pfms_budget.queries import goals as queries
from pfms_budget.queries.goals import CHOSEN, Goal
from pfms_common.clock import today_in
from pfms_common.ids import new_id
from pfms_common.period import month_of
from pfms_common.problem import Busy, Conflict, NotFound
from pfms_events.contracts.budget.goal import GoalCreated, GoalDeleted, GoalUpdated
from pfms_events.event import Event
from pfms_events.outbox import Change

MOST_GOALS = 200
"""Of one book, so that a list fits on a page."""

_CREATE = f"""
INSERT INTO goal (book_id, id, current_minor, progress_version, seen_month, {", ".join(CHOSEN)})
VALUES ($1, $2, 0, 0, $3, {", ".join(f"${n}" for n in range(4, 4 + len(CHOSEN)))})
"""
_KEEP = f"""
UPDATE goal SET {", ".join(f"{name} = ${n}" for n, name in enumerate(CHOSEN, start=3))}
WHERE book_id = $1 AND id = $2
"""
_DELETE = "DELETE FROM goal WHERE book_id = $1 AND id = $2"


async def create(work: Work, fields: Mapping[str, Any]) -> Goal:
    """Begins a goal today, with what there is of it already."""
    book = (await queries.books(work.connection, [work.book_id])).get(work.book_id)
    if book is None:
        raise Busy("This book is being set up; try again.")
    today = today_in(book["timezone"], work.now)
    chosen = {name: value for name, value in fields.items() if value is not None}
    goal = Goal(
        **{
            "id": new_id(),
            "currency": book["base_currency"],
            **chosen,
            "book_id": work.book_id,
            "began_on": today,
            "seen_month": month_of(today).first,
        }
    )
    if await log.told_of(work.connection, work.book_id, [goal.id]):
        raise Conflict("There is a goal with this id already, or was.", errors={"id": ["is taken"]})
    if len(await queries.of_books(work.connection, [work.book_id])) >= MOST_GOALS:
        raise Conflict(f"The book has {MOST_GOALS} goals; delete one first.")
    await _check(work, goal, book["base_currency"])
    began_with = (await balances(work.connection, [goal], work.now)).current(goal)
    goal = replace(goal, began_with_minor=began_with)
    await work.connection.execute(_CREATE, work.book_id, goal.id, goal.seen_month, *_chosen(goal))
    return await _told(work, goal, GoalCreated.model_validate(state_of(goal)))


async def change(work: Work, goal_id: UUID, fields: Mapping[str, Any], check: Callable[[int], None]) -> Goal:
    """Changes the given fields; one that was paused since its pot or category is gone needs another to go on."""
    before = await present(work, goal_id)
    check(before.version)
    after = replace(before, **fields, version=before.version + 1)
    if (after.pot_id, after.category_id) != (before.pot_id, before.category_id):
        after = replace(after, pause_reason=None)
    if after.pause_reason and after.status is GoalStatus.ACTIVE:
        what = "pot" if after.pause_reason == "pot_deleted" else "category"
        raise BadGoal(
            f"The goal's {what} was deleted; choose another, or none.",
            errors={"status": [f"cannot be active without its {what}"]},
        )
    if after.pause_reason is None:
        book = (await queries.books(work.connection, [work.book_id]))[work.book_id]
        await _check(work, after, book["base_currency"])
    return await _keep(work, after)


async def mark(work: Work, goal_id: UUID, *, achieved: bool) -> Goal:
    """Marks a goal achieved by hand, which stays whatever the balance does, or gives it back to its balance."""
    before = await present(work, goal_id)
    if before.is_marked == achieved:
        return before
    return await _keep(work, replace(before, is_marked=achieved, version=before.version + 1))


async def delete(work: Work, goal_id: UUID, check: Callable[[int], None]) -> None:
    goal = await present(work, goal_id)
    check(goal.version)
    await work.connection.execute(_DELETE, work.book_id, goal_id)
    await work.tell(Change(GoalDeleted(id=goal_id), goal_id, goal.version + 1))


async def present(work: Work, goal_id: UUID) -> Goal:
    goal = await queries.get(work.connection, work.book_id, goal_id)
    if goal is None:
        raise NotFound("There is no such goal in this book.")
    return goal


async def _keep(work: Work, goal: Goal) -> Goal:
    await work.connection.execute(_KEEP, work.book_id, goal.id, *_chosen(goal))
    return await _told(work, goal, GoalUpdated.model_validate(state_of(goal)))


async def _told(work: Work, goal: Goal, event: Event) -> Goal:
    """Tells of the change, and then of what it flips; answers the goal as it is after that."""
    await work.tell(Change(event, goal.id, goal.version))
    await evaluate(work.connection, [work.book_id], work.now, actor=work.user_id)
    return await present(work, goal.id)


def _chosen(goal: Goal) -> list[object]:
    return [getattr(goal, name) for name in CHOSEN]


async def _check(work: Work, goal: Goal, base_currency: str) -> None:
    """The fields go together, and what the goal is linked to is there and in its currency."""
    if wrong := _misfits(goal):
        raise BadGoal(f"A goal of kind {goal.kind} is not like this.", errors=wrong)
    if goal.pot_id is None:
        of_book = goal.category_id is not None or goal.kind is GoalKind.EMERGENCY_FUND
        if of_book and goal.currency != base_currency:
            raise BadGoal(
                "Categories are in the book's currency.", errors={"currency": [f"must be {base_currency}"]}
            )
    else:
        pot = await queries.pot(work.connection, work.book_id, goal.pot_id)
        if pot is None:
            path = {"pot_id": ["there is no such pot in this book"]}
            raise NotFound("There is no such pot in this book.", errors=path)
        if pot["currency"] != goal.currency:
            wrong = {"currency": [f"must be the pot's, {pot['currency']}"]}
            raise BadGoal("The goal is in another currency than its pot.", errors=wrong)
    if goal.category_id is not None:
        types = await allocations.category_types(work.connection, work.book_id, [goal.category_id])
        if goal.category_id not in types:
            path = {"category_id": ["there is no such category in this book"]}
            raise NotFound("There is no such category in this book.", errors=path)
        check_category(types[goal.category_id])


def _misfits(goal: Goal) -> dict[str, list[str]]:
    """Input field → what is wrong with it."""
    fund, reduction = goal.kind is GoalKind.EMERGENCY_FUND, goal.kind is GoalKind.SPENDING_REDUCTION
    rules = [
        ("target_minor", fund, goal.target_minor, "follows from `months`"),
        ("months", not fund, goal.months, "is for an emergency fund"),
        ("baseline_minor", not reduction, goal.baseline_minor, "is for a spending reduction"),
        ("pot_id", reduction, goal.pot_id, "a spending reduction is measured in its category"),
    ]
    wrong = {name: [why] for name, is_foreign, value, why in rules if is_foreign and value is not None}
    needed = ["months"] if fund else ["target_minor"]
    needed += ["baseline_minor", "category_id"] if reduction else []
    wrong |= {
        name: [f"is needed for a goal of kind {goal.kind}"] for name in needed if getattr(goal, name) is None
    }
    if goal.pot_id is not None and goal.category_id is not None and not wrong:
        wrong["category_id"] = ["choose a pot or a category"]
    return wrong
