"""The day of each transaction's cells, by which those behind a figure are found; minimum payments by account."""

from alembic.op import execute, get_context

from pfms_common.migrate import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute("ALTER TABLE transaction ADD COLUMN IF NOT EXISTS day DATE")
    execute("UPDATE transaction SET day = (cells -> 0 ->> 0)::date WHERE cells IS NOT NULL")
    run_sql("pfms_budget.db.sql", "minimum_payments.sql", "card_minimums.sql")
    with get_context().autocommit_block():
        execute("DROP INDEX CONCURRENTLY IF EXISTS transaction_day_idx")  # what a broken run left is invalid
        execute("CREATE INDEX CONCURRENTLY transaction_day_idx ON transaction (book_id, day, id)")


def downgrade() -> None:
    execute("DROP FUNCTION minimum_payments")
    execute("DROP INDEX transaction_day_idx")
    execute("ALTER TABLE transaction DROP COLUMN day")
