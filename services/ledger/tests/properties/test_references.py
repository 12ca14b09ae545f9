"""Nothing refers to what is not there: not after any history, and not when the two are asked for at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.conftest import Client
from services.ledger.tests.properties.problems import problem_of
from services.ledger.tests.properties.things import NOBODYS

from pfms_ledger.app import SERVICE
from pfms_ledger.queries.invariants import faults
from pfms_service.app import attach, build_app
from pfms_service.resources import open_resources
from pfms_service.testing import Harness

LIMITS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
PATHS = {"account": "/accounts", "pot": "/pots", "category": "/categories", "record": "/transactions",
         "plan": "/recurring"}  # fmt: skip
SAID = {"pot": "pots", "category": "categories", "record": "transactions", "plan": "plans"}
"""How a refusal to delete names what refers to the thing."""


_numbers = count()


@dataclass
class Thing:
    """What the model knows of one thing; `refers` is by kind, `holds` in minor units."""

    kind: str
    id: str
    refers: dict[str, str] = field(default_factory=dict)
    version: int = 1
    is_active: bool = True
    is_there: bool = True
    holds: int = 0
    last: int = 0

    @property
    def path(self) -> str:
        return f"{PATHS[self.kind]}/{self.id}"


class Book:
    """A book through the API, beside a model of it that is kept apart: what there is, and what it refers to."""

    def __init__(self, client: Client, foreign: str) -> None:
        self.client = client
        self.outside = [foreign, NOBODYS]
        self.things: dict[str, Thing] = {}

    def of(self, *kinds: str) -> list[Thing]:
        return [thing for thing in self.things.values() if thing.kind in kinds]

    def picked(self, kind: str, n: int) -> str:
        """The id of a thing of the kind, deleted or not; sometimes of another kind, or of nothing in this book."""
        ids = [
            *(thing.id for thing in self.of(kind)),
            *self.outside,
            *(t.id for t in self.of("record", "plan")[:1]),
        ]
        return ids[n % len(ids)]

    def wrong(self, refers: dict[str, str], before: dict[str, str]) -> set[int]:
        """What a request that refers to these may be refused with; empty: it is accepted."""
        found = set()
        for kind, id_ in refers.items():
            if before.get(kind) == id_:
                continue
            thing = self.things.get(id_)
            if thing is None or not thing.is_there or thing.kind != kind:
                found.add(404)
            elif not thing.is_active or (kind == "pot" and thing.refers["account"] != refers["account"]):
                found.add(400)
        return found

    def referring(self, id_: str) -> list[Thing]:
        return [t for t in self.things.values() if t.is_there and id_ in t.refers.values()]

    async def ask(self, kind: str, refers: dict[str, str], sign: int = 1) -> Any:
        """Asks for a new thing that refers to these."""
        amount = {"amount_minor": sign}
        part = {"splits": [{"category_id": refers["category"], **amount}]} if "category" in refers else {}
        money = {f"{name}_id": refers[name] for name in ("account", "pot") if name in refers} | amount | part
        name = {"name": f"{kind} {next(_numbers)}"}
        body: dict[str, Any] = {
            "account": {**name, "type": "cash", "currency": "EUR", "opened_on": "2026-01-01"},
            "pot": {**name, "account_id": refers.get("account")},
            "category": {**name, "type": "expense", "parent_id": refers.get("category")},
            "record": {**money, "date": "2026-02-03"},
            "plan": {**name, "template": money, "rrule": "FREQ=MONTHLY", "start": "2026-02-03"},
        }[kind]
        return await self.client.post(PATHS[kind], **body)

    async def make(self, kind: str, refers: dict[str, str], sign: int = 1) -> None:
        wrong = self.wrong(refers, {})

        made = await self.ask(kind, refers, sign)

        if wrong:
            problem_of(made, *(f"{kind}_id" for kind in refers), "parent_id", "splits", "template")
            assert made.status_code in wrong, made.text
            return
        assert made.status_code == 201, made.text
        thing = Thing(kind, made.json()["id"], refers, last=sign)
        self.things[thing.id] = thing
        if kind == "record":
            self.things[refers["account"]].holds += sign

    async def move(self, record: Thing, refers: dict[str, str]) -> None:
        """Sends all that a transaction refers to; what it referred to before it may keep, closed or not."""
        fields: dict[str, Any] = {"account_id": refers["account"], "pot_id": refers.get("pot")}
        fields["splits"] = [{"category_id": refers.get("category"), "amount_minor": record.last}]
        before = record.refers
        if refers["account"] != before["account"]:
            before = {kind: id_ for kind, id_ in before.items() if kind != "pot"}
        wrong = self.wrong(refers, before)

        moved = await self.client.patch(record.path, record.version, **fields)

        if wrong:
            problem_of(moved, *fields)
            assert moved.status_code in wrong, moved.text
            return
        assert moved.status_code == 200, moved.text
        self.things[record.refers["account"]].holds -= record.last
        self.things[refers["account"]].holds += record.last
        record.version, record.refers = moved.json()["version"], refers

    async def set_active(self, thing: Thing, *, active: bool) -> None:
        fields = {"is_archived": not active} if thing.kind == "category" else {"is_active": active}
        changed = await self.client.patch(thing.path, thing.version, **fields)
        if not active and thing.holds:
            assert (changed.status_code, problem_of(changed, *fields)["code"]) == (409, "account_not_empty")
            return
        assert changed.status_code == 200, changed.text
        thing.version, thing.is_active = changed.json()["version"], active

    async def delete(self, thing: Thing) -> None:
        kinds = {SAID[each.kind] for each in self.referring(thing.id)}
        gone = await self.client.delete(thing.path, thing.version)
        if kinds:
            problem = problem_of(gone)
            assert (gone.status_code, problem["code"]) == (409, "in_use")
            assert set(problem["referred_to_by"]) <= kinds
            assert problem["referred_to_by"]
            return
        assert gone.status_code == 204, gone.text
        thing.is_there = False
        if thing.kind == "record":
            self.things[thing.refers["account"]].holds -= thing.last


NUMBERS = st.integers(0, 7)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["account", "pot", "category", "record", "record", "plan"])
        | st.sampled_from(["move", "retire", "revive", "delete", "delete"]),
        NUMBERS,
        st.none() | NUMBERS,
        st.none() | NUMBERS,
    ),
    min_size=3,
    max_size=8,
)


async def play(book: Book, step: tuple[str, int, int | None, int | None]) -> None:
    """One step; its numbers say which things are meant."""
    what, first, second, third = step

    def refers(*kinds: str) -> dict[str, str]:
        numbers = {"account": first, "pot": second, "category": third}
        return {kind: book.picked(kind, n) for kind in kinds if (n := numbers[kind]) is not None}

    there = [thing for thing in book.things.values() if thing.is_there]
    match what:
        case "account":
            await book.make("account", {})
        case "pot":
            await book.make("pot", refers("account"))
        case "category":
            await book.make("category", refers("category"))
        case "record" | "plan":
            await book.make(what, refers("account", "pot", "category"), 1 if first % 2 else -1)
        case "move":
            records = [thing for thing in there if thing.kind == "record"]
            if records:
                record = records[first % len(records)]
                other = refers("pot", "category")
                await book.move(record, {"account": record.refers["account"], **other})
        case "delete" if there:
            await book.delete(there[first % len(there)])
        case "retire" | "revive":
            able = [thing for thing in there if thing.kind in {"account", "pot", "category"}]
            if able:
                await book.set_active(able[first % len(able)], active=what == "revive")


@pytest.mark.property(
    3,
    "Referential integrity: what is referred to exists, is owned, of its kind and, newly, active; and stays while it"
    " is referred to",
)
@LIMITS
@given(steps=STEPS)
async def test_a_reference_is_accepted_when_it_can_be_and_holds_what_it_names(new_client, foreign, steps):
    async with new_client() as client:
        book = Book(client, foreign)
        for first in ("account", "account", "category"):
            await book.make(first, {})
        await book.make("pot", {"account": next(iter(book.things))})

        for step in steps:
            await play(book, step)

        for thing in _users_first(book):
            await book.delete(thing)
        assert not [thing for thing in book.things.values() if thing.is_there], (
            "without references all can go"
        )


def _users_first(book: Book) -> Iterator[Thing]:
    """What is there, each after all that refers to it."""
    while left := [thing for thing in book.things.values() if thing.is_there]:
        yield next(thing for thing in left if not book.referring(thing.id))


@pytest_asyncio.fixture
async def replica(ledger: Harness) -> AsyncIterator[Harness]:
    """A second process of the ledger on the same database, as far as one process can be two: nothing is shared."""
    old = ledger.resources
    async with (
        open_resources(
            SERVICE, old.settings, needs_relay=False, poke=lambda: None, peers=old.peers, feeds={}
        ) as resources,
        SERVICE.own(resources) as own,
    ):
        app = build_app(SERVICE)
        attach(app, resources, own)
        yield Harness(SERVICE, app, ledger.urls, resources, own)


@pytest.fixture
def two_ways(ledger: Harness, replica: Harness, new_client: Any) -> Any:
    """Opens a new book, through either process."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[Client, Client]]:
        async with new_client() as one, replica.client(one.person) as other:
            yield one, Client(other, one.person)

    return opened


