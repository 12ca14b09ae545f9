"""Imports: uploaded files, their rows, and what is remembered of them."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0002"
down_revision = "0001"

TABLES = (
    """
    CREATE TABLE import (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        account_id UUID,
        file_name TEXT NOT NULL,
        file_bytes BIGINT NOT NULL,
        read_on DATE NOT NULL,
        answered BOOLEAN DEFAULT false NOT NULL,
        status TEXT NOT NULL,
        error TEXT,
        format TEXT,
        answers JSONB NOT NULL,
        account_map JSONB NOT NULL,
        targets JSONB DEFAULT '{}' NOT NULL,
        reading JSONB DEFAULT '{}' NOT NULL,
        rows_total INTEGER DEFAULT '0' NOT NULL,
        rows_new INTEGER DEFAULT '0' NOT NULL,
        rows_duplicate INTEGER DEFAULT '0' NOT NULL,
        rows_match INTEGER DEFAULT '0' NOT NULL,
        rows_conflict INTEGER DEFAULT '0' NOT NULL,
        rows_error INTEGER DEFAULT '0' NOT NULL,
        rows_skipped INTEGER DEFAULT '0' NOT NULL,
        sum_in_minor BIGINT DEFAULT '0' NOT NULL,
        sum_out_minor BIGINT DEFAULT '0' NOT NULL,
        rows_imported INTEGER DEFAULT '0' NOT NULL,
        rows_undone INTEGER DEFAULT '0' NOT NULL,
        done_through INTEGER DEFAULT '0' NOT NULL,
        undone_through INTEGER DEFAULT '0' NOT NULL,
        version BIGINT DEFAULT '0' NOT NULL,
        worker UUID,
        leased_until TIMESTAMP WITH TIME ZONE,
        attempts INTEGER DEFAULT '0' NOT NULL,
        read_at TIMESTAMP WITH TIME ZONE,
        written_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT import_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE INDEX import_work_idx ON import (book_id, leased_until) WHERE NOT answered OR status IN ('reading', 'processing', 'undoing')
    """,
    """
    CREATE TABLE import_chunk (
        book_id UUID NOT NULL,
        import_id UUID NOT NULL,
        n INTEGER NOT NULL,
        data BYTEA NOT NULL,
        CONSTRAINT import_chunk_pkey PRIMARY KEY (book_id, import_id, n),
        CONSTRAINT import_chunk_book_id_import_id_fkey FOREIGN KEY(book_id, import_id) REFERENCES import (book_id, id) ON DELETE CASCADE
    )
    """,
    # Pressing the pieces of a file together would cost more time than room.
    "ALTER TABLE import_chunk ALTER COLUMN data SET STORAGE EXTERNAL",
    """
    CREATE TABLE import_row (
        book_id UUID NOT NULL,
        import_id UUID NOT NULL,
        row INTEGER NOT NULL,
        account_key TEXT NOT NULL,
        account_id UUID,
        date DATE,
        amount_minor BIGINT,
        currency TEXT,
        payee TEXT NOT NULL,
        memo TEXT NOT NULL,
        text TEXT NOT NULL,
        bank_id TEXT,
        id_shared BOOLEAN NOT NULL,
        status TEXT NOT NULL,
        fingerprint BYTEA,
        occurrence INTEGER NOT NULL,
        state TEXT NOT NULL,
        error TEXT,
        match_transaction_id UUID,
        transaction_id UUID,
        accepted BOOLEAN DEFAULT true NOT NULL,
        wrote_version BIGINT,
        kept TEXT,
        CONSTRAINT import_row_pkey PRIMARY KEY (book_id, import_id, row)
    )
    """,
    "CREATE INDEX import_row_fingerprint_idx ON import_row (book_id, fingerprint)",
    "CREATE INDEX import_row_bank_id_idx ON import_row (book_id, account_id, bank_id) WHERE bank_id IS NOT NULL",
    "CREATE INDEX import_row_transaction_idx ON import_row (book_id, transaction_id) WHERE transaction_id IS NOT NULL",
    """
    CREATE TABLE import_mapping (
        book_id UUID NOT NULL,
        user_id UUID NOT NULL,
        shape TEXT NOT NULL,
        mapping JSONB NOT NULL,
        CONSTRAINT import_mapping_pkey PRIMARY KEY (book_id, user_id, shape)
    )
    """,
    """
    CREATE TABLE import_account (
        book_id UUID NOT NULL,
        key TEXT COLLATE "C" NOT NULL,
        account_id UUID NOT NULL,
        CONSTRAINT import_account_pkey PRIMARY KEY (book_id, key)
    )
    """,
)
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
# Each file holds its function as it is now; a migration that changes one runs it again.
FUNCTIONS = ("apply_payees", "apply_categories", "apply_changes")


def upgrade() -> None:
    for statement in TABLES:
        execute(statement)
    # The job finds by the relay role what is to be gone on with, and the app role does it.
    isolate("ledger", "import", key="book_id", app=READ_WRITE, relay="SELECT")
    isolate("ledger", "import_chunk", key="book_id", app="SELECT, INSERT, DELETE", relay="SELECT")
    for table in ("import_row", "import_mapping", "import_account"):
        isolate("ledger", table, key="book_id", app=READ_WRITE)
    run_sql("pfms_ledger.db.sql", *(f"{name}.sql" for name in FUNCTIONS))


def downgrade() -> None:
    for table in ("import_account", "import_mapping", "import_row", "import_chunk", "import"):
        execute(f"DROP TABLE {table}")
