"""Indexes that hold what is summed and counted, so that adding up a stretch of a large book reads no rows."""

from alembic.op import execute, get_context

from pfms_common.migrate import run_sql

revision = "0025"
down_revision = "0024"

_MOVED = """transaction_moved_idx ON transaction (book_id, date DESC, number DESC)
    WHERE type IN ('transfer', 'opening')"""
_OF_AN_ACCOUNT = "ON posting (book_id, account_id, date DESC, number DESC)"
_BY_DATE = "ON transaction (book_id, date DESC, number DESC)"


def upgrade() -> None:
    run_sql("pfms_ledger.db.sql", "register_page.sql", "search_transactions.sql")
    with get_context().autocommit_block():
        execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_MOVED}")
    _instead("posting_register_idx", f"{_OF_AN_ACCOUNT} INCLUDE (amount_minor) WHERE account_id IS NOT NULL")
    _instead("transaction_date_idx", f"{_BY_DATE} INCLUDE (type)")


def downgrade() -> None:
    execute("DROP INDEX transaction_moved_idx")
    _instead("posting_register_idx", f"{_OF_AN_ACCOUNT} WHERE account_id IS NOT NULL")
    _instead("transaction_date_idx", _BY_DATE)


def _instead(name: str, definition: str) -> None:
    """The new one is whole before the old one goes, so that no read is ever without it."""
    with get_context().autocommit_block():
        execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_new")  # what a broken run left is invalid
        execute(f"CREATE INDEX CONCURRENTLY {name}_new {definition}")
        execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    execute(f"ALTER INDEX {name}_new RENAME TO {name}")
