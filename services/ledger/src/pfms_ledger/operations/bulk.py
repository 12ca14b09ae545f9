"""Changing or deleting many transactions at once: in one append, each item with its own outcome."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import asyncpg

from pfms_common.idempotency import Answer, Claim
from pfms_common.principal import Principal
from pfms_common.problem import NotFound, Refusal, Stale
from pfms_ledger.db.journal import Change, Ref, append, encode
from pfms_ledger.domain.bulk import Wish, changes_for
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.reconciliation import check_delete, check_edit
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations.drafts import edited
from pfms_ledger.operations.recording import Ledger, Recorded, change_of, new_payee
from pfms_ledger.operations.reopening import give_back
from pfms_ledger.queries import transactions as queries
from pfms_ledger.queries.payees import named
from pfms_ledger.queries.transactions import Loaded


@dataclass(frozen=True, slots=True)
class Item:
    """One transaction, in the version that the client saw."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item; `version` is the one it has now, where it is still there."""

    item: Item
    status: Literal["changed", "deleted", "unchanged", "failed"]
    version: int | None = None
    refusal: Refusal | None = None


async def bulk(
    ledger: Ledger,
    principal: Principal,
    items: Sequence[Item],
    wish: Wish | None,
    claim: Claim | None,
    answer: Callable[[Sequence[Outcome]], Answer],
) -> Recorded:
    """Carries the wish out on each item, under the book's lock and in one append; no wish deletes them.

    Args:
        answer: makes the answer of the outcomes; may raise, and then nothing is done.
    """
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        before = await queries.stored_answer(connection, book_id, claim)
        if before is not None and (stored := before.stored) is not None:
            return Recorded(Answer(stored.status, stored.headers, stored.body), before.number, stored)
        present = await queries.load_many(connection, book_id, [item.id for item in items])
        made, payee = await _payee(connection, book_id, wish)
        outcomes: list[Outcome] = []
        changes: list[Change] = []
        refs: list[Ref] = []
        for item in items:
            try:
                loaded = _as_seen(item, present)
                if wish is None:
                    check_delete(loaded.transaction)
                    changes.append(Change("transaction.deleted", item.id, item.version + 1, {"id": item.id}))
                    outcomes.append(Outcome(item, "deleted"))
                    continue
                after = await _after(ledger, principal, loaded.transaction, wish, payee)
            except Refusal as refusal:
                outcomes.append(Outcome(item, "failed", refusal=refusal))
                continue
            if after == loaded.transaction:
                outcomes.append(Outcome(item, "unchanged", item.version))
                continue
            changes.append(change_of(after, "transaction.updated", item.version + 1))
            outcomes.append(Outcome(item, "changed", item.version + 1))
            refs = refs or _newly(after, loaded.transaction, wish)
        answered = answer(outcomes)
        if made and changes:
            changes.insert(0, made)
        changes += await give_back(connection, book_id, [each.id for each in changes if each.is_deletion])
        # A thousand changes take 10 ms to encode, which others need not wait for.
        written = await append(
            connection,
            book_id,
            await asyncio.to_thread(encode, changes, principal.user_id),
            actor=principal.user_id,
            refs=refs,
            claim=claim,
            answer=answered,
        )
    return Recorded(answered, written.number, written.stored)


def _as_seen(item: Item, present: Mapping[UUID, Loaded]) -> Loaded:
    loaded = present.get(item.id)
    if loaded is None:
        raise NotFound("There is no such transaction in this book.")
    if loaded.version != item.version:
        raise Stale(f"It has version {loaded.version} now; read it again.")
    return loaded


async def _after(
    ledger: Ledger,
    principal: Principal,
    before: Transaction,
    wish: Wish,
    payee: tuple[UUID, str] | None,
) -> Transaction:
    after = await edited(ledger, principal, before, changes_for(before, wish))
    if payee is not None:
        after = replace(after, payee_id=payee[0], payee=payee[1])
    check_edit(before, after)
    return after


async def _payee(
    connection: asyncpg.Connection, book_id: UUID, wish: Wish | None
) -> tuple[Change | None, tuple[UUID, str] | None]:
    """The payee that the wish names, and the change that makes it where it is new."""
    name = wish.fields.get("payee") if wish is not None else None
    if name is None:
        return None, None
    known = await named(connection, book_id, fold(name))
    if known is not None:
        return None, known
    made = new_payee(name)
    return made, (made.id, name)


def _newly(after: Transaction, before: Transaction, wish: Wish) -> list[Ref]:
    """The wish's category, where it is new to a transaction: it must be there and in use."""
    if wish.category_id is None or wish.category_id in before.categories:
        return []
    return [Ref("category", wish.category_id, "set.category_id")] if after.categories else []
