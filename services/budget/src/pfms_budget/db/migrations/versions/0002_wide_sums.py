"""Sums may be wider than 64 bits.

The ledger bounds an amount (10^15 minor units) and the balance of an account (10^17), not how often money goes in
and out: some 9,300 of the largest amounts in one category overflow a BIGINT, and the event that does so, and each
after it, would be parked for good. 30 digits hold more than any number of events can add up to.
"""

from alembic.op import execute

revision = "0002"
down_revision = "0001"

SUMS = {
    "cell": ("minor",),
    "month": (
        "start",
        "income",
        "held_income",
        "openings",
        "allocated",
        "outflow",
        "rollover_balance",
        "hold",
        "released",
        "excluded",
        "discarded",
        "to_be_budgeted",
    ),
    "month_line": ("allocated", "actual", "carry_in", "available"),
}


def _set_type(kind: str) -> None:
    for table, columns in SUMS.items():
        changes = ", ".join(f"ALTER COLUMN {column} TYPE {kind}" for column in columns)
        execute(f"ALTER TABLE {table} {changes}")


def upgrade() -> None:
    _set_type("NUMERIC(30)")


def downgrade() -> None:
    _set_type("BIGINT")
