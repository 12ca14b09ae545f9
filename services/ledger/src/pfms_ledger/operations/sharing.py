"""Sharing splits with others: what they owe stands against the book's own category for it, which is made once."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from pfms_common.principal import Principal
from pfms_ledger.db.journal import append
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.share import Share, Sharing, resolve
from pfms_ledger.domain.starting_tree import OWED_TO_ME
from pfms_ledger.domain.transaction import Split
from pfms_ledger.operations.categories import change_of, starting_category
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import categories as queries
from pfms_ledger.queries import settings


async def shared(
    ledger: Ledger,
    principal: Principal,
    transaction_id: UUID,
    splits: tuple[Split, ...],
    sharing: Mapping[UUID, Sharing],
) -> tuple[Split, ...]:
    """The splits with the shares that were asked for; `sharing` is by the split's id."""
    if not sharing:
        return splits
    owed = {
        split.id: resolve(sharing[split.id], split.amount_minor, transaction_id, f"splits.{n}.shares")
        for n, split in enumerate(splits)
        if split.id in sharing
    }
    category_id = await _owed_to_me(ledger, principal)
    apart = (await settings.read(ledger.facts.pool, principal.book_id)).shares == "mine"
    return tuple(
        replace(
            split, shares=tuple(Share(person, minor, category_id, apart) for person, minor in owed[split.id])
        )
        if split.id in owed
        else split
        for split in splits
    )


async def _owed_to_me(ledger: Ledger, principal: Principal) -> UUID:
    """The book's category of what others owe; a book that began without it gets it with its first share."""
    book_id = principal.book_id
    async with ledger.journal.begin_write(book_id) as connection:
        found = await queries.of_key(connection, book_id, OWED_TO_ME.key)
        if found is None:
            made = starting_category(book_id, OWED_TO_ME)
            if await queries.is_taken(connection, book_id, fold(made.name)):
                made = replace(made, name=f"{made.name} ({made.key})")
            await append(
                connection, book_id, [change_of(made, "category.created", 1)], actor=principal.user_id
            )
            found = made.id
    return found
