"""What a book has set for its ledger: the account that quick entries are on."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    execute("""
        CREATE TABLE ledger_settings (
            book_id UUID NOT NULL,
            default_account_id UUID,
            version BIGINT NOT NULL,
            CONSTRAINT ledger_settings_pkey PRIMARY KEY (book_id),
            CONSTRAINT ledger_settings_book_id_default_account_id_fkey FOREIGN KEY(book_id, default_account_id)
                REFERENCES account (book_id, id)
        )
    """)
    isolate("ledger", "ledger_settings", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    run_sql("pfms_ledger.db.sql", "apply_settings.sql", "apply_changes.sql")


def downgrade() -> None:
    execute("DROP TABLE ledger_settings")
