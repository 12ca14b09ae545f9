"""Work of many batches is noted until it is done."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    execute("""
        CREATE TABLE work (
            book_id UUID NOT NULL,
            id UUID NOT NULL,
            user_id UUID NOT NULL,
            kind TEXT NOT NULL,
            wanted JSONB NOT NULL,
            correlation_id TEXT NOT NULL,
            claim JSONB,
            done BIGINT DEFAULT '0' NOT NULL,
            worker UUID,
            leased_until TIMESTAMP WITH TIME ZONE,
            attempts INTEGER DEFAULT '0' NOT NULL,
            CONSTRAINT work_pkey PRIMARY KEY (book_id, id)
        )
    """)
    execute("CREATE UNIQUE INDEX work_wanted_key ON work (book_id, kind, wanted)")
    # The job finds by the relay role what nobody works on, and the app role does it.
    isolate("ledger", "work", key="book_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT")


def downgrade() -> None:
    execute("DROP TABLE work")
