"""Pots: named parts of an account's money."""

from alembic.op import execute, get_context

from pfms_common.migrate import isolate, run_sql

revision = "0009"
down_revision = "0008"

READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
FUNCTIONS = (
    "new_id",
    "check_refs",
    "apply_pots",
    "apply_entries",
    "fill_pots",
    "apply_changes",
    "tell_pots",
    "append",
    "register_page",
)


def upgrade() -> None:
    execute("""
        CREATE TABLE pot (
            book_id UUID NOT NULL,
            id UUID NOT NULL,
            account_id UUID NOT NULL,
            name TEXT COLLATE "C" NOT NULL,
            currency TEXT NOT NULL,
            is_active BOOLEAN NOT NULL,
            note TEXT,
            colour TEXT,
            icon TEXT,
            position INTEGER NOT NULL,
            balance_id UUID NOT NULL,
            version BIGINT NOT NULL,
            balance_minor BIGINT DEFAULT '0' NOT NULL,
            account_paid_minor BIGINT DEFAULT '0' NOT NULL,
            CONSTRAINT pot_pkey PRIMARY KEY (book_id, id),
            CONSTRAINT pot_of_account_key UNIQUE (book_id, account_id, id),
            CONSTRAINT pot_book_id_account_id_fkey FOREIGN KEY(book_id, account_id) REFERENCES account (book_id, id)
        )
    """)
    execute("""
        CREATE TABLE pot_month (
            book_id UUID NOT NULL,
            pot_id UUID NOT NULL,
            month DATE NOT NULL,
            sum_minor BIGINT NOT NULL,
            low_minor BIGINT NOT NULL,
            CONSTRAINT pot_month_pkey PRIMARY KEY (book_id, pot_id, month),
            CONSTRAINT pot_month_book_id_pot_id_fkey FOREIGN KEY(book_id, pot_id) REFERENCES pot (book_id, id)
                ON DELETE CASCADE
        )
    """)
    for table in ("pot", "pot_month"):
        isolate("ledger", table, key="book_id", app=READ_WRITE)
    execute("ALTER TABLE posting ADD COLUMN pot_id UUID")
    execute("""ALTER TABLE posting
        ADD CONSTRAINT posting_pot_check CHECK (pot_id IS NULL OR kind = 'account') NOT VALID,
        ADD CONSTRAINT posting_book_id_account_id_pot_id_fkey FOREIGN KEY (book_id, account_id, pot_id)
            REFERENCES pot (book_id, account_id, id) NOT VALID""")
    run_sql("pfms_ledger.db.sql", *(f"{name}.sql" for name in FUNCTIONS))
    for constraint in ("posting_pot_check", "posting_book_id_account_id_pot_id_fkey"):
        execute(f"ALTER TABLE posting VALIDATE CONSTRAINT {constraint}")
    with get_context().autocommit_block():
        execute("""CREATE INDEX CONCURRENTLY IF NOT EXISTS posting_pot_idx
            ON posting (book_id, pot_id, date, number) WHERE pot_id IS NOT NULL""")


def downgrade() -> None:
    execute("ALTER TABLE posting DROP COLUMN pot_id")
    execute("DROP TABLE pot_month")
    execute("DROP TABLE pot")
    for function in (
        "apply_pots(uuid, jsonb)",
        "fill_pots(uuid, uuid[], date[])",
        "tell_pots(uuid, uuid[], jsonb)",
    ):
        execute(f"DROP FUNCTION {function}")
    execute("DROP FUNCTION new_id()")
