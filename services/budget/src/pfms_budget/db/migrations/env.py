"""Alembic's entry for the budget."""

from pfms_budget.db.tables import Base
from pfms_common.migrate import run_migrations

run_migrations(Base.metadata)
