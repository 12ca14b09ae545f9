"""Goals, and copies of the pots that they are filled in.

Pots made before are not known here: `python -m pfms_budget rebuild` makes the copies from the ledger's feed.
"""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0008"
down_revision = "0007"

TABLES = {
    "pot": """
    CREATE TABLE pot (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        account_id UUID,
        currency TEXT,
        is_active BOOLEAN,
        CONSTRAINT pot_pkey PRIMARY KEY (book_id, id)
    )
    """,
    "pot_balance": """
    CREATE TABLE pot_balance (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        balance_minor BIGINT,
        CONSTRAINT pot_balance_pkey PRIMARY KEY (book_id, id)
    )
    """,
    "goal": """
    CREATE TABLE goal (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        pause_reason TEXT,
        currency TEXT NOT NULL,
        target_minor BIGINT,
        months INTEGER,
        baseline_minor BIGINT,
        target_date DATE,
        pot_id UUID,
        category_id UUID,
        monthly_contribution_minor BIGINT,
        priority INTEGER NOT NULL,
        note TEXT,
        is_marked BOOLEAN NOT NULL,
        began_on DATE NOT NULL,
        began_with_minor NUMERIC(30) NOT NULL,
        version BIGINT NOT NULL,
        current_minor NUMERIC(30) NOT NULL,
        wanted_minor NUMERIC(30),
        achieved_by TEXT,
        achieved_on DATE,
        milestones JSONB NOT NULL DEFAULT '{}',
        progress_version BIGINT NOT NULL,
        seen_month DATE NOT NULL,
        CONSTRAINT goal_pkey PRIMARY KEY (book_id, id)
    )
    """,
}


def upgrade() -> None:
    for table, statement in TABLES.items():
        execute(statement)
        relay = "SELECT" if table == "goal" else ""  # where the job looks for goals of a month that is over
        isolate("budget", table, key="book_id", app="SELECT, INSERT, UPDATE, DELETE", relay=relay)


def downgrade() -> None:
    for table in TABLES:
        execute(f"DROP TABLE {table}")
