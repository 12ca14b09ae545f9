"""A service's database and its three roles, made by the deploying user; safe to run again."""

from collections.abc import Callable

import asyncpg

STATEMENT_TIMEOUT = "8s"
IDLE_TIMEOUT = "5s"
ROLES = ("owner", "app", "relay")


async def provision(
    admin_url: str, service: str, password_for: Callable[[str], str], *, database: str | None = None
) -> None:
    """Makes database `pfms_<service>` and the roles `<service>_owner`, `_app`, `_relay`, or brings them up to date.

    Args:
        admin_url: a PostgreSQL address that may create roles and databases.
        password_for: role name → its password.
        database: another name than the service's own, for tests.
    """
    database = database or f"pfms_{service}"
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock(hashtext('pfms provision'))")
        for kind in ROLES:
            await _role(admin, f"{service}_{kind}", password_for(f"{service}_{kind}"))
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await admin.execute(
                f'CREATE DATABASE "{database}" OWNER {service}_owner TEMPLATE template0 ENCODING UTF8'
            )
        await admin.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {service}_app, {service}_relay')
    finally:
        await admin.close()


async def _role(admin: asyncpg.Connection, role: str, password: str) -> None:
    exists = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    quoted = await admin.fetchval("SELECT quote_literal($1::text)", password)
    verb = "ALTER" if exists else "CREATE"
    await admin.execute(
        f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {quoted}"
    )
    if role.endswith("_owner"):
        return
    await admin.execute(f"ALTER ROLE {role} SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    await admin.execute(f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}'")
    await admin.execute(f"ALTER ROLE {role} SET timezone = 'UTC'")
    # The owner hands out nothing by default: every grant stands in a migration.
