"""Whether the category of a shared split holds one's own part or the whole."""

from alembic.op import execute

from pfms_common.migrate import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    execute("ALTER TABLE ledger_settings ADD COLUMN shares TEXT DEFAULT 'mine' NOT NULL")
    run_sql("pfms_ledger.db.sql", "apply_settings.sql")


def downgrade() -> None:
    execute("ALTER TABLE ledger_settings DROP COLUMN shares")
