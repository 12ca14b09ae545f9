"""What-if branches of the forecast."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0006"
down_revision = "0005"

SCENARIO = """
CREATE TABLE scenario (
    book_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    note TEXT,
    items JSONB NOT NULL,
    without_plan_ids UUID[] NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT scenario_pkey PRIMARY KEY (book_id, id)
)
"""


def upgrade() -> None:
    execute(SCENARIO)
    isolate("budget", "scenario", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    execute("DROP TABLE scenario")
