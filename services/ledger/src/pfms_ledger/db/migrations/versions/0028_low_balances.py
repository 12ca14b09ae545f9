"""An account knows whether its balance is below its limit, so that this is told once.

Accounts that are low already are not told of: nothing happened.
"""

from alembic.op import execute, get_bind, get_context
from sqlalchemy import text

from pfms_common.migrate import run_sql
from pfms_events.contracts.ledger.balance import balance_low_id

revision = "0028"
down_revision = "0027"

_LIMITED = "SELECT book_id, id FROM account WHERE low_balance_minor IS NOT NULL"
_NOTE = """UPDATE account SET low_id = :low_id, is_low = is_active AND balance_minor < low_balance_minor
    WHERE book_id = :book_id AND id = :id"""


def upgrade() -> None:
    execute("ALTER TABLE account ADD COLUMN low_id UUID, ADD COLUMN is_low BOOLEAN NOT NULL DEFAULT false")
    run_sql("pfms_ledger.db.sql", "tell_low.sql", "apply_accounts.sql", "append.sql")
    for row in get_bind().execute(text(_LIMITED)).mappings().all():
        get_bind().execute(text(_NOTE), {**row, "low_id": balance_low_id(row["id"])})
    with get_context().autocommit_block():
        execute("""CREATE INDEX CONCURRENTLY IF NOT EXISTS account_low_idx ON account (book_id)
            WHERE low_id IS NOT NULL""")


def downgrade() -> None:
    execute("ALTER TABLE account DROP COLUMN low_id, DROP COLUMN is_low")
    execute("DROP FUNCTION tell_low(uuid, uuid[], jsonb)")
