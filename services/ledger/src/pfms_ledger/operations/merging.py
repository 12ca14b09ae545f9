"""Merging one category or payee into another: every transaction moves by an event, a batch at a time.

Who writes meanwhile is never overwritten: a batch is read and written under the book's lock, and the merged thing
goes in the transaction that finds nothing left to move.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self
from uuid import UUID

import asyncpg

from pfms_common.problem import Conflict, InUse, Invalid, NotFound
from pfms_ledger.db.journal import MOST_CHANGES, Change, append
from pfms_ledger.domain.alias import whole_aliases
from pfms_ledger.domain.merging import check_merge
from pfms_ledger.domain.names import fold
from pfms_ledger.domain.system_category import check_system
from pfms_ledger.domain.transaction import Transaction
from pfms_ledger.operations import categories, payees, plans
from pfms_ledger.operations.categories import Category
from pfms_ledger.operations.lengthy import Progress, Step
from pfms_ledger.operations.recording import change_of
from pfms_ledger.queries import categories as category_queries
from pfms_ledger.queries import merging as queries
from pfms_ledger.queries import payees as payee_queries
from pfms_ledger.queries.import_rows import Standing, standing


class Merge(Protocol):
    """What differs between the things that can be merged."""

    book_id: UUID
    source_id: UUID
    into_id: UUID

    async def check(self, connection: asyncpg.Connection) -> None:
        """Refuses what cannot be merged, as it stands now."""

    async def found(self, connection: asyncpg.Connection, limit: int) -> list[UUID]:
        """Some of the transactions that are left to move; fewer than `limit` only when these are all."""

    def moved(self, transaction: Transaction) -> Transaction:
        """The transaction after the merge."""

    async def finish(self, connection: asyncpg.Connection, actor: UUID) -> None:
        """Puts the merged thing away; nothing refers to it any more."""


def _changes(found: Sequence[Standing], wanted: Merge) -> list[Change]:
    return [change_of(wanted.moved(one.transaction), "transaction.updated", one.version + 1) for one in found]


@dataclass(slots=True)
class _Merge:
    """A merge as work of many batches."""

    book_id: UUID
    source_id: UUID
    into_id: UUID

    @classmethod
    def wanting(cls, book_id: UUID, wanted: Mapping[str, Any]) -> Self:
        return cls(book_id, UUID(wanted["source_id"]), UUID(wanted["into_id"]))

    @property
    def wanted(self) -> Mapping[str, str]:
        return {"source_id": str(self.source_id), "into_id": str(self.into_id)}

    async def batch(self: "Merge", connection: asyncpg.Connection, actor: UUID, _at: int, /) -> Step:
        """Moves some transactions; what is moved is no longer found, so each batch begins at the beginning."""
        await self.check(connection)
        ids = await self.found(connection, MOST_CHANGES)
        if ids:
            found = await standing(connection, self.book_id, ids)
            changes = await asyncio.to_thread(_changes, list(found.values()), self)
            await append(connection, self.book_id, changes, actor=actor)
        if await self.found(connection, 1):
            return Step(len(ids), next=0)
        await self.finish(connection, actor)
        return Step(len(ids))

    def shown(self, progress: Progress) -> Mapping[str, Any]:
        return {
            "status": "merged" if progress.is_done else "merging",
            "into": self.into_id,
            "moved": progress.changed,
            "correlation_id": progress.correlation_id,
        }


@dataclass(slots=True)
class CategoryMerge(_Merge):
    """A category goes into another of its type: its splits, its children and the plans that name it move there, and
    it is deleted, or archived where something else still refers to it.
    """

    kind: ClassVar[str] = "merge_categories"

    async def check(self, connection: asyncpg.Connection) -> None:
        source, into = await self._both(connection)
        check_merge(source.id, into.id, source.type, into.type, is_usable=not into.is_archived)
        check_system(source.kind, "category_id")
        check_system(into.kind, "into")
        if into.id in await category_queries.with_descendants(connection, self.book_id, source.id):
            raise Invalid(
                "What it is merged into is below it.", errors={"into": ["must not be below this category"]}
            )
        taken = {
            row["name_folded"] for row in await category_queries.children(connection, self.book_id, into.id)
        }
        for child in await category_queries.children(connection, self.book_id, source.id):
            if child["name_folded"] in taken:
                raise Conflict(
                    f"Both have a category {child['name']!r} below them: rename or merge that first.",
                    errors={"into": [f"has a {child['name']!r} below it too"]},
                )

    async def found(self, connection: asyncpg.Connection, limit: int) -> list[UUID]:
        return await queries.in_category(connection, self.book_id, self.source_id, limit)

    def moved(self, transaction: Transaction) -> Transaction:
        splits = tuple(
            replace(split, category_id=self.into_id) if split.category_id == self.source_id else split
            for split in transaction.splits
        )
        fee = transaction.fee
        if fee is not None and fee.category_id == self.source_id:
            fee = fee._replace(category_id=self.into_id)
        return replace(transaction, splits=splits, fee=fee)

    async def finish(self, connection: asyncpg.Connection, actor: UUID) -> None:
        children = await category_queries.children(connection, self.book_id, self.source_id)
        changes = [
            categories.change_of(
                replace(_category(row), parent_id=self.into_id), "category.updated", row["version"] + 1
            )
            for row in children
        ]
        changes += await plans.recategorised(connection, self.book_id, self.source_id, self.into_id)
        if changes:
            await append(connection, self.book_id, changes, actor=actor)
        row = await category_queries.present(connection, self.book_id, self.source_id)
        if row is None:
            return
        version = row["version"] + 1
        merged = {"merged_into": self.into_id}
        gone = Change("category.deleted", self.source_id, version, {"id": self.source_id} | merged)
        archived = categories.change_of(
            replace(_category(row), is_archived=True), "category.updated", version
        )
        archived = replace(archived, data={**archived.data, **merged})
        await connection.execute("SAVEPOINT merge")
        try:
            await append(connection, self.book_id, [gone], actor=actor)
        except InUse:
            await connection.execute("ROLLBACK TO SAVEPOINT merge")
            await append(connection, self.book_id, [archived], actor=actor)

    async def _both(self, connection: asyncpg.Connection) -> tuple[Category, Category]:
        source = await category_queries.present(connection, self.book_id, self.source_id)
        into = await category_queries.present(connection, self.book_id, self.into_id)
        if source is None:
            raise NotFound("There is no such category in this book.")
        if into is None:
            raise NotFound(
                "There is no such category in this book.",
                errors={"into": ["there is no such category in this book"]},
            )
        return _category(source), _category(into)


def _category(row: asyncpg.Record) -> Category:
    return Category(**{name: row[name] for name in Category.__slots__})


@dataclass(slots=True)
class PayeeMerge(_Merge):
    """A payee goes into another: its transactions and plans name the other one, to which its names lead."""

    kind: ClassVar[str] = "merge_payees"
    _name: str = ""

    async def check(self, connection: asyncpg.Connection) -> None:
        source, into = await self._both(connection)
        self._name = into["name"]
        check_merge(source["id"], into["id"], "payee", "payee", is_usable=into["is_active"])

    async def found(self, connection: asyncpg.Connection, limit: int) -> list[UUID]:
        return await queries.of_payee(connection, self.book_id, self.source_id, limit)

    def moved(self, transaction: Transaction) -> Transaction:
        return replace(transaction, payee_id=self.into_id, payee=self._name)

    async def finish(self, connection: asyncpg.Connection, actor: UUID) -> None:
        source, into = await self._both(connection)
        before = payees.from_row(into)
        aliases = whole_aliases(before.name, [*before.aliases, source["name"], *source["aliases"]])
        own = {fold(name) for name in (source["name"], *source["aliases"])}
        taken = await payee_queries.taken(
            connection, self.book_id, into["id"], [fold(alias) for alias in aliases]
        )
        kept = tuple(alias for alias in aliases if fold(alias) not in taken or fold(alias) in own)
        gone = Change("payee.deleted", source["id"], source["version"] + 1, {"id": source["id"]})
        named = payees.change_of(replace(before, aliases=kept), "payee.updated", into["version"] + 1)
        planned = await plans.with_another_payee(
            connection, self.book_id, source["id"], (into["id"], into["name"])
        )
        await append(connection, self.book_id, [gone, named, *planned], actor=actor)

    async def _both(self, connection: asyncpg.Connection) -> tuple[asyncpg.Record, asyncpg.Record]:
        source = await payee_queries.present(connection, self.book_id, self.source_id)
        into = await payee_queries.present(connection, self.book_id, self.into_id)
        if source is None:
            raise NotFound("There is no such payee in this book.")
        if into is None:
            raise NotFound(
                "There is no such payee in this book.",
                errors={"into": ["there is no such payee in this book"]},
            )
        return source, into
