"""A function by which an import lets the planner know tables that have just grown."""

from alembic.op import execute

from pfms_common.migrate import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql("pfms_ledger.db.sql", "know_sizes.sql")


def downgrade() -> None:
    execute("DROP FUNCTION know_sizes(bigint)")
