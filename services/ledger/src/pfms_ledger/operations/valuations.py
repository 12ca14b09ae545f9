"""Valuing an asset or a liability by hand, under the book's lock, so that the balance stays what is adjusted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.ids import new_id
from pfms_common.principal import Principal
from pfms_common.problem import NotFound
from pfms_ledger.db.journal import Change, Ref, append
from pfms_ledger.domain.reconciliation import check_delete, check_edit
from pfms_ledger.domain.transaction import Split, Transaction, resized
from pfms_ledger.domain.valuation import SOURCE, check_adjustment, check_opened, check_valued
from pfms_ledger.operations.recording import Ledger, at_its_worth, change_of
from pfms_ledger.queries import accounts as account_queries
from pfms_ledger.queries import transactions as transaction_queries
from pfms_ledger.queries import valuations as queries
from pfms_ledger.queries.valuations import Valuation

type Answered = Callable[[Valuation], Answer]


async def value(
    ledger: Ledger,
    principal: Principal,
    account_id: UUID,
    day: date,
    value_minor: int,
    claim: Claim | None,
    answered: Answered,
) -> tuple[Answer, Written]:
    """Makes `value_minor` the balance at the end of the day; a second valuation of a day replaces the first, and the
        same one again changes nothing.

    Raises:
        NotFound, Invalid, NotValued, Reconciled, and what `append` raises.
    """
    book_id = principal.book_id
    await ledger.check_day(book_id, day)
    async with ledger.journal.begin_write(book_id) as connection:
        account = await _account(connection, book_id, account_id)
        before = await transaction_queries.stored_answer(connection, book_id, claim)
        if before is not None and before.stored is not None:
            stored = before.stored
            return Answer(stored.status, stored.headers, stored.body), before
        check_valued(account["type"])
        check_opened(day, account["opened_on"])
        moved = value_minor - await queries.held(connection, book_id, account_id, day)
        known = await queries.from_day(connection, book_id, account_id, day)
        same = next((each for each in known if each.date == day), None)
        if same is not None and not moved:
            answer = answered(same)
            return answer, await append(
                connection, book_id, [], actor=principal.user_id, claim=claim, answer=answer
            )
        if same is None:
            made = await at_its_worth(connection, book_id, _adjustment(principal, account, day, moved))
            changes = [change_of(made, "transaction.created", 1)]
            valued = Valuation(made.id, day, value_minor, moved, 1)
        else:
            changes = [await _moved_by(connection, book_id, same, moved)]
            valued = replace(
                same,
                value_minor=value_minor,
                adjustment_minor=same.adjustment_minor + moved,
                version=same.version + 1,
            )
        check_adjustment(valued.adjustment_minor)
        later = next((each for each in known if each.date > day), None)
        if later is not None:
            changes.append(await _moved_by(connection, book_id, later, -moved))
        answer = answered(valued)
        written = await append(
            connection,
            book_id,
            changes,
            actor=principal.user_id,
            refs=[Ref("account", account_id, "account_id", account["currency"])],
            claim=claim,
            answer=answer,
        )
    return answer, written


async def delete(
    ledger: Ledger, principal: Principal, account_id: UUID, valuation_id: UUID, check: Callable[[int], None]
) -> Written:
    """Takes a valuation back; the next one keeps its value."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        await _account(connection, book_id, account_id)
        found = await transaction_queries.loaded(connection, book_id, valuation_id)
        if found is None or found.transaction.account_id != account_id or found.transaction.origin != SOURCE:
            raise NotFound("There is no such valuation of this account.")
        check(found.version)
        check_delete(found.transaction)
        gone = [Change("transaction.deleted", valuation_id, found.version + 1, {"id": valuation_id})]
        known = await queries.from_day(connection, book_id, account_id, found.transaction.date)
        later = next((each for each in known if each.date > found.transaction.date), None)
        if later is not None:
            gone.append(await _moved_by(connection, book_id, later, found.transaction.amount_minor))
        return await append(connection, book_id, gone, actor=principal.user_id)


async def _account(connection: asyncpg.Connection, book_id: UUID, account_id: UUID) -> asyncpg.Record:
    account = await account_queries.present(connection, book_id, account_id)
    if account is None:
        raise NotFound("There is no such account in this book.")
    return account


async def _moved_by(
    connection: asyncpg.Connection, book_id: UUID, valuation: Valuation, amount_minor: int
) -> Change:
    """A valuation whose adjustment moves so much more."""
    found = await transaction_queries.loaded(connection, book_id, valuation.id)
    if found is None:
        raise AssertionError("unreachable: the valuation was read under the same lock")
    before = found.transaction
    after = await at_its_worth(connection, book_id, resized(before, before.amount_minor + amount_minor))
    check_edit(before, after)
    check_adjustment(after.amount_minor)
    return change_of(after, "transaction.updated", found.version + 1)


def _adjustment(principal: Principal, account: asyncpg.Record, day: date, amount_minor: int) -> Transaction:
    return Transaction(
        id=new_id(),
        type="adjustment",
        status="cleared",
        date=day,
        amount_minor=amount_minor,
        currency=account["currency"],
        splits=(Split(amount_minor),),
        account_id=account["id"],
        origin=SOURCE,
        created_by=principal.user_id,
    )
