"""`make migrate S=ledger M="add a note"`: the migration that the models of a service ask for, to be reviewed.

The difference is found on a database of its own, brought to the newest version, on a server that ends with this.
"""

import asyncio
import io
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.ops import CreateTableOp, MigrateOperation, MigrationScript, ModifyTableOps
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from pfms_common.upgrade import config_for, upgrade
from pfms_embedded.testing import start_for_tests
from pfms_service.provision import provision
from pfms_service.service import Service
from pfms_service.testing import PASSWORD

PAGE = '''"""{message}."""

from alembic.op import execute
{imports}
revision = "{revision}"
down_revision = "{below}"


def upgrade() -> None:
{up}


def downgrade() -> None:
{down}
'''


def main() -> None:
    name, message = sys.argv[1], sys.argv[2].strip().rstrip(".")
    service: Service = import_module(f"pfms_{name}.app").SERVICE
    server = start_for_tests()
    try:
        found = asyncio.run(_difference(server.admin_url, service))
    finally:
        server.stop()
    if not found.upgrade_ops or found.upgrade_ops.is_empty():
        sys.exit(f"the models of {name} are as its migrations make them: change a table first")
    path = write(service, message, found)
    print(f"wrote {path}: read it, then `make check` and `make test S={name}`")


async def _difference(admin_url: str, service: Service) -> MigrationScript:
    await provision(admin_url, service.name, lambda _role: PASSWORD)
    url = admin_url.replace("/postgres?", f"/pfms_{service.name}?")
    await upgrade(service.package, url)
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))

    def compare(connection: Connection) -> MigrationScript:
        options = {"compare_type": True, "include_name": lambda name, _kind, _of: name != "alembic_version"}
        return produce_migrations(MigrationContext.configure(connection, opts=options), service.metadata)

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


def write(service: Service, message: str, found: MigrationScript) -> Path:
    """The next file of the service's migrations."""
    directory = ScriptDirectory.from_config(config_for(service.package))
    below = directory.get_current_head() or "0000"
    revision = f"{int(below) + 1:04}"
    ups, downs = _flat(found.upgrade_ops), _flat(found.downgrade_ops)
    tables = [each.table_name for each in ups if isinstance(each, CreateTableOp)]
    up = _calls(ups) + [
        f'    isolate("{service.name}", "{table}", key="book_id", app="SELECT, INSERT, UPDATE, DELETE")'
        for table in tables
    ]
    page = PAGE.format(
        message=message[0].upper() + message[1:],
        imports="\nfrom pfms_common.migrate import isolate\n" if tables else "",
        revision=revision,
        below=below,
        up="\n".join(up),
        down="\n".join(_calls(downs)),
    )
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    path = Path(directory.dir) / "versions" / f"{revision}_{slug}.py"
    path.write_text(page, "utf-8")
    return path


def _flat(of: object) -> list[MigrateOperation]:
    return list(_each(getattr(of, "ops", ())))


def _each(operations: Iterable[MigrateOperation]) -> Iterator[MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ModifyTableOps):
            yield from _each(operation.ops)
        else:
            yield operation


def _calls(operations: Iterable[MigrateOperation]) -> list[str]:
    """Each operation as a call of execute() with its SQL: what will run is what is read."""
    calls = []
    for operation in operations:
        written = io.StringIO()
        context = MigrationContext.configure(
            dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written}
        )
        Operations(context).invoke(operation)
        statements = [sql.strip() for sql in written.getvalue().split(";\n") if sql.strip()]
        calls += [f'    execute("""\n{_indented(sql)}\n    """)' for sql in statements]
    return calls


def _indented(sql: str) -> str:
    return "\n".join(f"        {line.expandtabs(4).rstrip()}" for line in sql.splitlines())


if __name__ == "__main__":
    main()
