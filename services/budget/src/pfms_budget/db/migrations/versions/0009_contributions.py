"""Contributions to goals, and the requests to the ledger that they are."""

from alembic.op import execute

from pfms_common.migrate import isolate
from pfms_events.saga import create_saga_table

revision = "0009"
down_revision = "0008"

CONTRIBUTION = """
CREATE TABLE goal_contribution (
    book_id UUID NOT NULL,
    id UUID NOT NULL,
    goal_id UUID NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    date DATE NOT NULL,
    from_account_id UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT goal_contribution_pkey PRIMARY KEY (book_id, id),
    CONSTRAINT goal_contribution_book_id_goal_id_fkey FOREIGN KEY (book_id, goal_id)
        REFERENCES goal (book_id, id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    execute(CONTRIBUTION)
    execute(
        "CREATE INDEX goal_contribution_goal_idx ON goal_contribution (book_id, goal_id, date DESC, id DESC)"
    )
    isolate("budget", "goal_contribution", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    create_saga_table("budget")


def downgrade() -> None:
    execute("DROP TABLE goal_contribution")
    execute("DROP TABLE saga")
