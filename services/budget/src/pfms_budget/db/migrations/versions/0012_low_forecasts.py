"""Accounts of which was told that they are going to run dry."""

from alembic.op import execute

from pfms_common.migrate import isolate

revision = "0012"
down_revision = "0011"

LOW_FORECAST = """
CREATE TABLE low_forecast (
    book_id UUID NOT NULL,
    account_id UUID NOT NULL,
    CONSTRAINT low_forecast_pkey PRIMARY KEY (book_id, account_id)
)
"""


def upgrade() -> None:
    execute(LOW_FORECAST)
    isolate("budget", "low_forecast", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    execute("DROP TABLE low_forecast")
