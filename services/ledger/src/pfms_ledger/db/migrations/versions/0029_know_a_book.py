"""An import lets the planner know its book even where the tables were large before."""

from alembic.op import execute

from pfms_common.migrate import run_sql

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    execute("DROP FUNCTION IF EXISTS know_sizes()")
    run_sql("pfms_ledger.db.sql", "know_sizes.sql")


def downgrade() -> None:
    """The function stays: what called the one without an argument is gone with its code."""
