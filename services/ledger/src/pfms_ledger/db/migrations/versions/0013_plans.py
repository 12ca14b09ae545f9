"""Plans and their occurrences; the relay role reads a book's zone, since the job asks which plans are due."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0013"
down_revision = "0012"

TABLES = (
    """
    CREATE TABLE plan (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        is_active BOOLEAN NOT NULL,
        account_id UUID NOT NULL,
        pot_id UUID,
        to_account_id UUID,
        to_pot_id UUID,
        state JSONB NOT NULL,
        version BIGINT NOT NULL,
        wake_on DATE,
        open_from DATE,
        problem TEXT,
        CONSTRAINT plan_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT plan_book_id_account_id_fkey FOREIGN KEY(book_id, account_id) REFERENCES account (book_id, id),
        CONSTRAINT plan_book_id_to_account_id_fkey FOREIGN KEY(book_id, to_account_id) REFERENCES account (book_id, id),
        CONSTRAINT plan_pot_fkey FOREIGN KEY(book_id, account_id, pot_id) REFERENCES pot (book_id, account_id, id),
        CONSTRAINT plan_to_pot_fkey FOREIGN KEY(book_id, to_account_id, to_pot_id)
            REFERENCES pot (book_id, account_id, id)
    )
    """,
    "CREATE INDEX plan_wake_idx ON plan (book_id, wake_on) WHERE is_active",
    """
    CREATE TABLE plan_category (
        book_id UUID NOT NULL,
        plan_id UUID NOT NULL,
        category_id UUID NOT NULL,
        CONSTRAINT plan_category_pkey PRIMARY KEY (book_id, plan_id, category_id),
        CONSTRAINT plan_category_book_id_plan_id_fkey FOREIGN KEY(book_id, plan_id) REFERENCES plan (book_id, id),
        CONSTRAINT plan_category_book_id_category_id_fkey FOREIGN KEY(book_id, category_id)
            REFERENCES category (book_id, id)
    )
    """,
    "CREATE INDEX plan_category_category_idx ON plan_category (book_id, category_id)",
    """
    CREATE TABLE plan_occurrence (
        book_id UUID NOT NULL,
        plan_id UUID NOT NULL,
        nominal_date DATE NOT NULL,
        state TEXT NOT NULL,
        date DATE NOT NULL,
        amount_minor BIGINT NOT NULL,
        transaction_id UUID,
        version BIGINT NOT NULL,
        CONSTRAINT plan_occurrence_pkey PRIMARY KEY (book_id, plan_id, nominal_date),
        CONSTRAINT plan_occurrence_book_id_plan_id_fkey FOREIGN KEY(book_id, plan_id) REFERENCES plan (book_id, id),
        CONSTRAINT plan_occurrence_state_check CHECK (state IN ('due', 'posted', 'skipped')),
        CONSTRAINT plan_occurrence_transaction_check CHECK ((state = 'posted') = (transaction_id IS NOT NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX plan_occurrence_transaction_key ON plan_occurrence (book_id, transaction_id)
        WHERE transaction_id IS NOT NULL
    """,
)
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    for statement in TABLES:
        execute(statement)
    isolate("ledger", "plan", key="book_id", app=READ_WRITE, relay="SELECT")
    isolate("ledger", "plan_category", key="book_id", app=READ_WRITE)
    isolate("ledger", "plan_occurrence", key="book_id", app=READ_WRITE)
    execute("CREATE POLICY relay_all ON book TO ledger_relay USING (true) WITH CHECK (true)")
    execute("GRANT SELECT ON book TO ledger_relay")
    run_sql("pfms_ledger.db.sql", "apply_plans.sql", "apply_occurrences.sql", "apply_changes.sql")


def downgrade() -> None:
    execute("DROP FUNCTION apply_occurrences")
    execute("DROP FUNCTION apply_plans")
    execute("REVOKE SELECT ON book FROM ledger_relay")
    execute("DROP POLICY relay_all ON book")
    for table in ("plan_occurrence", "plan_category", "plan"):
        execute(f"DROP TABLE {table}")
