"""What migrations are written with: one alembic tree per service, run with short lock and statement limits.

`pfms_common.upgrade` runs them.
"""

import re
from importlib.resources import files

from alembic import context
from alembic.op import execute
from sqlalchemy import Connection, MetaData, text

LOCK_TIMEOUT = "1s"
STATEMENT_TIMEOUT = "30s"

_SEES = {
    "book_id": "book_id = ANY ((SELECT nullif(current_setting('app.book_ids', true), '')::uuid[])::uuid[])",
    "user_id": "user_id = ANY ((SELECT nullif(current_setting('app.user_ids', true), '')::uuid[])::uuid[])",
    "stream_id": (
        "stream_id = ANY ((SELECT coalesce(nullif(current_setting('app.book_ids', true), '')::uuid[], '{}')"
        " || coalesce(nullif(current_setting('app.user_ids', true), '')::uuid[], '{}'))::uuid[])"
    ),
}
_SEES["book_id or user_id"] = f"({_SEES['book_id']} OR {_SEES['user_id']})"


def isolate(service: str, table: str, *, key: str, app: str, relay: str = "") -> None:
    """Puts row-level security on a table and grants what each role needs; every table goes through here.

    Args:
        service: names the three roles, `<service>_owner`, `_app` and `_relay`.
        table: the table, just created.
        key: the column that leads the primary key: `book_id`, `user_id`, `stream_id`, or `book_id or user_id`
            for what either side may see.
        app: privileges of the app role, such as `SELECT, INSERT, UPDATE, DELETE`.
        relay: privileges of the relay role, which sees every row; empty for none.
    """
    sees = _SEES[key]
    execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    execute(f"CREATE POLICY app_scope ON {table} TO {service}_app USING ({sees}) WITH CHECK ({sees})")
    # FORCE hides rows from the owner too, and a backfill would then change nothing without an error.
    execute(f"CREATE POLICY owner_all ON {table} TO {service}_owner USING (true) WITH CHECK (true)")
    execute(f"GRANT {app} ON {table} TO {service}_app")
    if relay:
        execute(f"CREATE POLICY relay_all ON {table} TO {service}_relay USING (true) WITH CHECK (true)")
        execute(f"GRANT {relay} ON {table} TO {service}_relay")


def run_sql(package: str, *names: str) -> None:
    """Runs `<package>/<name>` files, each one statement: asyncpg prepares, and refuses two.

    A file holds its function as it is now, so on the way up it may name columns that a later migration adds:
    PostgreSQL is told not to look at bodies of language sql yet, as it never does at those of plpgsql.
    """
    execute("SET LOCAL check_function_bodies = off")
    for name in names:
        execute(text(re.sub(r":(?=\w)", r"\\:", files(package).joinpath(name).read_text())))


def drop_everything() -> None:
    """The way back from a first migration: every table and function of the database but alembic's own table."""
    execute("""
        DO $$
        DECLARE
            thing text;
        BEGIN
            FOR thing IN SELECT format('%I', relname) FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
            LOOP
                EXECUTE 'DROP TABLE IF EXISTS ' || thing || ' CASCADE';
            END LOOP;
            FOR thing IN SELECT p.oid::regprocedure::text FROM pg_proc p
                LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
                WHERE p.pronamespace = 'public'::regnamespace AND d.objid IS NULL
            LOOP
                EXECUTE 'DROP FUNCTION IF EXISTS ' || thing || ' CASCADE';
            END LOOP;
        END
        $$
    """)


def run_migrations(metadata: MetaData) -> None:
    """The whole of a service's `env.py`. The URL comes from the command line's config, never from settings."""

    def with_connection(connection: Connection) -> None:
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
            context.run_migrations()

    connection = context.config.attributes.get("connection")
    if connection is not None:
        with_connection(connection)
