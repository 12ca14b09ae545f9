"""Pairs of transactions that somebody said are two, however alike they look."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    execute("""
        CREATE TABLE duplicate_dismissed (
            book_id UUID NOT NULL,
            first_id UUID NOT NULL,
            second_id UUID NOT NULL,
            CONSTRAINT duplicate_dismissed_pkey PRIMARY KEY (book_id, first_id, second_id)
        )
    """)
    isolate("ledger", "duplicate_dismissed", key="book_id", app="SELECT, INSERT, DELETE")


def downgrade() -> None:
    execute("DROP TABLE duplicate_dismissed")
