"""A row of a bank file knows the occurrence of a plan that it is."""

from alembic.op import execute

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    execute("ALTER TABLE import_row ADD COLUMN plan_id UUID, ADD COLUMN plan_date DATE")


def downgrade() -> None:
    execute("ALTER TABLE import_row DROP COLUMN plan_id, DROP COLUMN plan_date")
