"""A register's page adds up the months before it, and no postings that an index does not lead to."""

from pfms_common.migrate import run_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run_sql("pfms_ledger.db.sql", "register_page.sql")


def downgrade() -> None:
    """The function before did the same, slower."""
