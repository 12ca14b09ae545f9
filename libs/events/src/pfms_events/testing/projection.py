"""Two consumers to try everything on: amounts per book, kept with versions, and letters sent once per event."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from alembic import op

from pfms_common.migrate import isolate
from pfms_events.contracts import ledger
from pfms_events.contracts.ledger.transaction import Transaction, TransactionCreated
from pfms_events.envelope import Envelope
from pfms_events.subscription import Batch, Subscription

type Before = Callable[[asyncpg.Connection, Batch], Awaitable[None]]

_TABLES = (
    """CREATE TABLE amount_copy (book_id uuid, consumer text, id uuid, version bigint NOT NULL,
       amount_minor bigint NOT NULL, PRIMARY KEY (book_id, consumer, id))""",
    "CREATE TABLE amount_total (book_id uuid, consumer text, total bigint, PRIMARY KEY (book_id, consumer))",
    """CREATE TABLE letter (book_id uuid, consumer text, id uuid DEFAULT gen_random_uuid(), event_id uuid,
       PRIMARY KEY (book_id, consumer, id))""",
)
_COPIES = """
SELECT c.version, c.amount_minor FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS u (book_id, id, position)
LEFT JOIN LATERAL (SELECT version, amount_minor FROM amount_copy
                   WHERE book_id = u.book_id AND consumer = $3 AND id = u.id LIMIT 1) c ON true
ORDER BY u.position
"""
_KEEP = """
INSERT INTO amount_copy (book_id, consumer, id, version, amount_minor)
SELECT u.book_id, $5, u.id, u.version, u.amount_minor
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS u (book_id, id, version, amount_minor)
ON CONFLICT (book_id, consumer, id)
DO UPDATE SET version = excluded.version, amount_minor = excluded.amount_minor
"""
_ADD = """
INSERT INTO amount_total (book_id, consumer, total)
SELECT u.book_id, $3, sum(u.difference)
FROM unnest($1::uuid[], $2::bigint[]) AS u (book_id, difference) GROUP BY u.book_id ORDER BY u.book_id
ON CONFLICT (book_id, consumer) DO UPDATE SET total = amount_total.total + excluded.total
"""
_SEND = """
INSERT INTO letter (book_id, consumer, event_id) SELECT u.book_id, $3, u.event_id
FROM unnest($1::uuid[], $2::uuid[]) AS u (book_id, event_id)
"""


def create_tables(service: str) -> None:
    """For `event_database(migrate=…)`."""
    for statement in _TABLES:
        op.execute(statement)
    for table in ("amount_copy", "amount_total", "letter"):
        isolate(service, table, key="book_id", app="SELECT, INSERT, UPDATE, DELETE")


def amounts(name: str, *, before: Before | None = None, **options: Any) -> Subscription:
    """The total of a book's transactions; deleted ones count nothing. `before` runs first, to get in the way."""

    async def handle(connection: asyncpg.Connection, batch: Batch) -> None:
        if before is not None:
            await before(connection, batch)
        await _apply_amounts(connection, name, batch.events)

    async def replace(connection: asyncpg.Connection, stream_id: UUID, state: Any) -> None:
        for table in ("amount_copy", "amount_total"):
            await connection.execute(
                f"DELETE FROM {table} WHERE book_id = $1 AND consumer = $2", stream_id, name
            )
        await _apply_amounts(connection, name, list((state or {}).values()))

    given: dict[str, Any] = {"events": ledger.EVENTS, "whole": True} | options
    return Subscription(name, "ledger", handle=handle, fold=_fold, replace=replace, **given)


def letters(name: str, *, before: Before | None = None, **options: Any) -> Subscription:
    """One letter per created transaction, for each event once."""

    async def handle(connection: asyncpg.Connection, batch: Batch) -> None:
        if before is not None:
            await before(connection, batch)
        streams, ids = [e.stream_id for e in batch.events], [e.id for e in batch.events]
        await connection.execute(_SEND, streams, ids, name)

    return Subscription(name, "ledger", (TransactionCreated,), handle, kind="effects", **options)


def amount_of(event: Envelope) -> int:
    return event.data.amount_minor if isinstance(event.data, Transaction) else 0


def _fold(state: Any, events: Sequence[Envelope]) -> dict[UUID, Envelope]:
    newest: dict[UUID, Envelope] = state or {}
    for event in events:
        known = newest.get(event.aggregate_id)
        if event.aggregate_type == "transaction" and (
            known is None or known.aggregate_version < event.aggregate_version
        ):
            newest[event.aggregate_id] = event
    return newest


async def _apply_amounts(connection: asyncpg.Connection, consumer: str, events: Sequence[Envelope]) -> None:
    newest = list(_fold(None, events).values())
    books, ids = [event.stream_id for event in newest], [event.aggregate_id for event in newest]
    copies = await connection.fetch(_COPIES, books, ids, consumer)
    changed = [
        (
            event.stream_id,
            event.aggregate_id,
            event.aggregate_version,
            amount_of(event),
            copy["amount_minor"] or 0,
        )
        for event, copy in zip(newest, copies, strict=True)
        if event.aggregate_version > (copy["version"] or 0)
    ]
    if changed:
        book_ids, aggregates, versions, new, old = map(list, zip(*changed, strict=True))
        await connection.execute(_KEEP, book_ids, aggregates, versions, new, consumer)
        differences = [after - before for after, before in zip(new, old, strict=True)]
        await connection.execute(_ADD, book_ids, differences, consumer)
