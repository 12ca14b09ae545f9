"""How a transaction was paid, which lists filter by."""

from alembic.op import execute

from pfms_common.migrate import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    execute("ALTER TABLE transaction ADD COLUMN payment_method TEXT")
    run_sql("pfms_ledger.db.sql", "apply_entries.sql")


def downgrade() -> None:
    execute("ALTER TABLE transaction DROP COLUMN payment_method")
