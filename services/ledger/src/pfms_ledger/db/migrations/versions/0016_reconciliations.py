"""Reconciling accounts with bank statements."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0016"
down_revision = "0015"

TABLES = (
    """
    CREATE TABLE reconciliation (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        account_id UUID NOT NULL,
        currency TEXT NOT NULL,
        status TEXT NOT NULL,
        statement_date DATE NOT NULL,
        statement_balance_minor BIGINT NOT NULL,
        adjustment_transaction_id UUID,
        started_by UUID NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        finished_by UUID,
        finished_at TIMESTAMP WITH TIME ZONE,
        version BIGINT NOT NULL,
        CONSTRAINT reconciliation_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT reconciliation_book_id_account_id_fkey FOREIGN KEY(book_id, account_id)
            REFERENCES account (book_id, id)
    )
    """,
    """
    CREATE UNIQUE INDEX reconciliation_open_key ON reconciliation (book_id, account_id) WHERE status = 'open'
    """,
    """
    CREATE INDEX reconciliation_account_idx ON reconciliation (book_id, account_id, statement_date DESC, id DESC)
    """,
    """
    CREATE TABLE reconciliation_tick (
        book_id UUID NOT NULL,
        reconciliation_id UUID NOT NULL,
        transaction_id UUID NOT NULL,
        CONSTRAINT reconciliation_tick_pkey PRIMARY KEY (book_id, reconciliation_id, transaction_id),
        CONSTRAINT reconciliation_tick_book_id_reconciliation_id_fkey FOREIGN KEY(book_id, reconciliation_id)
            REFERENCES reconciliation (book_id, id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX reconciliation_tick_transaction_idx ON reconciliation_tick (book_id, transaction_id)
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        execute(statement)
    for table in ("reconciliation", "reconciliation_tick"):
        isolate("ledger", table, key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    run_sql("pfms_ledger.db.sql", "apply_reconciliations.sql", "apply_changes.sql")


def downgrade() -> None:
    execute("DROP TABLE reconciliation_tick")
    execute("DROP TABLE reconciliation")
    execute("DROP FUNCTION apply_reconciliations(uuid, jsonb)")
