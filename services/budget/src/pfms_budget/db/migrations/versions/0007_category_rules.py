"""What a category's allocation goes by, period after period; archived categories that hold nothing are not shown."""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0007"
down_revision = "0006"

RULES = """
CREATE TABLE category_rules (
    book_id UUID NOT NULL,
    category_id UUID NOT NULL,
    rules JSONB NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT category_rules_pkey PRIMARY KEY (book_id, category_id)
)
"""


def upgrade() -> None:
    execute(RULES)
    isolate("budget", "category_rules", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    run_sql("pfms_budget.db.sql", "budget_months.sql")


def downgrade() -> None:
    execute("DROP TABLE category_rules")
