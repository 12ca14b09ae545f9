"""Making and changing books."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.db.tables.books import BookRow, MembershipRow
from pfms_auth.domain.membership import check_room_for_book, require_role
from pfms_auth.operations.events import lock, publish
from pfms_auth.queries.books import Book, book, roles_of
from pfms_common.ids import new_id
from pfms_common.problem import NotFound
from pfms_events.contracts.auth import BookCreated, BookMemberAdded, BookUpdated
from pfms_events.outbox import Change


@dataclass(frozen=True, slots=True)
class NewBook:
    id: UUID
    name: str
    base_currency: str
    timezone: str


async def create_book(tx: AsyncSession, user_id: UUID, new: NewBook, now: datetime) -> tuple[Book, int]:
    """Makes a book with its owner. The person and the book are in the transaction's scope."""
    await lock(tx, user_id, new.id)
    check_room_for_book(len(await roles_of(tx, user_id)))
    return await insert_book(tx, user_id, new, now)


async def insert_book(tx: AsyncSession, user_id: UUID, new: NewBook, now: datetime) -> tuple[Book, int]:
    """The book, its owner and their events; answers with the book and its stream's number."""
    membership_id = new_id()
    fields = {"name": new.name, "base_currency": new.base_currency, "timezone": new.timezone}
    await tx.execute(insert(BookRow).values(book_id=new.id, created_at=now, version=1, **fields))
    await tx.execute(
        insert(MembershipRow).values(
            book_id=new.id, user_id=user_id, id=membership_id, role="owner", joined_at=now, version=1
        )
    )
    added = BookMemberAdded(id=membership_id, book_id=new.id, user_id=user_id, role="owner")
    changes = [Change(BookCreated(id=new.id, **fields), new.id, 1), Change(added, membership_id, 1)]
    number = await publish(tx, new.id, changes, actor=user_id, now=now)
    return Book(id=new.id, role="owner", created_at=now, version=1, **fields), number


async def change_book(
    tx: AsyncSession,
    user_id: UUID,
    book_id: UUID,
    changes: Mapping[str, str],
    check: Callable[[int], None],
    now: datetime,
) -> tuple[Book, int]:
    """Renames a book or moves its timezone; its owners may. `check` is given the present version."""
    await lock(tx, book_id)
    present = await book(tx, user_id, book_id)
    if present is None:
        raise NotFound("There is no such book.")
    require_role(present.role, "owner")
    check(present.version)
    version = present.version + 1
    await tx.execute(update(BookRow).where(BookRow.book_id == book_id).values(version=version, **changes))
    changed = await book(tx, user_id, book_id)
    if changed is None:
        raise NotFound("There is no such book.")
    event = BookUpdated(
        id=book_id, name=changed.name, base_currency=changed.base_currency, timezone=changed.timezone
    )
    number = await publish(tx, book_id, [Change(event, book_id, version)], actor=user_id, now=now)
    return changed, number
