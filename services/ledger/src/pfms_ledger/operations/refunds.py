"""Refunds look at what they refund and at its other refunds, so they hold the book's lock while they do."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_common.problem import Invalid, NotFound
from pfms_ledger.db.journal import Change, Ref, append
from pfms_ledger.domain.refund import check_refund, check_refunded, check_total, share_out
from pfms_ledger.domain.transaction import Split, Transaction, whole_splits
from pfms_ledger.operations.drafts import Draft
from pfms_ledger.operations.recording import Ledger, Recorded, change_of, refs_of, with_payee
from pfms_ledger.queries import transactions as queries

type Rule = Callable[[asyncpg.Connection], Awaitable[None]]


async def record_refund(
    ledger: Ledger, principal: Principal, refund: Transaction, draft: Draft, claim: Claim | None
) -> Recorded:
    """Records a refund; without splits it follows the original's."""
    book_id = principal.book_id
    original = await _original(ledger, book_id, refund)
    check_refund(original.type, original.amount_minor, refund.amount_minor)
    if refund.currency != original.currency:
        raise Invalid(
            f"What is refunded is in {original.currency}, the account in {refund.currency}.",
            errors={"account_id": [f"must be in {original.currency}"]},
        )
    splits = refund.splits or tuple(
        Split(share, category_id)
        for category_id, share in share_out(
            refund.amount_minor, [part for part in original.parts if part.amount_minor]
        )
    )
    refund = replace(refund, splits=whole_splits(refund.amount_minor, splits))

    async def write(refund: Transaction, payee: list[Change], refs: list[Ref], answer: Answer) -> Written:
        async def rule(connection: asyncpg.Connection) -> None:
            await _fits(connection, book_id, refund, is_new=True, allow_excess=draft.allow_excess)

        changes = [*payee, change_of(refund, "transaction.created", 1)]
        return await append_under(ledger, principal, rule, changes, refs, claim, answer)

    # Without a word of its own a refund also goes back to what others owed of the original.
    refs = refs_of(
        refund, None, known=frozenset(part.category_id for part in original.parts if part.category_id)
    )
    return await with_payee(ledger, book_id, refund, refs, write, 1)


def rule_of_edit(
    book_id: UUID, before: Transaction, after: Transaction, *, allow_excess: bool
) -> Rule | None:
    """What a new amount must fit to: a refund to its original, an original to its refunds."""
    if after.amount_minor == before.amount_minor or after.type not in {"refund", "standard"}:
        return None

    async def rule(connection: asyncpg.Connection) -> None:
        if after.type == "refund":
            await _fits(connection, book_id, after, is_new=False, allow_excess=allow_excess)
        else:
            refunded = await queries.refunded(connection, book_id, after.id, but=None)
            check_refunded(before.amount_minor, after.amount_minor, refunded, allow_excess=allow_excess)

    return rule


async def check_restored(connection: asyncpg.Connection, book_id: UUID, restored: Transaction) -> None:
    """A deleted transaction may come back when it still fits to its original or to its refunds."""
    if restored.type == "refund":
        await _fits(connection, book_id, restored, is_new=False, allow_excess=False)
        return
    refunded = await queries.refunded(connection, book_id, restored.id, but=None)
    if refunded:
        check_refund(restored.type, restored.amount_minor, refunded)
        check_total(restored.amount_minor, 0, refunded, allow_excess=False)


async def append_under(
    ledger: Ledger,
    principal: Principal,
    rule: Rule,
    changes: Sequence[Change],
    refs: Sequence[Ref],
    claim: Claim | None,
    answer: Answer,
) -> Written:
    """Locks the book, answers a repeated key as before, looks at the rule, and writes."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await queries.stored_answer(connection, book_id, claim)
        if before is not None:
            return before
        await rule(connection)
        return await append(
            connection, book_id, changes, actor=principal.user_id, refs=refs, claim=claim, answer=answer
        )


async def _original(ledger: Ledger, book_id: UUID, refund: Transaction) -> Transaction:
    if refund.related_transaction_id is None:
        raise ValueError("the edge lets no refund without its original through")
    found = await queries.load(
        ledger.facts.pool, book_id, refund.related_transaction_id, "related_transaction_id"
    )
    return found.transaction


async def _fits(
    connection: asyncpg.Connection, book_id: UUID, refund: Transaction, *, is_new: bool, allow_excess: bool
) -> None:
    """A refund goes the other way from its original and fits in it; a deleted original sets an old one no bound."""
    original_id = refund.related_transaction_id
    original = await queries.amount_of(connection, book_id, original_id) if original_id else None
    if original_id is None or original is None:
        if is_new:
            raise NotFound(
                "What is refunded was deleted meanwhile.",
                errors={"related_transaction_id": ["there is no such transaction in this book"]},
            )
        return
    check_refund("standard", original, refund.amount_minor)
    earlier = await queries.refunded(connection, book_id, original_id, but=refund.id)
    check_total(original, earlier, refund.amount_minor, allow_excess=allow_excess)
