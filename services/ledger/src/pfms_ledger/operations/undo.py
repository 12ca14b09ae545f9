"""Undoing one event: the reverse is appended as an event like any other, under the book's lock."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from pfms_common.idempotency import Answer, Claim
from pfms_common.principal import Principal
from pfms_common.problem import Conflict, Invalid, NotFound, Refusal
from pfms_common.rate import Rate
from pfms_ledger.db.imports import claim as claim_with
from pfms_ledger.db.journal import Change, Ref, append
from pfms_ledger.db.restatements import mark
from pfms_ledger.domain.account import check_close
from pfms_ledger.domain.reconciliation import check_delete, check_edit
from pfms_ledger.domain.transaction import check_income_flag
from pfms_ledger.domain.transaction import from_data as transaction_from
from pfms_ledger.domain.undo import State, Step, is_same, undo
from pfms_ledger.domain.worth import Worth
from pfms_ledger.operations import (
    accounts,
    attachments,
    categories,
    income_sources,
    plans,
    pots,
    rebuild,
    reconciliations,
)
from pfms_ledger.operations.recording import Ledger, Recorded, change_of, refs_of
from pfms_ledger.operations.refunds import check_restored, rule_of_edit
from pfms_ledger.operations.reopening import give_back, settle_again, unskip
from pfms_ledger.queries import accounts as account_queries
from pfms_ledger.queries import pots as pot_queries
from pfms_ledger.queries import reconciliations as reconciliation_queries
from pfms_ledger.queries import transactions as transaction_queries
from pfms_ledger.queries import undo as queries
from pfms_ledger.queries.rates import there, worth

type Check = Callable[[asyncpg.Connection, UUID, State, State], Awaitable[list[Ref]]]


class NotUndoable(Refusal):
    """The event is not a change that a person could make, so there is no reverse of it."""


async def undo_event(ledger: Ledger, principal: Principal, event_id: UUID, claim: Claim | None) -> Recorded:
    """Takes back what one event changed; answers the thing as it is then.

    Raises:
        NotFound; NotUndoable; ChangedSince: a later event changed the same field; Conflict: what it would refer to
        again is gone or closed; what the rules of the thing refuse.
    """
    async with ledger.journal.begin_write(principal.book_id) as connection:
        first = await _answered(connection, principal, claim)
        return first or await _undo(connection, principal, event_id, claim)


async def undo_last(
    ledger: Ledger, principal: Principal, transaction_id: UUID, claim: Claim | None
) -> Recorded:
    """Takes back the last change of a transaction, its deletion too."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        if (first := await _answered(connection, principal, claim)) is not None:
            return first
        event_id = await queries.newest_event(connection, book_id, "transaction", transaction_id)
        if event_id is None:
            raise NotFound("There is no such transaction in this book.")
        return await _undo(connection, principal, event_id, claim)


async def _answered(
    connection: asyncpg.Connection, principal: Principal, claim: Claim | None
) -> Recorded | None:
    first = await transaction_queries.stored_answer(connection, principal.book_id, claim)
    if first is None or first.stored is None:
        return None
    stored = first.stored
    return Recorded(Answer(stored.status, stored.headers, stored.body), first.number, stored)


async def _undo(
    connection: asyncpg.Connection, principal: Principal, event_id: UUID, claim: Claim | None
) -> Recorded:
    book_id = principal.book_id
    found = await queries.event(connection, book_id, event_id)
    if found is None:
        raise NotFound("There is no such event in this book.")
    if found.type == "recurring.skipped":
        return await _undo_skip(connection, principal, found, claim)
    if not rebuild.is_made_of(found.aggregate):
        raise NotUndoable(_HOW.get(found.aggregate, "It follows from other events: undo those."))
    before = as_today(found.aggregate, found.before.data if found.before else None)
    steps = [Step(each.event_id, as_today(found.aggregate, each.data)) for each in found.versions]
    now, version = steps[-1].state, found.versions[-1].version
    after = undo(before, steps)
    after = with_payee_name(after, await present_payees(connection, book_id, [after]))
    if not is_same(now, after):
        told = await worth_of(connection, book_id, [after])
        change = reverse(found.aggregate, found.id, now, after, version, found.made, told)
        await append_reverse(connection, book_id, principal.user_id, [(change, now, after)])
        version = change.version
    body = await _document(connection, book_id, found.aggregate, found.id, after or now, version)
    shown = body if after is not None else {**body, "deleted": True}
    return await _answer(connection, book_id, shown, version, claim)


