"""Copies of another service's things: one row each, with the version it was told in.

An event counts when its version is above the copy's. A deleted thing stays as a row of nulls with the version that
deleted it, so that an older event that comes late finds it.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import asyncpg

from pfms_budget.operations.cells import write
from pfms_budget.operations.news import Key, Known


class Copied[T]:
    """One kind of copies.

    Args:
        table: keyed by book_id and id, with a version.
        types: its other columns with their types, in the order in which `columns` gives their values.
        state: what a row holds; None where it is deleted.
        columns: the inverse.
    """

    def __init__(
        self,
        table: str,
        types: Mapping[str, str],
        state: Callable[[asyncpg.Record], T | None],
        columns: Callable[[T], Sequence[object]],
    ) -> None:
        names = ", ".join(types)
        read = ", ".join(
            f"{name}::text AS {name}" if kind == "jsonb" else name for name, kind in types.items()
        )
        places = ", ".join(
            f"${n}::{kind}[]" for n, kind in enumerate(["uuid", "uuid", "bigint", *types.values()], start=1)
        )
        overwritten = ", ".join(f"{name} = excluded.{name}" for name in types)
        self._state, self._columns, self._width = state, columns, len(types)
        self._some = f"""
            SELECT c.* FROM unnest($1::uuid[], $2::uuid[]) AS u (book_id, id), LATERAL (
                SELECT book_id, id, version, {read} FROM {table} WHERE book_id = u.book_id AND id = u.id LIMIT 1) c
        """
        self._all = f"SELECT book_id, id, version, {read} FROM {table} WHERE book_id = $1"
        self._keep = f"""
            INSERT INTO {table} (book_id, id, version, {names}) SELECT u.* FROM unnest({places}) AS u
            ON CONFLICT (book_id, id) DO UPDATE SET version = excluded.version, {overwritten}
        """

    async def keep(
        self, connection: asyncpg.Connection, told: Mapping[Key, Known[T]]
    ) -> dict[Key, tuple[T | None, T | None]]:
        """Keeps what is told in a later version than the copy's; answers its old and its new state."""
        if not told:
            return {}
        rows = await connection.fetch(self._some, *map(list, zip(*told, strict=True)))
        copies = {_key(row): Known(row["version"], self._state(row)) for row in rows}
        newer = {
            key: (copies[key].state if key in copies else None, news.state)
            for key, news in told.items()
            if key not in copies or copies[key].version < news.version
        }
        nothing: Sequence[object] = [None] * self._width
        kept = [
            (*key, told[key].version, *(nothing if new is None else self._columns(new)))
            for key, (_, new) in newer.items()
        ]
        await write(connection, self._keep, kept)
        return newer

    async def of_book(self, connection: asyncpg.Connection, book_id: UUID) -> dict[Key, Known[T]]:
        """All copies of a book, tombstones included."""
        rows = await connection.fetch(self._all, book_id)
        return {_key(row): Known(row["version"], self._state(row)) for row in rows}


def plain[T: tuple[object, ...]](table: str, kind: type[T], types: Mapping[str, str]) -> Copied[T]:
    """Copies that are NamedTuples, field by column; the first column is never null in one that is not deleted."""
    first = next(iter(types))

    def state(row: asyncpg.Record) -> T | None:
        return None if row[first] is None else kind(*(row[name] for name in types))

    return Copied(table, types, state, tuple)


def _key(row: asyncpg.Record) -> Key:
    return row["book_id"], row["id"]
