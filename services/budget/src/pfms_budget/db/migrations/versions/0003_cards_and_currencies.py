"""Cards whose debt is kept apart, money in other currencies, and what is asked of a category.

Copies made before lack these fields: `python -m pfms_budget rebuild` makes them anew from the ledger's feed.
"""

from alembic.op import execute

from pfms_common.migrate import isolate, run_sql

revision = "0003"
down_revision = "0002"

COLUMNS = {
    "book": ("unconverted UUID[] NOT NULL DEFAULT '{}'",),
    "account": ("keeps_debt BOOLEAN", "minimum_payment_minor BIGINT", "due_day INTEGER"),
    "category": (
        "parent_id UUID",
        "key TEXT",
        "spending_class TEXT",
        "is_essential BOOLEAN",
        "is_archived BOOLEAN",
    ),
    "cell": ("base NUMERIC(30) NOT NULL DEFAULT 0", "unstated NUMERIC(30) NOT NULL DEFAULT 0"),
    "month": ("fx NUMERIC(30) NOT NULL DEFAULT 0", "card_debt NUMERIC(30) NOT NULL DEFAULT 0"),
    "month_line": (
        "on_cards JSONB",
        "card_debt NUMERIC(30) NOT NULL DEFAULT 0",
        "funded NUMERIC(30) NOT NULL DEFAULT 0",
        "paid NUMERIC(30) NOT NULL DEFAULT 0",
    ),
}
RATE = """
CREATE TABLE rate (
    book_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    base TEXT,
    quote TEXT,
    date DATE,
    rate TEXT,
    CONSTRAINT rate_pkey PRIMARY KEY (book_id, id)
)
"""


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        execute(f"ALTER TABLE {table} {', '.join(f'ADD COLUMN {column}' for column in columns)}")
    execute(RATE)
    isolate("budget", "rate", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    run_sql("pfms_budget.db.sql", "card_minimums.sql", "budget_months.sql")


def downgrade() -> None:
    execute("DROP FUNCTION card_minimums")
    execute("DROP TABLE rate")
    for table, columns in COLUMNS.items():
        names = ", ".join(f"DROP COLUMN {column.split()[0]}" for column in columns)
        execute(f"ALTER TABLE {table} {names}")
