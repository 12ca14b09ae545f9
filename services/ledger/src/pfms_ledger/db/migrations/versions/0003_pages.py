"""Reading a page of transactions, or of an account's register, in one round trip."""

from alembic.op import execute

from pfms_common.migrate import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql("pfms_ledger.db.sql", "transaction_page.sql", "register_page.sql")


def downgrade() -> None:
    execute("DROP FUNCTION register_page")
    execute("DROP FUNCTION transaction_page")
