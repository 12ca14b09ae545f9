"""Shares of splits: which transactions have some, and the category of what others owe."""

from alembic.op import execute, get_context

from pfms_common.migrate import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute("ALTER TABLE category ADD COLUMN kind TEXT")
    execute("ALTER TABLE transaction ADD COLUMN is_shared BOOLEAN DEFAULT false NOT NULL")
    run_sql("pfms_ledger.db.sql", "apply_categories.sql", "apply_entries.sql")
    with get_context().autocommit_block():
        execute("""CREATE INDEX CONCURRENTLY IF NOT EXISTS transaction_shared_idx
            ON transaction (book_id, date DESC, number DESC) WHERE is_shared""")


def downgrade() -> None:
    execute("ALTER TABLE transaction DROP COLUMN is_shared")
    execute("ALTER TABLE category DROP COLUMN kind")
