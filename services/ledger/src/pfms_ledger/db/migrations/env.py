"""Alembic's entry for the ledger."""

from pfms_common.migrate import run_migrations
from pfms_ledger.db.tables import Base

run_migrations(Base.metadata)
