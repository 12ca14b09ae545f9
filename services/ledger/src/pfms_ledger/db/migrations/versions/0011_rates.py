"""Dated exchange rates, and what is to be gone through because of a new one."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute("""
        CREATE TABLE rate (
            book_id UUID NOT NULL,
            id UUID NOT NULL,
            base TEXT NOT NULL,
            quote TEXT NOT NULL,
            date DATE NOT NULL,
            rate TEXT NOT NULL,
            source TEXT NOT NULL,
            version BIGINT NOT NULL,
            CONSTRAINT rate_pkey PRIMARY KEY (book_id, id),
            CONSTRAINT rate_pair_check CHECK (base <> quote)
        )
    """)
    execute("CREATE UNIQUE INDEX rate_pair_key ON rate (book_id, base, quote, date)")
    execute("""
        CREATE TABLE restatement (
            book_id UUID NOT NULL,
            currency TEXT NOT NULL,
            since DATE NOT NULL,
            day DATE NOT NULL,
            number BIGINT NOT NULL,
            again BOOLEAN NOT NULL,
            due_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT restatement_pkey PRIMARY KEY (book_id, currency)
        )
    """)
    isolate("ledger", "rate", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    # The job finds by the relay role what is to be gone through, and the app role does it.
    isolate("ledger", "restatement", key="book_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT")
    run_sql("pfms_ledger.db.sql", "apply_rates.sql", "apply_changes.sql")


def downgrade() -> None:
    execute("DROP TABLE restatement")
    execute("DROP TABLE rate")
