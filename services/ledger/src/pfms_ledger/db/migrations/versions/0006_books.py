"""What auth tells of a book: its zone says which day it is there."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    execute("""
        CREATE TABLE book (
            book_id UUID NOT NULL,
            base_currency TEXT NOT NULL,
            timezone TEXT NOT NULL,
            version BIGINT NOT NULL,
            CONSTRAINT book_pkey PRIMARY KEY (book_id)
        )
    """)
    isolate("ledger", "book", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    execute("DROP TABLE book")
