"""Alerts that were told, and the shares of an allocation at which a book is told."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    execute("ALTER TABLE settings ADD COLUMN alert_percents INTEGER[] NOT NULL DEFAULT '{80,100}'")
    execute("""
        CREATE TABLE alert (
            book_id UUID NOT NULL,
            first_day DATE NOT NULL,
            kind TEXT NOT NULL,
            category_id UUID NOT NULL,
            percent INTEGER NOT NULL,
            since TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT alert_pkey PRIMARY KEY (book_id, first_day, kind, category_id, percent)
        )
    """)
    isolate("budget", "alert", key="book_id", app="SELECT, INSERT, UPDATE, DELETE", relay="SELECT")


def downgrade() -> None:
    execute("DROP TABLE alert")
    execute("ALTER TABLE settings DROP COLUMN alert_percents")
