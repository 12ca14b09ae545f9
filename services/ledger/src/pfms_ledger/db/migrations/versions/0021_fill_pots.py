"""Pots are filled a month at a time."""

from pfms_common.migrate import run_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    run_sql("pfms_ledger.db.sql", "fill_pots.sql")


def downgrade() -> None:
    """The function before did the same, slower."""
