"""Posting what another service asks for: a contribution to a goal is a transfer into its pot, at most once.

The transaction has the contribution's id, so it answers by being there, and a second one cannot be made. What cannot
be posted is answered by an event of its own, once.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from pfms_common.problem import Conflict, Invalid, NotFound
from pfms_events.contracts.budget.goal import GoalContributionRequested
from pfms_events.contracts.ledger.transaction import TransactionRefused, refusal_id
from pfms_events.envelope import Envelope
from pfms_events.outbox import Change as Told
from pfms_events.outbox import append as append_events
from pfms_ledger.db.journal import append
from pfms_ledger.domain.bounds import OutOfBounds, check_amount, check_date
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.domain.transfer import BadTransfer, Spot, places
from pfms_ledger.operations.recording import at_its_worth, change_of, refs_of
from pfms_ledger.queries import pots

SOURCE = "goal"

_ANSWERS = (Invalid, NotFound, Conflict, BadTransfer, OutOfBounds)
"""What stays so however often it is tried; all else is tried again."""

_ANSWERED = """
SELECT type, data ->> 'source' AS source FROM event
WHERE stream_id = $1 AND aggregate_id = ANY ($2) AND aggregate_version = 1
"""
_CURRENCY = "SELECT currency FROM account WHERE book_id = $1 AND id = $2"


async def take(connection: asyncpg.Connection, envelopes: Sequence[Envelope], now: datetime) -> None:
    """Posts or refuses each request; the caller's transaction holds the books' heads."""
    for envelope in envelopes:
        if isinstance(envelope.data, GoalContributionRequested):
            await _answer(connection, envelope, envelope.data, now)


async def _answer(
    connection: asyncpg.Connection, envelope: Envelope, request: GoalContributionRequested, now: datetime
) -> None:
    book_id, ids = envelope.stream_id, [request.id, refusal_id(request.id)]
    before = await connection.fetch(_ANSWERED, book_id, ids)
    if any(row["type"] == TransactionRefused.EVENT or row["source"] == SOURCE for row in before):
        return
    await connection.execute("SAVEPOINT request")
    try:
        if before:
            raise Conflict("There is another transaction with this id.", errors={"id": ["is taken"]})
        made = await _transfer(connection, book_id, request, envelope.actor, now)
        change = change_of(made, "transaction.created", 1)
        await append(connection, book_id, [change], actor=envelope.actor, refs=refs_of(made, None))
    except _ANSWERS as refusal:
        await connection.execute("ROLLBACK TO SAVEPOINT request")
        told = TransactionRefused(
            id=request.id,
            source=SOURCE,
            subject_id=request.goal_id,
            detail=refusal.detail,
            errors=refusal.errors,
        )
        await append_events(
            connection, book_id, [Told(told, refusal_id(request.id), 1)], actor=envelope.actor
        )
    else:
        await connection.execute("RELEASE SAVEPOINT request")


async def _transfer(
    connection: asyncpg.Connection,
    book_id: UUID,
    request: GoalContributionRequested,
    actor: UUID | None,
    now: datetime,
) -> Transaction:
    check_amount(request.amount_minor)
    check_date(request.date, now.date())
    pot = await pots.present(connection, book_id, request.pot_id)
    if pot is None:
        raise NotFound("There is no such pot in this book any more.", errors={"pot_id": ["is gone"]})
    currency = await connection.fetchval(_CURRENCY, book_id, request.from_account_id)
    if currency is None:
        raise NotFound("There is no such account in this book.", errors={"from_account_id": ["is not there"]})
    if currency != request.currency:
        raise Invalid(
            f"The account is in {currency}.", errors={"from_account_id": [f"must be in {request.currency}"]}
        )
    left, reached = places(
        request.amount_minor,
        Spot(request.from_account_id, currency),
        Spot(pot["account_id"], pot["currency"], request.pot_id),
        None,
    )
    made = Transaction(
        id=request.id,
        type="transfer",
        status="cleared",
        date=request.date,
        amount_minor=request.amount_minor,
        currency=currency,
        splits=(),
        source=left,
        target=reached,
        description=request.goal_name,
        origin=SOURCE,
        created_by=actor,
    )
    return await at_its_worth(connection, book_id, made)
