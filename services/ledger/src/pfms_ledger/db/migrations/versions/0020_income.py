"""Where income comes from; habits and each time they were given in to."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0020"
down_revision = "0019"

TABLES = (
    """
    CREATE TABLE income_source (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        amount_minor BIGINT,
        currency TEXT NOT NULL,
        frequency TEXT NOT NULL,
        is_active BOOLEAN NOT NULL,
        note TEXT,
        version BIGINT NOT NULL,
        CONSTRAINT income_source_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE TABLE habit (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        name TEXT NOT NULL,
        unit_cost_minor BIGINT NOT NULL,
        currency TEXT NOT NULL,
        icon TEXT,
        target_reduction INTEGER,
        is_active BOOLEAN NOT NULL,
        note TEXT,
        version BIGINT NOT NULL,
        CONSTRAINT habit_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE TABLE habit_log (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        habit_id UUID NOT NULL,
        date DATE NOT NULL,
        time TEXT,
        quantity TEXT NOT NULL,
        cost_minor BIGINT NOT NULL,
        note TEXT,
        transaction_id UUID,
        version BIGINT NOT NULL,
        CONSTRAINT habit_log_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT habit_log_book_id_habit_id_fkey FOREIGN KEY(book_id, habit_id) REFERENCES habit (book_id, id)
    )
    """,
    "CREATE INDEX habit_log_date_idx ON habit_log (book_id, habit_id, date DESC, id DESC)",
    "ALTER TABLE transaction ADD COLUMN income_source_id UUID",
    """
    ALTER TABLE transaction ADD CONSTRAINT transaction_book_id_income_source_id_fkey
        FOREIGN KEY (book_id, income_source_id) REFERENCES income_source (book_id, id)
    """,
    """
    CREATE INDEX transaction_income_source_idx ON transaction (book_id, income_source_id, date DESC, number DESC)
        WHERE income_source_id IS NOT NULL
    """,
)
FUNCTIONS = ("apply_income_sources", "apply_habits", "check_refs", "apply_entries", "apply_changes")


def upgrade() -> None:
    for statement in TABLES:
        execute(statement)
    for table in ("income_source", "habit", "habit_log"):
        isolate("ledger", table, key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    run_sql("pfms_ledger.db.sql", *(f"{name}.sql" for name in FUNCTIONS))


def downgrade() -> None:
    execute("ALTER TABLE transaction DROP COLUMN income_source_id")
    for table in ("habit_log", "habit", "income_source"):
        execute(f"DROP TABLE {table}")
