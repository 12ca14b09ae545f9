"""Making, changing and deleting categories; the tree of a new book."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_common.idempotency import Answer, Claim, Written
from pfms_common.principal import Principal
from pfms_common.problem import Invalid, NotFound
from pfms_ledger.db.journal import Change, Journal, Ref, append
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.starting_tree import STARTING_TREE, Start
from pfms_ledger.domain.system_category import check_system
from pfms_ledger.operations.taken import id_is_free
from pfms_ledger.queries import categories as queries
from pfms_ledger.queries.transactions import stored_answer


@dataclass(frozen=True, slots=True)
class Category:
    """A category's fields."""

    id: UUID
    name: str
    type: str
    parent_id: UUID | None = None
    key: str | None = None
    spending_class: str | None = None
    is_essential: bool = False
    is_archived: bool = False
    colour: str | None = None
    icon: str | None = None
    note: str | None = None
    position: int = 0
    kind: str | None = None


async def create(
    journal: Journal, principal: Principal, category: Category, claim: Claim | None, answer: Answer
) -> Written:
    """Makes a category; its parent is looked at under the book's lock, so that nobody moves it meanwhile."""
    book_id = principal.book_id
    with id_is_free("a category"):
        async with journal.begin_write(book_id) as connection:
            if (before := await stored_answer(connection, book_id, claim)) is not None:
                return before
            await check_parent(connection, book_id, category)
            return await append(
                connection,
                book_id,
                [change_of(category, "category.created", 1)],
                actor=principal.user_id,
                refs=_parent(category),
                claim=claim,
                answer=answer,
            )


async def change(
    journal: Journal,
    principal: Principal,
    category_id: UUID,
    changes: dict[str, Any],
    check: Callable[[int], None],
) -> tuple[Category, int, Written]:
    """Changes the given fields under the book's lock; answers the category and its new version."""
    book_id = principal.book_id
    async with journal.begin_write(book_id) as connection:
        row = await queries.present(connection, book_id, category_id)
        if row is None:
            raise NotFound("There is no such category in this book.")
        check(row["version"])
        before = Category(**{name: row[name] for name in Category.__slots__})
        after, version = replace(before, **changes), row["version"] + 1
        moved = after.parent_id != before.parent_id
        for name, differs in (("parent_id", moved), ("is_archived", after.is_archived)):
            if differs:
                check_system(before.kind, name)
        if moved:
            await check_parent(connection, book_id, after)
        written = await append(
            connection,
            book_id,
            [change_of(after, "category.updated", version)],
            actor=principal.user_id,
            refs=_parent(after) if moved else [],
        )
    return after, version, written


async def delete(
    journal: Journal,
    session: AsyncSession,
    principal: Principal,
    category_id: UUID,
    check: Callable[[int], None],
) -> Written:
    """Deletes a category that no split and no child refers to."""
    row = await queries.get(session, principal.book_id, category_id)
    if row is None:
        raise NotFound("There is no such category in this book.")
    check(row.version)
    check_system(row.kind, "category_id")
    gone = Change("category.deleted", category_id, row.version + 1, {"id": category_id})
    return await journal.append(principal.book_id, [gone], actor=principal.user_id)


async def provision(connection: asyncpg.Connection, book_id: UUID) -> None:
    """Gives a new book its starting tree, once: the ids follow from the book, so that a second try finds them."""
    if await queries.are_there(connection, book_id):
        return
    changes = [change_of(category, "category.created", 1) for category in starting_categories(book_id)]
    await append(connection, book_id, changes, actor=None)


def starting_categories(book_id: UUID) -> list[Category]:
    """The starting tree as categories of this book, in order."""

    def grown(starts: Sequence[Start], parent_id: UUID | None) -> list[Category]:
        made: list[Category] = []
        for start in starts:
            category = replace(starting_category(book_id, start), parent_id=parent_id)
            made += [category, *grown(start.children, category.id)]
        return made

    return [replace(category, position=n) for n, category in enumerate(grown(STARTING_TREE, None), start=1)]


def starting_category(book_id: UUID, start: Start) -> Category:
    """A category of the starting tree; its id follows from the book and its key."""
    return Category(
        uuid5(book_id, f"category {start.key}"),
        start.name,
        start.type,
        key=start.key,
        spending_class=start.spending_class,
        is_essential=start.is_essential,
        kind=start.kind,
    )


async def check_parent(connection: asyncpg.Connection, book_id: UUID, category: Category) -> None:
    """The parent is of the same type, and not below its own child."""
    if category.parent_id is None:
        return
    parent = await queries.present(connection, book_id, category.parent_id)
    if parent is None:
        raise NotFound(
            "There is no such parent category in this book.",
            errors={"parent_id": ["there is no such category in this book"]},
        )
    check_system(parent["kind"], "parent_id")
    if parent["type"] != category.type:
        raise Invalid(
            f"The parent is of type {parent['type']}.",
            errors={"parent_id": [f"must be of type {category.type}"]},
        )
    if category.parent_id in await queries.with_descendants(connection, book_id, category.id):
        raise Invalid(
            "A category cannot be below itself.", errors={"parent_id": ["is this category or below it"]}
        )


def _parent(category: Category) -> list[Ref]:
    return [Ref("category", category.parent_id, "parent_id")] if category.parent_id else []


def change_of(category: Category, event: str, version: int) -> Change:
    return Change(event, category.id, version, asdict(category), folded=fold(category.name))


def from_data(data: Mapping[str, Any]) -> Category:
    """A category from an event's JSON."""
    values: dict[str, Any] = {name: data.get(name) for name in Category.__slots__}
    values |= {
        "id": UUID(data["id"]),
        "parent_id": UUID(data["parent_id"]) if data.get("parent_id") else None,
    }
    return Category(**values)
