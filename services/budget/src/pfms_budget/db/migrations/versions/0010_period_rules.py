"""Periods that follow a pay cycle: by which rule they begin, from which day on."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0010"
down_revision = "0009"

PERIOD_RULE = """
CREATE TABLE period_rule (
    book_id UUID NOT NULL,
    first_day DATE NOT NULL,
    bridge_day DATE NOT NULL,
    cycle TEXT NOT NULL,
    day INTEGER,
    anchor DATE,
    holidays TEXT,
    days DATE[] NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT period_rule_pkey PRIMARY KEY (book_id, first_day)
)
"""


def upgrade() -> None:
    execute(PERIOD_RULE)
    isolate("budget", "period_rule", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    execute("DROP TABLE period_rule")
