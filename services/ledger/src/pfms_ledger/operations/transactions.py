"""Recording, editing and deleting transactions."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_ledger.db.journal import Change, Ref, append
from pfms_ledger.domain import valuation
from pfms_ledger.domain.bounds import check_amount
from pfms_ledger.domain.reconciliation import check_delete, check_edit
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations.drafts import Draft, composed, edited
from pfms_ledger.operations.recording import Ledger, Recorded, change_of, refs_of, unless_answered, with_payee
from pfms_ledger.operations.refunds import append_under, record_refund, rule_of_edit
from pfms_ledger.operations.reopening import give_back
from pfms_ledger.queries import transactions as queries


async def create(ledger: Ledger, principal: Principal, draft: Draft, claim: Claim | None) -> Recorded:
    """Records one transaction.

    Raises:
        NotFound, Invalid, Conflict (the chosen id is taken), SplitsDoNotAddUp, BadTransfer, OverRefunded,
        NotRefundable, and what `append` raises.
    """
    return await unless_answered(ledger, principal, claim, _create(ledger, principal, draft, claim))


async def _create(ledger: Ledger, principal: Principal, draft: Draft, claim: Claim | None) -> Recorded:
    check_amount(draft.amount_minor)
    book_id = principal.book_id
    await ledger.check_day(book_id, draft.date)
    transaction = await composed(ledger, principal, draft)
    if draft.type == "refund":
        return await record_refund(ledger, principal, transaction, draft, claim)

    async def write(
        transaction: Transaction, payee: list[Change], refs: list[Ref], answer: Answer
    ) -> Written:
        changes = [*payee, change_of(transaction, "transaction.created", 1)]
        return await ledger.journal.append(
            book_id, changes, actor=principal.user_id, refs=refs, claim=claim, answer=answer
        )

    return await with_payee(ledger, book_id, transaction, refs_of(transaction, None), write, 1)


async def edit(
    ledger: Ledger,
    principal: Principal,
    transaction_id: UUID,
    changes: dict[str, Any],
    claim: Claim | None,
    check: Callable[[int], None],
) -> Recorded:
    """Changes the given fields of a transaction.

    Args:
        changes: field of `Draft` → new value, for the fields that were given.
        check: refuses when the present version is not the one the client saw.
    """
    edited = _edit(ledger, principal, transaction_id, changes, claim, check)
    return await unless_answered(ledger, principal, claim, edited)


async def _edit(
    ledger: Ledger,
    principal: Principal,
    transaction_id: UUID,
    changes: dict[str, Any],
    claim: Claim | None,
    check: Callable[[int], None],
) -> Recorded:
    book_id = principal.book_id
    found = await queries.load(ledger.facts.pool, book_id, transaction_id)
    check(found.version)
    before = found.transaction
    after = await edited(ledger, principal, before, changes)
    check_edit(before, after)
    valuation.check_edit(before, after)
    version = found.version + 1
    refs = refs_of(after, before)

    async def write(after: Transaction, payee: list[Change], refs: list[Ref], answer: Answer) -> Written:
        appended = [*payee, change_of(after, "transaction.updated", version)]
        rule = rule_of_edit(book_id, before, after, allow_excess=changes.get("allow_excess", False))
        if rule is not None:
            return await append_under(ledger, principal, rule, appended, refs, claim, answer)
        return await ledger.journal.append(
            book_id, appended, actor=principal.user_id, refs=refs, claim=claim, answer=answer
        )

    return await with_payee(ledger, book_id, after, refs, write, version)


async def delete(
    ledger: Ledger, principal: Principal, transaction_id: UUID, check: Callable[[int], None]
) -> int:
    """Deletes a transaction; its history stays, and refunds of it keep pointing at it. What it was an occurrence of
    a plan for is open again. Answers the book's number.
    """
    book_id = principal.book_id
    found = await queries.load(ledger.facts.pool, book_id, transaction_id)
    check(found.version)
    check_delete(found.transaction)
    gone = Change("transaction.deleted", transaction_id, found.version + 1, {"id": transaction_id})
    async with ledger.journal.begin_write(book_id) as connection:
        opened = await give_back(connection, book_id, [transaction_id])
        return (await append(connection, book_id, [gone, *opened], actor=principal.user_id)).number
