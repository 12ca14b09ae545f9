"""Copies, cells, months and plans."""

from alembic.op import execute

from pfms_common.migrate import drop_everything, isolate, run_sql
from pfms_events.tables import create_event_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE book (
        book_id UUID NOT NULL,
        base_currency TEXT NOT NULL,
        timezone TEXT NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT book_pkey PRIMARY KEY (book_id)
    )
    """,
    """
    CREATE TABLE account (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        on_budget BOOLEAN,
        currency TEXT,
        opened_on DATE,
        opening_balance_minor BIGINT,
        CONSTRAINT account_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE TABLE category (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        type TEXT,
        CONSTRAINT category_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE TABLE transaction (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        cells JSONB,
        CONSTRAINT transaction_pkey PRIMARY KEY (book_id, id)
    )
    """,
    """
    CREATE TABLE settings (
        book_id UUID NOT NULL,
        default_rollover TEXT NOT NULL,
        unrolled TEXT NOT NULL,
        strict BOOLEAN NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT settings_pkey PRIMARY KEY (book_id)
    )
    """,
    """
    CREATE TABLE plan (
        book_id UUID NOT NULL,
        first_day DATE NOT NULL,
        planned_income_minor BIGINT NOT NULL,
        planned_salary_minor BIGINT NOT NULL,
        planned_bonuses_minor BIGINT NOT NULL,
        planned_side_income_minor BIGINT NOT NULL,
        planned_investments_minor BIGINT NOT NULL,
        planned_other_minor BIGINT NOT NULL,
        savings_budget_minor BIGINT NOT NULL,
        debt_payment_budget_minor BIGINT NOT NULL,
        hold_minor BIGINT NOT NULL,
        status TEXT NOT NULL,
        notes TEXT,
        version BIGINT NOT NULL,
        CONSTRAINT plan_pkey PRIMARY KEY (book_id, first_day)
    )
    """,
    """
    CREATE TABLE allocation (
        book_id UUID NOT NULL,
        id UUID NOT NULL,
        first_day DATE NOT NULL,
        category_id UUID NOT NULL,
        type TEXT NOT NULL,
        percentage INTEGER,
        allocated_minor BIGINT NOT NULL,
        rollover TEXT NOT NULL,
        colour TEXT,
        position INTEGER NOT NULL,
        version BIGINT NOT NULL,
        CONSTRAINT allocation_pkey PRIMARY KEY (book_id, id),
        CONSTRAINT allocation_percentage_check CHECK ((type = 'percentage') = (percentage IS NOT NULL)),
        CONSTRAINT allocation_category_key UNIQUE (book_id, first_day, category_id)
    )
    """,
    """
    CREATE TABLE cell (
        book_id UUID NOT NULL,
        day DATE NOT NULL,
        account_id UUID NOT NULL,
        kind TEXT NOT NULL,
        category_id UUID NOT NULL,
        counter_id UUID NOT NULL,
        minor BIGINT NOT NULL,
        transactions INTEGER NOT NULL,
        CONSTRAINT cell_pkey PRIMARY KEY (book_id, day, account_id, kind, category_id, counter_id)
    )
    """,
    """
    CREATE TABLE month (
        book_id UUID NOT NULL,
        first_day DATE NOT NULL,
        last_day DATE NOT NULL,
        key TEXT NOT NULL,
        start BIGINT NOT NULL,
        income BIGINT NOT NULL,
        held_income BIGINT NOT NULL,
        openings BIGINT NOT NULL,
        allocated BIGINT NOT NULL,
        outflow BIGINT NOT NULL,
        rollover_balance BIGINT NOT NULL,
        hold BIGINT NOT NULL,
        released BIGINT NOT NULL,
        excluded BIGINT NOT NULL,
        discarded BIGINT NOT NULL,
        to_be_budgeted BIGINT NOT NULL,
        derived_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT month_pkey PRIMARY KEY (book_id, first_day)
    )
    """,
    """
    CREATE TABLE month_line (
        book_id UUID NOT NULL,
        first_day DATE NOT NULL,
        category_id UUID NOT NULL,
        allocated BIGINT NOT NULL,
        actual BIGINT NOT NULL,
        carry_in BIGINT NOT NULL,
        available BIGINT NOT NULL,
        transaction_count INTEGER NOT NULL,
        rollover TEXT,
        CONSTRAINT month_line_pkey PRIMARY KEY (book_id, first_day, category_id)
    )
    """,
    """
    CREATE TABLE dirty (
        book_id UUID NOT NULL,
        since DATE NOT NULL,
        before BIGINT NOT NULL,
        CONSTRAINT dirty_pkey PRIMARY KEY (book_id)
    )
    """,
)
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    create_event_tables("budget", idempotency="book")
    for statement in TABLES:
        execute(statement)
    for table in (
        "account",
        "category",
        "transaction",
        "settings",
        "plan",
        "allocation",
        "cell",
        "month_line",
    ):
        isolate("budget", table, key="book_id", app=READ_WRITE)
    for table in ("book", "month", "dirty"):  # where the jobs look for books that wait to be derived
        isolate("budget", table, key="book_id", app=READ_WRITE, relay="SELECT")
    run_sql("pfms_budget.db.sql", "budget_months.sql")


def downgrade() -> None:
    drop_everything()