RACES = [
    ("account", "record"),
    ("account", "pot"),
    ("account", "plan"),
    ("pot", "record"),
    ("pot", "plan"),
    ("category", "record"),
    ("category", "category"),
    ("category", "plan"),
]


@pytest.mark.property(
    3, "Referential integrity: of deleting a thing and referring to it at once exactly one is done"
)
@LIMITS
@given(races=st.lists(st.tuples(st.sampled_from(RACES), st.booleans()), min_size=3, max_size=3))
async def test_of_deleting_a_thing_and_referring_to_it_at_once_one_is_done(ledger, two_ways, races):
    async with two_ways() as (one, other):
        for (kind, user), swapped in races:
            book = Book(one, NOBODYS)
            await book.make("account", {})
            account = next(iter(book.things))
            if kind != "account":
                await book.make(kind, {"account": account} if kind == "pot" else {})
            thing = book.of(kind)[-1]
            refers = {kind: thing.id} if user == "category" else {"account": account, kind: thing.id}
            pair = [Book(other, NOBODYS).ask(user, refers), one.delete(thing.path, 1)]
            done = await asyncio.gather(*(reversed(pair) if swapped else pair))

            assert [answer.is_success for answer in done].count(True) == 1, [a.text for a in done]
            assert {answer.status_code for answer in done} <= {201, 204, 404, 409}
        assert await faults(ledger.resources.pool, one.person.book_id) == []
