"""The event tables that every service has, and what makes them in its first migration."""

from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB, TIMESTAMP

from pfms_common.sql import NAMING

type IdempotencyKey = Literal["book", "user"]

_READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
_CLAIMANT = "SELECT, INSERT, UPDATE (status, headers, body)"  # a claim first, its answer at the end


def create_event_tables(service: str, *, idempotency: IdempotencyKey) -> None:
    """Makes tables, indexes, policies, grants and functions; called once, in a service's first migration.

    A later change of these tables is a new function beside this one, called by a new migration.

    Args:
        service: names the roles `<service>_owner`, `_app` and `_relay`, which must exist.
        idempotency: what an Idempotency-Key belongs to: book and user, or the user alone (auth).
    """
    from alembic import op  # noqa: PLC0415  # only a migration needs it, and a start seldom runs one

    from pfms_common.migrate import isolate, run_sql  # noqa: PLC0415

    metadata = MetaData(naming_convention=NAMING)
    event_tables(metadata, idempotency=idempotency)
    metadata.create_all(op.get_bind(), checkfirst=False)

    def table(name: str, *, app: str, relay: str, key: str = "stream_id") -> None:
        isolate(service, name, key=key, app=app, relay=relay)

    table("event", app="SELECT, INSERT", relay="SELECT, DELETE")
    table("stream_head", app="SELECT, INSERT, UPDATE", relay="SELECT")
    table("unsent", app="INSERT", relay="SELECT, DELETE")
    table("unroutable", app="SELECT", relay="SELECT, INSERT, DELETE")
    table("progress", app=_READ_WRITE, relay="SELECT")
    table("retry", app=_READ_WRITE, relay="SELECT")
    table("inbox", app="SELECT, INSERT", relay="SELECT, DELETE")
    table("idempotency", key=f"{idempotency}_id", app=_CLAIMANT, relay="SELECT, DELETE")
    run_sql("pfms_events.sql", "lock_heads.sql", "append_events.sql", f"claim_{idempotency}.sql")


def date_events_under_the_lock() -> None:
    """Events get their time once the stream's lock is held, and never one before the stream's last.

    The way back needs nothing: what ran before does not look at the column, and the function does no less.
    """
    from alembic import op  # noqa: PLC0415  # as above

    from pfms_common.migrate import run_sql  # noqa: PLC0415

    op.execute("ALTER TABLE stream_head ADD COLUMN IF NOT EXISTS last_at TIMESTAMP WITH TIME ZONE")
    run_sql("pfms_events.sql", "append_events.sql")


def event_tables(metadata: MetaData, *, idempotency: IdempotencyKey) -> None:
    """Adds the eight tables to a service's metadata, so that its models can be compared with its migrations."""
    _add_log(metadata)
    _add_outbox(metadata)
    _add_consumers(metadata)
    owner = [_key("book_id", Uuid)] if idempotency == "book" else []
    Table(
        "idempotency",
        metadata,
        *owner,
        _key("user_id", Uuid),
        _key("operation", Text),
        _key("key", Text),
        _given("fingerprint", LargeBinary),
        _given("status", Integer),
        _given("headers", JSONB),
        _given("body", LargeBinary),
        _at("created_at", server_default=func.now()),
    )


def _add_log(metadata: MetaData) -> None:
    """`event` is log, history and feed, never updated; `stream_head` holds each stream's last number and time."""
    event = Table(
        "event",
        metadata,
        _key("stream_id", Uuid),
        _key("sequence", BigInteger),
        _given("id", Uuid),
        _given("type", Text),
        _given("schema_version", Integer),
        _given("aggregate_type", Text),
        _given("aggregate_id", Uuid),
        _given("aggregate_version", BigInteger),
        Column("actor", Uuid),
        _given("trace", JSONB),
        _given("mode", Text),
        _at("occurred_at"),
        _given("data", JSONB),
    )
    Index(None, event.c.stream_id, event.c.aggregate_id, event.c.aggregate_version, unique=True)
    Index(None, event.c.occurred_at, postgresql_using="brin")
    Table(
        "stream_head",
        metadata,
        _key("stream_id", Uuid),
        _given("sequence", BigInteger),
        Column("last_at", TIMESTAMP(timezone=True)),
    )


def _add_outbox(metadata: MetaData) -> None:
    """`unsent` is what the relay still has to do, `unroutable` what the broker had no queue for."""
    Table(
        "unsent",
        metadata,
        Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
        _key("stream_id", Uuid),
        _key("sequence", BigInteger),
        # Rows live for milliseconds; the relay's read walks over the dead ones until they are vacuumed.
        postgresql_with={"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 5000},
    )
    Table(
        "unroutable",
        metadata,
        _key("stream_id", Uuid),
        _key("sequence", BigInteger),
        _given("type", Text),
        _given("error", Text),
        _at("at"),
    )


def _add_consumers(metadata: MetaData) -> None:
    """How far each consumer is, what it must try again, and what those with effects have done."""
    Table(
        "progress",
        metadata,
        _key("stream_id", Uuid),
        _key("consumer", Text),
        _key("producer", Text),
        _given("applied_through", BigInteger),
        _given("ahead", INT8MULTIRANGE, server_default=text("'{}'")),
    )
    Table(
        "retry",
        metadata,
        _key("stream_id", Uuid),
        _key("consumer", Text),
        _key("event_id", Uuid),
        _given("producer", Text),
        _given("sequence", BigInteger),
        _given("aggregate_id", Uuid),
        _given("aggregate_version", BigInteger),
        _given("envelope", JSONB),
        _given("attempts", Integer),
        _at("due_at"),
        Column("parked_at", TIMESTAMP(timezone=True)),
        _given("error", Text),
    )
    Table(
        "inbox",
        metadata,
        _key("stream_id", Uuid),
        _key("consumer", Text),
        _key("event_id", Uuid),
        _given("outcome", Text),
        _at("handled_at"),
    )


def _key(name: str, kind: type[Any]) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _given(name: str, kind: type[Any], **options: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **options)


def _at(name: str, **options: Any) -> Column[Any]:
    return Column(name, TIMESTAMP(timezone=True), nullable=False, **options)
