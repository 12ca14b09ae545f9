"""What the forecast expects: the ledger's plans with what became of their occurrences, and sources of income.

Copies made before lack the source of income: `python -m pfms_budget rebuild` makes them anew from the ledger's feed.
"""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0005"
down_revision = "0004"

TABLES = {
    "recurring_plan": """
        name TEXT,
        kind TEXT,
        is_active BOOLEAN,
        amount_minor BIGINT,
        account_id UUID,
        from_id UUID,
        to_id UUID,
        arrives_minor BIGINT,
        category_id UUID,
        rrule TEXT,
        starts_on DATE,
        ends_on DATE,
        times INTEGER,
        short_months TEXT,
        weekend_rule TEXT,
        holidays TEXT,
        yearly_increase_percent TEXT,
        amount_since DATE,
        catch_up_from DATE,
    """,
    "recurring_mark": """
        plan_id UUID,
        nominal_date DATE,
        is_settled BOOLEAN,
        transaction_id UUID,
    """,
    "income_source": """
        name TEXT,
        is_active BOOLEAN,
        amount_minor BIGINT,
        currency TEXT,
        frequency TEXT,
    """,
}


def upgrade() -> None:
    for table, columns in TABLES.items():
        execute(f"""
            CREATE TABLE {table} (
                book_id UUID NOT NULL,
                id UUID NOT NULL,
                version BIGINT NOT NULL,
                {columns}
                CONSTRAINT {table}_pkey PRIMARY KEY (book_id, id)
            )
        """)
        isolate("budget", table, key="book_id", app="SELECT, INSERT, UPDATE, DELETE")
    execute("CREATE INDEX recurring_mark_nominal_date_idx ON recurring_mark (book_id, nominal_date)")
    execute("ALTER TABLE transaction ADD COLUMN income_source_id UUID")
    execute("""
        CREATE INDEX transaction_income_source_id_idx ON transaction (book_id, income_source_id)
        WHERE income_source_id IS NOT NULL
    """)


def downgrade() -> None:
    execute("ALTER TABLE transaction DROP COLUMN income_source_id")
    for table in TABLES:
        execute(f"DROP TABLE {table}")
