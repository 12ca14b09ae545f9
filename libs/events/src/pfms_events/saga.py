"""Sagas: a request to another service, whose answer comes by event, and which is asked again until it does.

A request is an event of the asking service, and a row here that keeps what was asked. The other service does what is
asked at most once by the saga's id, however often it hears it. So asking again is safe, an answer may come late,
twice or out of order, and nobody ever waits inside a request. What stays open past its deadlines is shown to
operators.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from pfms_common.sql import NAMING, connection, scope
from pfms_events.event import Event, EventType
from pfms_events.outbox import Change, append

DEADLINES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
"""How long each asking is waited for; the last one from then on."""

BATCH = 100

_COLUMNS = """stream_id, id, type, subject_id, state, request::text AS request, asked, actor, started_at, due_at,
    ended_at, refusal::text AS refusal"""
_BEGIN = """
INSERT INTO saga (stream_id, id, type, subject_id, state, request, asked, actor, started_at, due_at)
VALUES ($1, $2, $3, $4, 'open', $5::text::jsonb, 1, $6, $7, $8)
"""
_OF_SAGA = ", ".join(f"s.{column.strip()}" for column in _COLUMNS.split(","))
_END = f"""
UPDATE saga s SET state = u.state, refusal = u.refusal::jsonb, ended_at = $1
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) AS u (stream_id, id, state, refusal)
WHERE s.stream_id = u.stream_id AND s.id = u.id AND s.state = 'open'
RETURNING {_OF_SAGA}
"""
_DUE = f"""
SELECT {_COLUMNS} FROM saga WHERE state = 'open' AND due_at <= $1 ORDER BY due_at LIMIT $2
"""
_ASKED = """
UPDATE saga SET asked = asked + 1, due_at = $4
WHERE stream_id = $1 AND id = $2 AND asked = $3 AND state = 'open' RETURNING 1
"""
_OPEN = f"SELECT {_COLUMNS} FROM saga WHERE state = 'open' AND asked > 1 ORDER BY started_at LIMIT $1"


class SagaState(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Saga:
    """One request and what became of it.

    Args:
        type: of the event that asks.
        subject_id: what it is about, such as the goal that is contributed to.
        asked: how often; more than once means that no answer came by a deadline.
        refusal: why the other service did not do it: `detail`, and `errors` by field.
    """

    stream_id: UUID
    id: UUID
    type: str
    subject_id: UUID
    state: SagaState
    request: Mapping[str, Any]
    asked: int
    actor: UUID | None
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    refusal: Mapping[str, Any] | None

    @property
    def is_delayed(self) -> bool:
        return self.state is SagaState.OPEN and self.asked > 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other service says of a saga; without a refusal it did what was asked."""

    stream_id: UUID
    saga_id: UUID
    refusal: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for in a stream: the event, the saga's id, which is its aggregate too, and who asks."""

    stream_id: UUID
    saga_id: UUID
    subject_id: UUID
    event: Event
    actor: UUID | None = None
    trace: Mapping[str, str] = field(default_factory=dict)


def saga_table(metadata: MetaData) -> None:
    """Adds the table to a service's metadata."""

    def given(name: str, kind: Any) -> Column[Any]:
        return Column(name, kind, nullable=False)

    at = TIMESTAMP(timezone=True)
    table = Table(
        "saga",
        metadata,
        Column("stream_id", Uuid, primary_key=True),
        Column("id", Uuid, primary_key=True),
        given("type", Text),
        given("subject_id", Uuid),
        given("state", Text),
        given("request", JSONB),
        given("asked", Integer),
        Column("actor", Uuid),
        given("started_at", at),
        given("due_at", at),
        Column("ended_at", at),
        Column("refusal", JSONB),
    )
    Index("saga_open_idx", table.c.stream_id, table.c.due_at, postgresql_where=table.c.state == "open")


def create_saga_table(service: str) -> None:
    """Makes the table in a migration of a service that asks others for something."""
    from alembic import op  # noqa: PLC0415  # only a migration needs it, and a start seldom runs one

    from pfms_common.migrate import isolate  # noqa: PLC0415

    metadata = MetaData(naming_convention=NAMING)
    saga_table(metadata)
    metadata.create_all(op.get_bind(), checkfirst=False)
    isolate(service, "saga", key="stream_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT")


async def begin(session: asyncpg.Connection, request: Request, now: datetime) -> None:
    """Asks, in the caller's transaction, which holds the stream's head. A saga's id is given once.

    Raises:
        asyncpg.UniqueViolationError: there is a saga with this id.
    """
    asked = request.event.to_json().decode()
    due = now + DEADLINES[0]
    stream, saga_id, event = request.stream_id, request.saga_id, request.event
    await session.execute(
        _BEGIN, stream, saga_id, event.EVENT, request.subject_id, asked, request.actor, now, due
    )
    await append(session, stream, [Change(event, saga_id, 1)], actor=request.actor, trace=request.trace)


async def end(session: asyncpg.Connection, answers: Iterable[Answer], now: datetime) -> list[Saga]:
    """Takes answers, and gives those sagas that they ended: the first answer counts, others change nothing."""
    rows = [
        (
            answer.stream_id,
            answer.saga_id,
            SagaState.SETTLED if answer.refusal is None else SagaState.REFUSED,
            None if answer.refusal is None else orjson.dumps(answer.refusal).decode(),
        )
        for answer in answers
    ]
    if not rows:
        return []
    found = await session.fetch(_END, now, *map(list, zip(*rows, strict=True)))
    return [saga_of(row) for row in found]


async def ask_again(
    app_pool: asyncpg.Pool, relay_pool: asyncpg.Pool, events: Iterable[EventType], now: datetime
) -> int:
    """Asks once more for what is open past its deadline; how often it did. `events`: those that ask."""
    models = {event.EVENT: event for event in events}
    async with connection(relay_pool) as finder:
        due = [saga_of(row) for row in await finder.fetch(_DUE, now, BATCH)]
    asked = 0
    for saga in due:
        with scope(books=[saga.stream_id], users=[saga.stream_id]):
            async with connection(app_pool) as session, session.transaction():
                await session.execute("SELECT lock_heads($1)", [saga.stream_id])
                next_due = now + DEADLINES[min(saga.asked, len(DEADLINES) - 1)]
                if await session.fetchval(_ASKED, saga.stream_id, saga.id, saga.asked, next_due) is None:
                    continue  # answered meanwhile
                event = models[saga.type].model_validate(saga.request)
                change = Change(event, saga.id, saga.asked + 1)
                await append(session, saga.stream_id, [change], actor=saga.actor)
                asked += 1
    return asked


async def delayed(relay_pool: asyncpg.Pool, limit: int = 1000) -> Sequence[Saga]:
    """What no answer came to by a deadline, oldest first: for operators."""
    async with connection(relay_pool) as session:
        return [saga_of(row) for row in await session.fetch(_OPEN, limit)]


def saga_of(row: asyncpg.Record) -> Saga:
    fields = {name: row[name] for name in Saga.__slots__}
    refusal = None if row["refusal"] is None else orjson.loads(row["refusal"])
    state, request = SagaState(row["state"]), orjson.loads(row["request"])
    return Saga(**{**fields, "state": state, "request": request, "refusal": refusal})