async def _undo_skip(
    connection: asyncpg.Connection, principal: Principal, found: queries.Found, claim: Claim | None
) -> Recorded:
    book_id = principal.book_id
    change, is_new = await reopened(connection, book_id, found.versions[0].data or {})
    if is_new:
        await append(connection, book_id, [change], actor=principal.user_id)
    shown = {**change.data, "version": change.version}
    return await _answer(connection, book_id, shown, change.version, claim)


async def reopened(
    connection: asyncpg.Connection, book_id: UUID, skipped: Mapping[str, Any]
) -> tuple[Change, bool]:
    """What takes back a skip, by its event's data, and whether it is to be appended."""
    nominal = date.fromisoformat(skipped["nominal_date"])
    return await unskip(connection, book_id, UUID(skipped["plan_id"]), nominal)


async def _answer(
    connection: asyncpg.Connection, book_id: UUID, shown: Mapping[str, Any], version: int, claim: Claim | None
) -> Recorded:
    answer = Answer(200, {"ETag": f'"{version}"'}, orjson.dumps(shown, default=str))
    if claim is not None:
        await claim_with(connection, book_id, claim, answer)
    number = await queries.book_number(connection, book_id)
    return Recorded(answer, number)


_HOW = {
    "recurring": "An occurrence follows its transaction: change or delete that, or skip the occurrence.",
    "import": "An import is taken back as a whole: DELETE /imports/{id}, or POST /ledger/undo with its id.",
}


def as_today(aggregate: str, state: State) -> State:
    """A state as it would be written today: with the fields that came later, in JSON."""
    if state is None:
        return None
    change = rebuild.change_of(aggregate, state, f"{aggregate}.updated", 1)
    written: Mapping[str, Any] = orjson.loads(orjson.dumps(change.data, default=str))
    return written


async def worth_of(connection: asyncpg.Connection, book_id: UUID, states: Iterable[State]) -> Worth:
    """What tells the worth of these transactions by the rates that there are now."""
    return await worth(
        connection, book_id, list({state["currency"] for state in states if state and "splits" in state})
    )


def reverse(
    aggregate: str, thing_id: UUID, now: State, after: State, version: int, made: int, told: Worth
) -> Change:
    """The change from one state to an earlier one; what is restored keeps the place of what was deleted."""
    if after is None:
        return Change(f"{aggregate}.deleted", thing_id, version + 1, {"id": thing_id})
    if aggregate == "transaction":
        change = change_of(told.of(transaction_from(after)), "transaction.updated", version + 1)
    else:
        change = rebuild.change_of(aggregate, after, f"{aggregate}.updated", version + 1)
    if now is None and change.entry is not None:
        return replace(change, entry={**change.entry, "number": made})
    return change


async def append_reverse(
    connection: asyncpg.Connection, book_id: UUID, actor: UUID, changes: list[tuple[Change, State, State]]
) -> None:
    """Appends changes of one kind, each with the states it leads from and to, when the rules allow all of them."""
    refs: list[Ref] = []
    for change, now, after in changes:
        if (check := _CHECKS.get(change.aggregate)) is not None:
            refs += await check(connection, book_id, now, after)
    marks = await _marks(connection, book_id, changes)
    written = [*(change for change, _, _ in changes), *marks]
    try:
        await append(connection, book_id, written, actor=actor, refs=refs)
    except (NotFound, Invalid) as error:
        raise Conflict(f"It cannot be as it was: {error.detail}", errors=error.errors) from error


async def _marks(
    connection: asyncpg.Connection, book_id: UUID, changes: list[tuple[Change, State, State]]
) -> list[Change]:
    """What becomes of plans' occurrences with the transactions that go and that come back."""
    of_transactions = [each for each in changes if each[0].aggregate == "transaction"]
    gone = [change.id for change, _, after in of_transactions if after is None]
    back = [transaction_from(after) for _, now, after in of_transactions if now is None and after is not None]
    marks = await give_back(connection, book_id, gone) if gone else []
    return [*marks, *await settle_again(connection, book_id, back)]


async def present_payees(
    connection: asyncpg.Connection, book_id: UUID, states: Iterable[State]
) -> dict[UUID, str]:
    """The names that the payees of these states have now."""
    ids = {UUID(state["payee_id"]) for state in states if state and state.get("payee_id")}
    return await queries.payee_names(connection, book_id, list(ids)) if ids else {}


def with_payee_name(state: State, payees: Mapping[UUID, str]) -> State:
    """A state that names a payee, with the name that it has now."""
    if state is None or not state.get("payee_id"):
        return state
    payee_id = UUID(state["payee_id"])
    if payee_id not in payees:
        raise Conflict("Its payee was deleted since: undo that first.")
    return {**state, "payee": payees[payee_id]}


