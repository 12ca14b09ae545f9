"""Attachments, and the files that are kept for them."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0017"
down_revision = "0016"

TABLES = (
    """
    CREATE TABLE attachment (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        transaction_id UUID NOT NULL,
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        sha256 TEXT COLLATE "C" NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_by UUID,
        version BIGINT NOT NULL,
        CONSTRAINT attachment_pkey PRIMARY KEY (book_id, id)
    )
    """,
    "CREATE INDEX attachment_transaction_idx ON attachment (book_id, transaction_id)",
    "CREATE INDEX attachment_sha256_idx ON attachment (book_id, sha256)",
    """
    CREATE TABLE blob (
        book_id UUID NOT NULL,
        sha256 TEXT COLLATE "C" NOT NULL,
        keep_until TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT blob_pkey PRIMARY KEY (book_id, sha256)
    )
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        execute(statement)
    # The job finds by the relay role what nobody needs any longer, and the app role clears it away.
    isolate("ledger", "attachment", key="book_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT")
    isolate("ledger", "blob", key="book_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT")
    run_sql("pfms_ledger.db.sql", "apply_attachments.sql", "apply_changes.sql")


def downgrade() -> None:
    execute("DROP FUNCTION apply_attachments")
    execute("DROP TABLE blob")
    execute("DROP TABLE attachment")
