"""Accounts, categories, payees, transactions and their postings."""

from alembic.op import execute

from pfms_common.migrate import drop_everything, isolate, run_sql
from pfms_events.tables import create_event_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE account (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        name TEXT COLLATE "C" NOT NULL,
        type TEXT NOT NULL,
        currency TEXT NOT NULL,
        opening_balance_minor BIGINT NOT NULL,
        opened_on DATE NOT NULL,
        on_budget BOOLEAN NOT NULL,
        is_active BOOLEAN NOT NULL,
        institution TEXT,
        last_four TEXT,
        note TEXT,
        colour TEXT,
        position INTEGER NOT NULL,
        version BIGINT NOT NULL,
        balance_minor BIGINT DEFAULT '0' NOT NULL,
        cleared_balance_minor BIGINT DEFAULT '0' NOT NULL,
        CONSTRAINT account_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT account_currency_check CHECK (currency ~ '^[A-Z]{3}$')
    )
    """,
    """
    CREATE TABLE account_month (
        book_id UUID NOT NULL,
        account_id UUID NOT NULL,
        month DATE NOT NULL,
        sum_minor BIGINT NOT NULL,
        CONSTRAINT account_month_pkey PRIMARY KEY (book_id, account_id, month),
        CONSTRAINT account_month_book_id_account_id_fkey FOREIGN KEY(book_id, account_id) REFERENCES account (book_id, id)
    )
    """,
    """
    CREATE TABLE category (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        parent_id UUID,
        name TEXT COLLATE "C" NOT NULL,
        name_folded TEXT COLLATE "C" NOT NULL,
        type TEXT NOT NULL,
        key TEXT,
        spending_class TEXT,
        is_essential BOOLEAN NOT NULL,
        is_archived BOOLEAN NOT NULL,
        colour TEXT,
        icon TEXT,
        note TEXT,
        position INTEGER NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT category_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT category_book_id_parent_id_fkey FOREIGN KEY(book_id, parent_id) REFERENCES category (book_id, id)
    )
    """,
    """
    CREATE UNIQUE INDEX category_key_key ON category (book_id, key) WHERE key IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX category_name_key ON category (book_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid), name_folded)
    """,
    """
    CREATE TABLE payee (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        name TEXT COLLATE "C" NOT NULL,
        name_folded TEXT COLLATE "C" NOT NULL,
        is_active BOOLEAN NOT NULL,
        note TEXT,
        version BIGINT NOT NULL,
        CONSTRAINT payee_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE UNIQUE INDEX payee_name_key ON payee (book_id, name_folded)
    """,
    """
    CREATE TABLE transaction (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        date DATE NOT NULL,
        amount_minor BIGINT NOT NULL,
        payee_id UUID,
        related_transaction_id UUID,
        source TEXT NOT NULL,
        import_id UUID,
        bank_id TEXT,
        number BIGINT NOT NULL,
        last_event BIGINT NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT transaction_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT transaction_book_id_payee_id_fkey FOREIGN KEY(book_id, payee_id) REFERENCES payee (book_id, id),
        CONSTRAINT transaction_book_id_last_event_fkey FOREIGN KEY(book_id, last_event) REFERENCES event (stream_id, sequence)
    )
    """,
    """
    CREATE INDEX transaction_date_idx ON transaction (book_id, date DESC, number DESC)
    """,
    """
    CREATE INDEX transaction_import_idx ON transaction (book_id, import_id) WHERE import_id IS NOT NULL
    """,
    """
    CREATE INDEX transaction_payee_idx ON transaction (book_id, payee_id, date DESC, number DESC)
    """,
    """
    CREATE INDEX transaction_related_idx ON transaction (book_id, related_transaction_id) WHERE related_transaction_id IS NOT NULL
    """,
    """
    CREATE TABLE posting (
        book_id UUID NOT NULL,
        transaction_id UUID NOT NULL,
        n SMALLINT NOT NULL,
        kind TEXT NOT NULL,
        account_id UUID,
        category_id UUID,
        amount_minor BIGINT NOT NULL,
        currency TEXT NOT NULL,
        date DATE NOT NULL,
        number BIGINT NOT NULL,
        cleared BOOLEAN NOT NULL,
        CONSTRAINT posting_pkey PRIMARY KEY (book_id, transaction_id, n),
        CONSTRAINT posting_book_id_transaction_id_fkey FOREIGN KEY(book_id, transaction_id) REFERENCES transaction (book_id, id),
        CONSTRAINT posting_book_id_account_id_fkey FOREIGN KEY(book_id, account_id) REFERENCES account (book_id, id),
        CONSTRAINT posting_book_id_category_id_fkey FOREIGN KEY(book_id, category_id) REFERENCES category (book_id, id),
        CONSTRAINT posting_account_check CHECK ((kind = 'account') = (account_id IS NOT NULL)),
        CONSTRAINT posting_category_check CHECK (category_id IS NULL OR kind = 'category')
    )
    """,
    """
    CREATE INDEX posting_category_idx ON posting (book_id, category_id, date DESC, number DESC) WHERE kind = 'category'
    """,
    """
    CREATE INDEX posting_register_idx ON posting (book_id, account_id, date DESC, number DESC) WHERE account_id IS NOT NULL
    """,
    """
    CREATE TABLE transaction_tag (
        book_id UUID NOT NULL,
        tag TEXT COLLATE "C" NOT NULL,
        transaction_id UUID NOT NULL,
        CONSTRAINT transaction_tag_pkey PRIMARY KEY (book_id, tag, transaction_id),
        CONSTRAINT transaction_tag_book_id_transaction_id_fkey FOREIGN KEY(book_id, transaction_id) REFERENCES transaction (book_id, id)
    )
    """,
    """
    CREATE INDEX transaction_tag_transaction_idx ON transaction_tag (book_id, transaction_id)
    """,
)

ZERO_SUM = """
    CREATE TRIGGER zero_sum_insert AFTER INSERT ON posting REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION zero_sum_of_new();
    CREATE TRIGGER zero_sum_delete AFTER DELETE ON posting REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION zero_sum_of_old();
    CREATE TRIGGER zero_sum_update AFTER UPDATE ON posting REFERENCING OLD TABLE AS removed NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION zero_sum_of_both()
"""
FUNCTIONS = (
    "check_refs",
    "retire_entries",
    "apply_accounts",
    "apply_categories",
    "apply_payees",
    "apply_entries",
    "apply_changes",
    "append",
)
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    create_event_tables("ledger", idempotency="book")
    for statement in TABLES:
        execute(statement)
    for table in (
        "account",
        "account_month",
        "category",
        "payee",
        "transaction",
        "posting",
        "transaction_tag",
    ):
        isolate("ledger", table, key="book_id", app=READ_WRITE)
    run_sql("pfms_ledger.db.sql", "zero_sum_of_new.sql", "zero_sum_of_old.sql", "zero_sum_of_both.sql")
    for trigger in ZERO_SUM.split(";"):
        execute(trigger)
    run_sql("pfms_ledger.db.sql", *(f"{name}.sql" for name in FUNCTIONS))


def downgrade() -> None:
    drop_everything()
