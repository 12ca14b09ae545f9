"""Keeping month rows: those that differ are written, lines that vanished go."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

import asyncpg
import orjson

from pfms_budget.db.tables.base import NOBODY
from pfms_budget.domain.card import OnCards
from pfms_budget.domain.month import HeaderRow, LineRow, Month
from pfms_budget.operations.cells import write

_FIGURES = tuple(HeaderRow.__slots__)
_LINE_FIGURES = tuple(name for name in LineRow.__slots__ if name != "category_id")
_figures, _line_figures = attrgetter(*_FIGURES), attrgetter(*_LINE_FIGURES)
_TYPES = {"transaction_count": "int", "rollover": "text", "on_cards": "jsonb"}


def _places(types: Sequence[str], start: int = 1) -> str:
    return ", ".join(f"${start + n}::{kind}[]" for n, kind in enumerate(types))


def _overwrite(names: Sequence[str]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in names)


_MONTHS = f"""
INSERT INTO month (book_id, first_day, last_day, key, derived_at, {", ".join(_FIGURES)})
SELECT u.* FROM unnest({_places(["uuid", "date", "date", "text", "timestamptz", *["numeric"] * len(_FIGURES)])}) AS u
ON CONFLICT (book_id, first_day) DO UPDATE SET {_overwrite(["last_day", "key", "derived_at", *_FIGURES])}
"""
_LINES = f"""
INSERT INTO month_line (book_id, first_day, category_id, {", ".join(_LINE_FIGURES)})
SELECT u.* FROM unnest({
    _places(["uuid", "date", "uuid", *[_TYPES.get(name, "numeric") for name in _LINE_FIGURES]])
}) AS u
ON CONFLICT (book_id, first_day, category_id) DO UPDATE SET {_overwrite(_LINE_FIGURES)}
"""
_VANISHED = """
DELETE FROM month_line l USING unnest($1::uuid[], $2::date[], $3::uuid[]) AS u (book_id, first_day, category_id)
WHERE l.book_id = u.book_id AND l.first_day = u.first_day AND l.category_id = u.category_id
"""
_UNCONVERTED = "UPDATE book SET unconverted = $2 WHERE book_id = $1"
_OUTSIDE = """
DELETE FROM {table} m USING unnest($1::uuid[], $2::date[], $3::date[]) AS u (book_id, first_day, last_day)
WHERE m.book_id = u.book_id AND (m.first_day < u.first_day OR m.first_day > u.last_day)
"""


async def keep(
    connection: asyncpg.Connection, rows: Sequence[tuple[UUID, Month | None, Month]], now: datetime
) -> None:
    """`rows`: book, the month as it is stored, and as it must be."""
    headers = [
        (book, after.period.first, after.period.last, after.period.key, now, *_figures(after.header))
        for book, _, after in rows
    ]
    await write(connection, _MONTHS, headers)
    written: list[tuple[object, ...]] = []
    vanished: list[tuple[object, ...]] = []
    for book, before, after in rows:
        known = {line.category_id: line for line in before.lines} if before else {}
        written += [
            (book, after.period.first, line.category_id or NOBODY, *_columns(line))
            for line in after.lines
            if known.pop(line.category_id, None) != line
        ]
        vanished += [(book, after.period.first, category or NOBODY) for category in known]
    await write(connection, _LINES, written)
    await write(connection, _VANISHED, vanished)


def _columns(line: LineRow) -> list[object]:
    figures = dict(zip(_LINE_FIGURES, _line_figures(line), strict=True))
    return [*{**figures, "on_cards": _on_cards(line.on_cards)}.values()]


def _on_cards(on_cards: OnCards) -> str | None:
    return orjson.dumps([[str(card), minor] for card, minor in on_cards]).decode() if on_cards else None


async def keep_unconverted(
    connection: asyncpg.Connection, unconverted: Mapping[UUID, Sequence[UUID]]
) -> None:
    """Keeps which accounts the months of these books leave out for want of a rate."""
    for book, accounts in unconverted.items():
        await connection.execute(_UNCONVERTED, book, list(accounts))


async def drop_outside(connection: asyncpg.Connection, kept: Mapping[UUID, tuple[date, date]]) -> None:
    """Drops the months of these books that lie outside the given first days of months."""
    for table in ("month", "month_line"):
        await write(
            connection,
            _OUTSIDE.format(table=table),
            [(book, first, last) for book, (first, last) in kept.items()],
        )
