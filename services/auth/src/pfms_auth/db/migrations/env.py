"""Alembic's entry for auth."""

from pfms_auth.db.tables import Base
from pfms_common.migrate import run_migrations

run_migrations(Base.metadata)
