"""Contributing to goals: noted where a goal has no pot, else asked of the ledger and settled by its answer."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from pfms_budget.domain.goal import NotContributed, check_fillable
from pfms_budget.operations import evaluating, log
from pfms_budget.operations.goals import present
from pfms_budget.operations.news import Key
from pfms_budget.operations.work import Work
from pfms_budget.queries import contributions as queries
from pfms_budget.queries import goals
from pfms_budget.queries.contributions import Contribution
from pfms_budget.queries.goals import Goal
from pfms_common.clock import today_in
from pfms_common.ids import new_id
from pfms_common.problem import Conflict, Invalid, NotFound
from pfms_events import saga
from pfms_events.contracts.budget.goal import GoalContributionRequested
from pfms_events.saga import Answer, Request

ASKING = (GoalContributionRequested,)
"""What the budget asks others for."""

_KEEP = """
INSERT INTO goal_contribution (book_id, id, goal_id, amount_minor, currency, date, from_account_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def contribute(
    work: Work,
    goal_id: UUID,
    amount_minor: int,
    *,
    chosen_id: UUID | None,
    day: date | None,
    account_id: UUID | None,
) -> Contribution:
    """Notes the contribution; one to a pot is a transfer that the ledger is asked for.

    Raises:
        NotFound; NotContributed: the goal is paused, or filled otherwise; Invalid: an account without need, or in
        another currency; Conflict: the id is taken.
    """
    goal = await present(work, goal_id)
    check_fillable(goal.kind, goal.status, has_category=goal.category_id is not None)
    contribution_id = chosen_id or new_id()
    if await queries.is_there(work.connection, work.book_id, contribution_id):
        raise Conflict("There is a contribution with this id already.", errors={"id": ["is taken"]})
    zone = (await goals.books(work.connection, [work.book_id]))[work.book_id]["timezone"]
    day = day or today_in(zone, work.now)
    source = await _source(work, goal, account_id)
    await work.connection.execute(
        _KEEP, work.book_id, contribution_id, goal.id, amount_minor, goal.currency, day, source, work.now
    )
    if goal.pot_id is None or source is None:
        await evaluating.evaluate(work.connection, [work.book_id], work.now, actor=work.user_id)
    else:
        event = GoalContributionRequested(
            id=contribution_id,
            goal_id=goal.id,
            goal_name=goal.name,
            pot_id=goal.pot_id,
            from_account_id=source,
            amount_minor=amount_minor,
            currency=goal.currency,
            date=day,
        )
        asked = Request(work.book_id, contribution_id, goal.id, event, work.user_id, log.tracing())
        await saga.begin(work.connection, asked, work.now)
    made = await queries.get(work.connection, work.book_id, goal.id, contribution_id)
    if made is None:
        raise AssertionError("unreachable: it was written in this transaction")
    return made


async def settle(
    connection: asyncpg.Connection, answers: Mapping[Key, Mapping[str, Any] | None], now: datetime
) -> None:
    """What the ledger says of transactions that it was asked for; None: they are posted."""
    await saga.end(connection, [Answer(book, key, refusal) for (book, key), refusal in answers.items()], now)


async def _source(work: Work, goal: Goal, account_id: UUID | None) -> UUID | None:
    """The account that the money comes from: the pot's own where none is named; None where no money moves."""
    if goal.pot_id is None:
        if account_id is not None:
            why = "a goal without a pot is only noted: no money moves"
            raise Invalid(f"Leave the account out: {why}.", errors={"from_account_id": [why]})
        return None
    pot = await goals.pot(work.connection, work.book_id, goal.pot_id)
    if pot is None:
        raise NotContributed(
            "The goal's pot was deleted; choose another.", errors={"goal_id": ["has no pot any more"]}
        )
    if account_id is None:
        of_pot: UUID = pot["account_id"]
        return of_pot
    currency = await queries.currency_of(work.connection, work.book_id, account_id)
    if currency is None:
        wrong = {"from_account_id": ["there is no such account in this book"]}
        raise NotFound("There is no such account in this book.", errors=wrong)
    if currency != goal.currency:
        wrong = {"from_account_id": [f"must be in {goal.currency}"]}
        raise Invalid(f"The account is in {currency}, the goal in {goal.currency}.", errors=wrong)
    return account_id
