"""Balances and month sums stay where their sums fit an integer of 64 bits."""

from alembic.op import execute

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute(
        """ALTER TABLE account ADD CONSTRAINT account_balance_check
        CHECK (balance_minor BETWEEN -100000000000000000 AND 100000000000000000
           AND cleared_balance_minor BETWEEN -100000000000000000 AND 100000000000000000)"""
    )
    execute(
        """ALTER TABLE account_month ADD CONSTRAINT account_month_sum_check
        CHECK (sum_minor BETWEEN -100000000000000000 AND 100000000000000000)"""
    )


def downgrade() -> None:
    execute("ALTER TABLE account_month DROP CONSTRAINT account_month_sum_check")
    execute("ALTER TABLE account DROP CONSTRAINT account_balance_check")
