"""An event is found by its id, and those of one request by what they have in common."""

from alembic.op import execute, get_context

from pfms_common.migrate import run_sql

revision = "0008"
down_revision = "0007"

INDEXES = {
    "event_id_idx": "(stream_id, id)",
    "event_correlation_idx": "(stream_id, (trace ->> 'correlation_id'))",
}


def upgrade() -> None:
    with get_context().autocommit_block():
        for name, columns in INDEXES.items():
            execute(f"CREATE INDEX CONCURRENTLY {name} ON event {columns}")
    run_sql("pfms_ledger.db.sql", "correlated.sql")


def downgrade() -> None:
    execute("DROP FUNCTION correlated")
    for name in INDEXES:
        execute(f"DROP INDEX {name}")
