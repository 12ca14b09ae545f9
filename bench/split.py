"""Ledger and budget as processes of their own over RabbitMQ, for what is measured across them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import asyncpg
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from bench.people import Household, post, settle
from bench.world import BROKER_URL, Running, World, free_port
from pfms_budget.app import SERVICE as BUDGET
from pfms_events.testing.broker import declared
from pfms_events.topology import packaged_topology
from pfms_events.transport.rabbit import open_connection
from pfms_ledger.app import SERVICE as LEDGER
from pfms_service.service import Service

MONTH = "2026-02"
WITHOUT_AUTH = ("ledger", "budget")


@dataclass(frozen=True, slots=True)
class Split:
    """Running processes, superuser's connections on both databases, and households whose events have arrived."""

    api: Running
    relay: Running
    consumers: Running
    ledger: asyncpg.Connection
    budget: asyncpg.Connection
    people: Sequence[Household]


async def broker_answers() -> bool:
    try:
        await (await open_connection(BROKER_URL)).close()
    except (*CONNECTION_EXCEPTIONS, TimeoutError):
        return False
    return True


@asynccontextmanager
async def split(world: World, books: int) -> AsyncIterator[Split]:
    """The split run of two services, its queues under a prefix of its own on the broker of PFMS_BROKER_URL."""
    ledger_urls = await world.database(LEDGER, "s4_ledger")
    budget_urls = await world.database(BUDGET, "s4_budget")
    feed = free_port()
    async with declared(BROKER_URL, packaged_topology()) as prefix, world.api(LEDGER, ledger_urls) as api:
        people = await settle(api.url, books)
        ledger, budget = await world.admin("s4_ledger"), await world.admin("s4_budget")
        await budget.execute(
            "INSERT INTO book SELECT unnest($1::uuid[]), 'EUR', 'UTC', 1", [who.book_id for who in people]
        )
        async with (
            roles(world, LEDGER, "relay", ledger_urls, prefix, feed, feed) as relay,
            roles(world, BUDGET, "consumers", budget_urls, prefix, feed, free_port()) as consumers,
        ):
            await plan(world, budget_urls, people)
            await budget.execute(_TELL)
            made = Split(api, relay, consumers, ledger, budget, people)
            await settled(made)
            yield made
        await ledger.close()
        await budget.close()
    await world.drop("s4_ledger", "s4_budget")


async def settled(made: Split) -> None:
    """Waits until the budget's figures hold all that the ledger has."""
    while await made.ledger.fetchval("SELECT EXISTS (SELECT FROM unsent)"):
        await asyncio.sleep(0.02)
    heads = dict(await made.ledger.fetch("SELECT stream_id, sequence FROM stream_head"))
    while not heads.items() <= (await applied(made.budget, list(heads))).items():
        await asyncio.sleep(0.02)


# law scope: the streams that are asked for
_APPLIED = """
    SELECT p.stream_id, least(p.applied_through, d.before)
    FROM progress p LEFT JOIN dirty d ON d.book_id = p.stream_id
    WHERE p.consumer = 'budget.ledger' AND p.stream_id = ANY ($1)"""


CHANNEL = "bench_applied"
# A notification goes out when its transaction has been committed: nobody need ask all the time.
_TELL = f"""
    CREATE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
        changed jsonb := to_jsonb(coalesce(NEW, OLD));
        book uuid := coalesce(changed ->> 'stream_id', changed ->> 'book_id');
    BEGIN
        PERFORM pg_notify('{CHANNEL}', p.stream_id || ' ' || least(p.applied_through, d.before))
        FROM progress p LEFT JOIN dirty d ON d.book_id = p.stream_id
        WHERE p.consumer = 'budget.ledger' AND p.stream_id = book;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER bench_progress AFTER INSERT OR UPDATE ON progress DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION bench_tell();
    CREATE CONSTRAINT TRIGGER bench_dirty AFTER DELETE ON dirty DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION bench_tell()
"""


async def applied(budget: asyncpg.Connection, books: Sequence[UUID]) -> dict[UUID, int]:
    """The ledger's number up to which each book's months are derived and committed."""
    return dict(await budget.fetch(_APPLIED, books))


async def plan(world: World, urls: dict[str, str], people: Sequence[Household]) -> None:
    """Every book gets a budget, so that its months are derived."""
    async with world.api(BUDGET, urls) as budget, aiohttp.ClientSession(budget.url) as session:
        for who in people:
            await post(session, "/api/v1/budgets", who.headers, {"month": MONTH, "planned_income_minor": 0})


def role_settings(world: World, service: Service, urls: dict[str, str], feed: int) -> dict[str, str]:
    """What a service's processes are told besides their databases: the broker, the ledger's feed, who may ask."""
    keys = world.servers.keys
    return {
        **urls,
        "broker_url": BROKER_URL,
        "feeds": json.dumps(dict.fromkeys(("auth", "ledger"), f"http://127.0.0.1:{feed}")),
        "service_key_file": str(keys.service_key_file(service.name)),
        "service_public_keys": json.dumps(keys.public_keys(WITHOUT_AUTH)),
    }


def told(service: Service, settings: dict[str, str]) -> dict[str, str]:
    """As environment variables."""
    return {f"{service.name}_{name}".upper(): value for name, value in settings.items()}


@asynccontextmanager
async def roles(
    world: World, service: Service, names: str, urls: dict[str, str], prefix: str, feed: int, port: int
) -> AsyncIterator[Running]:
    """Roles of a service as a process, its queues under a prefix."""
    words = [
        "-m",
        "bench.apps",
        "roles",
        f"--service={service.name}",
        f"--roles={names}",
        f"--prefix={prefix}",
    ]
    async with world.python(words, told(service, role_settings(world, service, urls, feed)), port) as running:
        yield running
