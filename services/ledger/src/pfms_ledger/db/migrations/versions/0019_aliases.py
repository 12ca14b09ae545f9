"""Payees have aliases, by which bank texts find them, and are found while their name is typed."""

from alembic.op import execute, get_context

from pfms_common.migrate import isolate, run_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    execute("ALTER TABLE payee ADD COLUMN aliases TEXT[] DEFAULT '{}' NOT NULL")
    execute("""
        CREATE TABLE payee_alias (
            book_id UUID NOT NULL,
            name_folded TEXT COLLATE "C" NOT NULL,
            payee_id UUID NOT NULL,
            CONSTRAINT payee_alias_pkey PRIMARY KEY (book_id, name_folded),
            CONSTRAINT payee_alias_book_id_payee_id_fkey FOREIGN KEY(book_id, payee_id)
                REFERENCES payee (book_id, id) ON DELETE CASCADE
        )
    """)
    execute("CREATE INDEX payee_alias_payee_idx ON payee_alias (book_id, payee_id)")
    isolate("ledger", "payee_alias", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    run_sql(
        "pfms_ledger.db.sql",
        "apply_payees.sql",
        "apply_aliases.sql",
        "apply_changes.sql",
        "check_refs.sql",
        "search_payees.sql",
    )
    with get_context().autocommit_block():
        execute(
            "CREATE INDEX CONCURRENTLY payee_searched_idx ON payee USING gin (book_id, searched gin_trgm_ops)"
        )


def downgrade() -> None:
    execute("DROP INDEX payee_searched_idx")
    execute("DROP FUNCTION search_payees")
    execute("DROP FUNCTION apply_aliases")
    execute("DROP TABLE payee_alias")
    execute("ALTER TABLE payee DROP COLUMN aliases")
