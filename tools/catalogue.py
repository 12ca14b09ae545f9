"""What PostgreSQL itself says about a service's database: is every row of a book or person behind its key, its policy
and its grants? The answers are sentences; none means that isolation holds by construction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

SCOPES = frozenset({"book_id", "user_id", "stream_id"})
ROLES = ("owner", "app", "relay")

# table → what the app role and what the relay role may do with it: history can't be changed by who serves requests.
EVENT_GRANTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    table: (frozenset(app.split()), frozenset(relay.split()))
    for table, app, relay in (
        ("event", "SELECT INSERT", "SELECT DELETE"),
        ("stream_head", "SELECT INSERT UPDATE", "SELECT"),
        ("unsent", "INSERT", "SELECT DELETE"),
        ("unroutable", "SELECT", "SELECT INSERT DELETE"),
        ("progress", "SELECT INSERT UPDATE DELETE", "SELECT"),
        ("retry", "SELECT INSERT UPDATE DELETE", "SELECT"),
        ("inbox", "SELECT INSERT", "SELECT DELETE"),
        ("idempotency", "SELECT INSERT UPDATE(body) UPDATE(headers) UPDATE(status)", "SELECT DELETE"),
    )
}
_ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})

_TABLES = """
SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS isolated, pg_get_userbyid(c.relowner) AS owner
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
ORDER BY c.relname
"""
_INDEXES = """
SELECT t.relname AS table, i.relname AS name, x.indisprimary AS is_primary,
       coalesce(a.attname, 'an expression') AS first
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] AND x.indkey[0] <> 0
WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> 'alembic_version' ORDER BY 1, 2
"""
_FOREIGN_KEYS = """
SELECT t.relname AS table, f.conname AS name, a.attname AS first, b.attname AS target
FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid
JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
WHERE f.contype = 'f' AND t.relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""
_POLICIES = """
SELECT p.polrelid::regclass::text AS table, p.polname AS name,
       p.polcmd::text AS command, p.polpermissive AS permissive,
       array(SELECT CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) r) AS roles,
       coalesce(pg_get_expr(p.polqual, p.polrelid), '') AS sees,
       coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') AS writes
FROM pg_policy p ORDER BY 1, 2
"""
_GRANTS = """
SELECT c.relname AS table, CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END AS role,
       g.privilege_type AS privilege
FROM pg_class c, aclexplode(c.relacl) g WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL
SELECT c.relname, CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee)::text END,
       g.privilege_type || '(' || a.attname || ')'
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
WHERE c.relnamespace = 'public'::regnamespace
"""
_FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, pg_get_userbyid(p.proowner) AS owner,
       coalesce((SELECT split_part(c, '=', 2) FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%'), '') AS path
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef ORDER BY 1
"""
_ROLE = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty, rolbypassrls AS bypasses,
       has_schema_privilege(rolname, 'public', 'CREATE') AS makes_tables,
       has_database_privilege(rolname, current_database(), 'TEMP') AS makes_temporary,
       EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS is_member
FROM pg_roles r WHERE rolname = $1
"""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was asked of one database."""

    service: str
    tables: Sequence[asyncpg.Record]
    policies: Mapping[str, Mapping[str, asyncpg.Record]]
    grants: Mapping[str, Mapping[str, frozenset[str]]]

    def granted(self, table: str, role: str) -> frozenset[str]:
        return self.grants.get(table, {}).get(self.role(role), frozenset())

    def role(self, kind: str) -> str:
        return f"{self.service}_{kind}"


async def findings(connection: asyncpg.Connection, service: str) -> list[str]:
    """What does not hold in this database of `service`, migrated to its newest version."""
    catalogue = await _read(connection, service)
    found = await _keys(connection)
    for table in catalogue.tables:
        found += _policies(catalogue, table)
        found += _grants(catalogue, table["name"])
    return found + await _functions(connection, catalogue) + await _roles(connection, catalogue)


async def _read(connection: asyncpg.Connection, service: str) -> Catalogue:
    policies: dict[str, dict[str, asyncpg.Record]] = {}
    for row in await connection.fetch(_POLICIES):
        policies.setdefault(row["table"].strip('"'), {})[row["name"]] = row
    grants: dict[str, dict[str, frozenset[str]]] = {}
    for row in await connection.fetch(_GRANTS):
        of_table = grants.setdefault(row["table"], {})
        of_table[row["role"]] = of_table.get(row["role"], frozenset()) | {row["privilege"]}
    return Catalogue(service, await connection.fetch(_TABLES), policies, grants)


async def _keys(connection: asyncpg.Connection) -> list[str]:
    """Keys, foreign keys and indexes begin with whose row it is, so a row can't point into another book."""
    indexes = await connection.fetch(_INDEXES)
    keyed = {index["table"] for index in indexes if index["is_primary"]}
    tables = {table["name"] for table in await connection.fetch(_TABLES)}
    return [
        *(f"{table}: has no primary key" for table in sorted(tables - keyed)),
        *(
            f"{index['table']}: index {index['name']} begins with {index['first']}"
            for index in indexes
            if index["first"] not in SCOPES
        ),
        *(
            f"{key['table']}: {key['name']} leads from {key['first']} to {key['target']}"
            for key in await connection.fetch(_FOREIGN_KEYS)
            if not SCOPES.issuperset((key["first"], key["target"]))
        ),
    ]


def _policies(catalogue: Catalogue, table: asyncpg.Record) -> list[str]:
    """The owner sees all, the app its scope, the relay all of what it was granted, and nobody else anything."""
    name, present = table["name"], catalogue.policies.get(table["name"], {})
    found = [] if table["isolated"] else [f"{name}: row-level security is not enabled and forced"]
    if table["owner"] != catalogue.role("owner"):
        found.append(f"{name}: belongs to {table['owner']}")
    wanted = {"owner_all": "owner"}
    wanted |= {"app_scope": "app"} if catalogue.granted(name, "app") else {}
    wanted |= {"relay_all": "relay"} if catalogue.granted(name, "relay") else {}
    found += [f"{name}: has no policy {policy}" for policy in sorted(wanted.keys() - present.keys())]
    found += [f"{name}: has a policy {policy}" for policy in sorted(present.keys() - wanted.keys())]
    for policy in sorted(wanted.keys() & present.keys()):
        row = present[policy]
        scoped = "current_setting('app." in row["sees"] if policy == "app_scope" else row["sees"] == "true"
        whole = row["command"] == "*" and row["permissive"] and row["sees"] == row["writes"]
        if list(row["roles"]) != [catalogue.role(wanted[policy])] or not scoped or not whole:
            found.append(f"{name}: the policy {policy} is not the one that isolate() writes")
    return found


def _grants(catalogue: Catalogue, table: str) -> list[str]:
    strangers = catalogue.grants.get(table, {}).keys() - {catalogue.role(kind) for kind in ROLES}
    found = [f"{table}: {role} has grants" for role in sorted(strangers)]
    app, relay = catalogue.granted(table, "app"), catalogue.granted(table, "relay")
    if table in EVENT_GRANTS:
        pairs = zip(("app", "relay"), (app, relay), EVENT_GRANTS[table], strict=True)
        return found + [
            f"{table}: {role} may {_words(may)}, not {_words(should)}"
            for role, may, should in pairs
            if may != should
        ]
    if more := app - _ROWS:
        found.append(f"{table}: app may {_words(more)}")
    if more := relay - {"SELECT"}:
        found.append(f"{table}: relay may {_words(more)}; it finds, the app acts")
    return found


def _words(privileges: frozenset[str]) -> str:
    return ", ".join(sorted(privileges)) or "nothing"


async def _functions(connection: asyncpg.Connection, catalogue: Catalogue) -> list[str]:
    """What runs with its owner's rights looks for names in one place that nobody else can write to."""
    found = []
    for row in await connection.fetch(_FUNCTIONS):
        if not row["path"] or "$user" in row["path"]:
            found.append(f"{row['name']}: SECURITY DEFINER without a fixed search_path")
        if row["owner"] != catalogue.role("owner"):
            found.append(f"{row['name']}: SECURITY DEFINER as {row['owner']}")
    return found


async def _roles(connection: asyncpg.Connection, catalogue: Catalogue) -> list[str]:
    found = []
    for kind in ROLES:
        row = await connection.fetchrow(_ROLE, catalogue.role(kind))
        rights = {"superuser or alike": row["mighty"], "past row-level security": row["bypasses"]}
        rights["a member of other roles"] = row["is_member"]
        if kind != "owner":
            rights |= {"able to make tables": row["makes_tables"]}
            rights |= {"able to make temporary tables": row["makes_temporary"]}
        found += [f"role {kind} is {right}" for right, has in rights.items() if has]
    return found
