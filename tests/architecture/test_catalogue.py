"""Isolation by construction, read back from each service's migrated database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from pfms_embedded.services import SERVICES
from pfms_service.testing import drop_templates, fresh_database
from tools.catalogue import findings

# What a database may differ in, and why.
EVERYWHERE = {
    "unsent: index unsent_pkey begins with occurred_at": "the relay sends the oldest first, of all streams",
    "event: index event_occurred_at_idx begins with occurred_at": "retention looks for old events of all streams",
}
ALLOWED: dict[str, dict[str, str]] = {
    "auth": {
        "person: index person_address_key_key begins with address_key": "an address belongs to one person of all",
        "link: index link_secret_hash_key begins with secret_hash": "who comes by a link is not known before",
        "refresh_token: index refresh_token_secret_hash_key begins with secret_hash": "as link",
        "invitation: index invitation_secret_hash_key begins with secret_hash": "as link",
        "invitation: index invitation_address_key_idx begins with address_key": "who signs up later is found",
        "mail: index mail_due_at_idx begins with due_at": "the job sends what is due, whose ever it is",
        "throttle: index throttle_pkey begins with key": "attempts are counted by address and place",
    },
}


@pytest_asyncio.fixture(params=SERVICES, ids=lambda service: service.name)
async def owner(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A service's name and a connection of its owner to a migrated database of its own."""
    async with fresh_database(request.param) as urls:
        connection = await asyncpg.connect(urls.owner)
        try:
            yield request.param.name, connection
        finally:
            await connection.close()


@pytest_asyncio.fixture(scope="module", autouse=True)
async def _without_remains() -> AsyncIterator[None]:
    yield
    await drop_templates()


async def test_every_row_is_behind_its_key_its_policy_and_its_grants(owner):
    service, connection = owner

    found = set(await findings(connection, service))

    allowed = EVERYWHERE.keys() | ALLOWED.get(service, {}).keys()
    assert found - allowed == set()
    assert allowed - found == set(), "no longer true: take it off the list"


JAR = "CREATE TABLE jar (book_id uuid, id uuid, account_id uuid, PRIMARY KEY (book_id, id))"
RLS = "ALTER TABLE jar ENABLE ROW LEVEL SECURITY; ALTER TABLE jar FORCE ROW LEVEL SECURITY"
SEES = "(book_id = ANY ((SELECT nullif(current_setting('app.book_ids', true), '')::uuid[])::uuid[]))"
OWNER = "CREATE POLICY owner_all ON jar TO budget_owner USING (true) WITH CHECK (true)"
APP = f"CREATE POLICY app_scope ON jar TO budget_app USING {SEES} WITH CHECK {SEES}"
RIGHT = [JAR, RLS, OWNER, APP, "GRANT SELECT, INSERT ON jar TO budget_app"]

WRONG = [
    ("jar: row-level security is not enabled and forced", [JAR, OWNER, APP, *RIGHT[4:]]),
    (
        "jar: row-level security is not enabled and forced",
        [*RIGHT, "ALTER TABLE jar NO FORCE ROW LEVEL SECURITY"],
    ),
    ("jar: has no policy owner_all", [JAR, RLS, APP, *RIGHT[4:]]),
    ("jar: has no policy app_scope", [JAR, RLS, OWNER, *RIGHT[4:]]),
    ("jar: has no policy relay_all", [*RIGHT, "GRANT SELECT ON jar TO budget_relay"]),
    ("jar: has a policy everybody", [*RIGHT, "CREATE POLICY everybody ON jar USING (true)"]),
    (
        "jar: the policy app_scope is not the one that isolate() writes",
        [JAR, RLS, OWNER, *RIGHT[4:], "CREATE POLICY app_scope ON jar TO budget_app USING (true)"],
    ),
    (
        "jar: the policy app_scope is not the one that isolate() writes",
        [
            JAR,
            RLS,
            OWNER,
            *RIGHT[4:],
            f"CREATE POLICY app_scope ON jar FOR SELECT TO budget_app USING {SEES}",
        ],
    ),
    ("jar: has no primary key", [*RIGHT, "ALTER TABLE jar DROP CONSTRAINT jar_pkey"]),
    ("jar: index jar_idx begins with id", [*RIGHT, "CREATE INDEX jar_idx ON jar (id)"]),
    (
        "jar: index jar_idx begins with an expression",
        [*RIGHT, "CREATE INDEX jar_idx ON jar (lower(id::text))"],
    ),
    (
        "jar: pot_fkey leads from account_id to id",
        [
            *RIGHT,
            "ALTER TABLE jar ADD UNIQUE (id)",
            "ALTER TABLE jar ADD CONSTRAINT pot_fkey FOREIGN KEY (account_id) REFERENCES jar (id)",
        ],
    ),
    ("jar: app may TRUNCATE", [*RIGHT, "GRANT TRUNCATE ON jar TO budget_app"]),
    ("jar: public has grants", [*RIGHT, "GRANT SELECT ON jar TO PUBLIC"]),
    ("jar: relay may UPDATE; it finds, the app acts", [*RIGHT, "GRANT UPDATE ON jar TO budget_relay"]),
    ("event: app may INSERT, SELECT, UPDATE, not INSERT, SELECT", ["GRANT UPDATE ON event TO budget_app"]),
    ("unsent: app may INSERT, SELECT, not INSERT", ["GRANT SELECT ON unsent TO budget_app"]),
    ("event: relay may SELECT, not DELETE, SELECT", ["REVOKE DELETE ON event FROM budget_relay"]),
    (
        "peek(): SECURITY DEFINER without a fixed search_path",
        [
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM event'"
        ],
    ),
    ("role app is able to make tables", ["GRANT CREATE ON SCHEMA public TO budget_app"]),
    (
        "role app is able to make temporary tables",
        ["DO $$BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO budget_app', current_database()); END$$"],
    ),
]


@pytest_asyncio.fixture
async def budget() -> AsyncIterator[asyncpg.Connection]:
    service = next(service for service in SERVICES if service.name == "budget")
    async with fresh_database(service) as urls:
        connection = await asyncpg.connect(urls.owner)
        try:
            yield connection
        finally:
            await connection.close()


async def test_a_table_as_isolate_makes_it_is_left_alone(budget):
    for statement in RIGHT:
        await budget.execute(statement)

    assert set(await findings(budget, "budget")) - EVERYWHERE.keys() == set()


@pytest.mark.parametrize(("told", "statements"), WRONG)
async def test_what_is_wrong_is_told(told, statements, budget):
    for statement in statements:
        await budget.execute(statement)

    assert any(
        finding.split(" (")[0].endswith(told.split(" (")[0]) for finding in await findings(budget, "budget")
    )
