"""What is agreed for a card, and the balance that is low."""

from alembic.op import execute

from pfms_common.migrate import run_sql

revision = "0023"
down_revision = "0022"

COLUMNS = (
    "low_balance_minor BIGINT",
    "credit_limit_minor BIGINT",
    "statement_day INTEGER",
    "due_day INTEGER",
    "minimum_payment_minor BIGINT",
    "credit_overspend TEXT",
)


def upgrade() -> None:
    for column in COLUMNS:
        execute(f"ALTER TABLE account ADD COLUMN {column}")
    execute("UPDATE account SET credit_overspend = 'liability' WHERE type = 'credit'")
    run_sql("pfms_ledger.db.sql", "apply_accounts.sql")


def downgrade() -> None:
    for column in COLUMNS:
        execute(f"ALTER TABLE account DROP COLUMN {column.split()[0]}")