async def _document(
    connection: asyncpg.Connection, book_id: UUID, aggregate: str, thing_id: UUID, state: State, version: int
) -> Mapping[str, Any]:
    """The thing as its own GET shows it; what is deleted, as it was last."""
    document = {**(state or {"id": thing_id}), "version": version}
    if aggregate == "transaction":
        found = await transaction_queries.document(connection, book_id, thing_id)
        document = orjson.loads(found) if found is not None else {**document, "related_deleted": False}
    elif aggregate == "account" and (row := await account_queries.present(connection, book_id, thing_id)):
        document |= {name: row[name] for name in ("balance_minor", "cleared_balance_minor")}
    elif aggregate == "pot" and (row := await pot_queries.present(connection, book_id, thing_id)):
        document |= {name: row[name] for name in ("balance_minor", "account_paid_minor")}
    return document


async def _check_account(
    connection: asyncpg.Connection, book_id: UUID, now: State, after: State
) -> list[Ref]:
    """A closed account stays at zero, and what statements agreed on stays."""
    if now is not None and after is not None:
        before, back = accounts.from_data(now), accounts.from_data(after)
        await accounts.check_opening_of(connection, book_id, before, back)
    if after is not None and not after["is_active"]:
        balance = after["opening_balance_minor"]
        row = await account_queries.present(connection, book_id, UUID(after["id"]))
        if now is not None and row is not None:
            balance += row["balance_minor"] - now["opening_balance_minor"]
        check_close(balance, "is_active")
    return []


async def _check_attachment(
    connection: asyncpg.Connection, book_id: UUID, now: State, after: State
) -> list[Ref]:
    """What comes back has its transaction, its file and room."""
    await attachments.check_undo(connection, book_id, now, after)
    return []


async def _check_category(
    connection: asyncpg.Connection, book_id: UUID, _now: State, after: State
) -> list[Ref]:
    """The tree stays a tree."""
    if after is not None:
        await categories.check_parent(connection, book_id, categories.from_data(after))
    return []


async def _check_pot(connection: asyncpg.Connection, book_id: UUID, now: State, after: State) -> list[Ref]:
    """The account's pots still have different names."""
    if after is not None:
        before = pots.from_data(now) if now is not None else None
        await pots.check_name(connection, book_id, before, pots.from_data(after))
    return []


async def _check_income_source(
    connection: asyncpg.Connection, book_id: UUID, now: State, after: State
) -> list[Ref]:
    """Active sources still have different names."""
    if after is not None:
        before = income_sources.from_data(now) if now is not None else None
        await income_sources.check_name(connection, book_id, before, income_sources.from_data(after))
    return []


async def _check_rate(connection: asyncpg.Connection, book_id: UUID, now: State, after: State) -> list[Ref]:
    """What the rate converted, or converts again, is told anew. A pair has one rate a day, in either direction."""
    if now is None and after is not None:
        restored = Rate(after["base"], after["quote"], date.fromisoformat(after["date"]), after["rate"])
        if restored.inverse_key in await there(connection, book_id, [restored]):
            raise Conflict(f"{restored.quote}/{restored.base} of {restored.date} is set by now.")
    pairs = [
        (state["base"], state["quote"], date.fromisoformat(state["date"])) for state in (now, after) if state
    ]
    await mark(connection, book_id, pairs)
    return []


async def _check_transaction(
    connection: asyncpg.Connection, book_id: UUID, now: State, after: State
) -> list[Ref]:
    """What is reconciled stays, refunds fit; an account must be open, while an archived category is history."""
    if after is None:
        if now is not None:
            gone = transaction_from(now)
            is_left_over = (
                gone.origin == reconciliations.SOURCE
                and not await reconciliation_queries.is_settled(connection, book_id, gone.id)
            )
            check_delete(gone, is_left_over=is_left_over)
        return []
    changed, present = transaction_from(after), transaction_from(now) if now is not None else None
    check_income_flag(changed)
    if present is None:
        await check_restored(connection, book_id, changed)
    else:
        check_edit(present, changed)
        rule = rule_of_edit(book_id, present, changed, allow_excess=False)
        if rule is not None:
            await rule(connection)
    return [ref for ref in refs_of(changed, present) if ref.kind != "category"]


async def _check_plan(connection: asyncpg.Connection, book_id: UUID, now: State, after: State) -> list[Ref]:
    """A plan that made transactions stays."""
    if after is None and now is not None:
        await plans.check_unused(connection, book_id, UUID(now["id"]))
    return []


_CHECKS: Mapping[str, Check] = {
    "account": _check_account,
    "attachment": _check_attachment,
    "category": _check_category,
    "income_source": _check_income_source,
    "plan": _check_plan,
    "pot": _check_pot,
    "rate": _check_rate,
    "transaction": _check_transaction,
}
