"""What one person sees is what they would see alone, whatever a stranger does between, with either's ids."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.properties.conftest import Home
from services.ledger.tests.properties.things import KINDS, NOBODYS, Kind, changes_of, named

from pfms_common.ids import new_id
from pfms_service.testing import Harness

LIMITS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
_ID = re.compile(r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
_CURSOR = re.compile(r'("next_cursor": ?)"[^"]+"')
BASE = ("@account", "@other", "@pot", "@category")
# What is looked at each time: every object's newest state, all that happened, and figures derived from it.
ALWAYS = ["/sync/ledger?limit=1000", "/ledger/events?limit=200", "/balances", "/transactions?include=total"]


@dataclass(frozen=True)
class Deed:
    """Something a person does to the `n`th thing of a kind, an own one or one of the other's."""

    who: str
    what: str
    kind: Kind
    own: bool
    n: int
    body: Mapping[str, Any]
    change: Mapping[str, Any]


def deeds() -> st.SearchStrategy[Deed]:
    def of(kind: Kind) -> st.SearchStrategy[Deed]:
        what = st.sampled_from(
            ["make", "make", "change", "delete", "read", "versions", "taken", "undo", "filter"]
        )
        body = kind.bodies.map(lambda drawn: {name: value for name, value in drawn.items() if name != "id"})
        who, own = st.sampled_from(["anna", "boris"]), st.booleans()
        return st.builds(Deed, who, what, st.just(kind), own, st.integers(0, 2), body, changes_of(kind))

    return st.sampled_from(KINDS).flatmap(of)


class World:
    """One telling of a story; what boris was answered is kept, without what differs in every telling."""

    def __init__(self, boris: Home, anna: Home | None) -> None:
        self.homes = {"boris": boris, "anna": anna}
        self.made: dict[tuple[str, str], list[str]] = {}
        self.seen: list[Any] = []
        self._ids: dict[str, str] = {}
        self._hers: dict[tuple[str, int], str] = {}

    async def act(self, deed: Deed) -> None:
        home = self.homes[deed.who]
        if home is None:
            return
        answer = await self._asked(deed, home)
        # An id of boris's, or nobody's, that anna gave is not one of hers: alone he would mean another.
        kept = {"make", "taken"} if deed.who == "boris" else {"make"}
        if deed.what in kept and answer.is_success:
            self.made.setdefault((deed.who, deed.kind.path), []).append(answer.json()["id"])
        if deed.who == "boris":
            self.seen.append((answer.status_code, self._told(answer.text)))

    async def look(self, paths: list[str]) -> None:
        """What boris sees in the end."""
        for path in paths:
            answer = await self.homes["boris"].client.http.get(path)
            self.seen.append((path, answer.status_code, self._told(answer.text)))

    async def _asked(self, deed: Deed, home: Home) -> Any:
        client, path = home.client, deed.kind.path
        if deed.what == "undo":
            return await client.http.post(f"/ledger/events/{await self._event(deed)}/undo")
        if deed.what == "make" and not deed.own:
            ids = {name: await self._base(deed, name) for name in BASE}
            return await client.post(path, **named(dict(deed.body), ids))
        if deed.what == "make":
            return await client.post(path, **await home.named(dict(deed.body)))
        thing = self._thing(deed)
        match deed.what:
            case "taken":
                return await client.post(path, **await home.named(dict(deed.body)), id=thing)
            case "change":
                return await client.patch(f"{path}/{thing}", 1, **deed.change)
            case "delete":
                return await client.delete(f"{path}/{thing}", 1)
            case "filter":
                return await client.get("/transactions", **{f"{deed.kind.aggregate}_id": thing})
            case "versions":
                story = "history" if path == "/transactions" else "versions"
                return await client.get(f"{path}/{thing}/{story}")
        return await client.get(f"{path}/{thing}")

    def _owner(self, deed: Deed) -> str:
        return deed.who if deed.own else {"anna": "boris", "boris": "anna"}[deed.who]

    def _thing(self, deed: Deed) -> str:
        """The id of one of the owner's things of the kind."""
        made = self.made.get((self._owner(deed), deed.kind.path), [])
        if deed.who == "boris" and not deed.own:
            return self._of_anna(deed.kind.path, deed.n, made)
        return made[deed.n % len(made)] if made else NOBODYS

    async def _base(self, deed: Deed, name: str) -> str:
        home = self.homes[self._owner(deed)]
        made = [await home.id(name)] if home is not None else []
        return made[0] if deed.who == "anna" else self._of_anna(name, 0, made)

    async def _event(self, deed: Deed) -> str:
        home = self.homes[self._owner(deed)]
        made = []
        if home is not None:
            made = [each["event_id"] for each in (await home.client.get("/ledger/events")).json()["items"]]
        if deed.who == "boris" and not deed.own:
            return self._of_anna("events", deed.n, made)
        return made[-1 - deed.n % len(made)] if made else NOBODYS

    def _of_anna(self, what: str, n: int, made: list[str]) -> str:
        """The id by which boris means a thing of hers, the same ever after; of nothing where she has none."""
        if (what, n) not in self._hers:
            id_ = made[n] if n < len(made) else str(new_id())
            self._hers[what, n] = id_
            self._ids[id_.replace("-", "")] = f"her {what} {n}"
        return self._hers[what, n]

    def _told(self, text: str) -> str:
        """The text with ids numbered as they come, and without instants and cursors."""
        told = _CURSOR.sub(r'\1"…"', _INSTANT.sub("then", text))
        return _ID.sub(
            lambda found: self._ids.setdefault(found[0].replace("-", ""), f"#{len(self._ids)}"), told
        )


@pytest.fixture
def look_further(ledger: Harness) -> list[str]:
    """Everything a person can look at without naming a thing."""
    paths = ledger.app.openapi()["paths"]
    return [path for path, methods in paths.items() if "get" in methods and "{" not in path]


async def tell(home: Any, story: list[Deed], paths: list[str], *, alone: bool) -> list[Any]:
    """Tells the story in new books; answers what boris saw."""
    async with home() as boris, home() as anna:
        for name in BASE:
            await boris.id(name)
            if not alone:
                await anna.id(name)
        world = World(boris, None if alone else anna)
        for deed in story:
            await world.act(deed)
        await world.look(paths)
        return world.seen


STORIES = st.lists(deeds(), min_size=3, max_size=6)
LOOKS = st.lists(st.integers(0, 1_000), min_size=2, max_size=2)


@pytest.mark.property(
    2, "Isolation: what a person sees is what they would see alone, whatever others do between"
)
@LIMITS
@given(story=STORIES, looks=LOOKS)
async def test_what_a_person_sees_is_what_they_would_see_alone(home, look_further, story, looks):
    paths = [*ALWAYS, *(look_further[n % len(look_further)] for n in looks)]

    assert await tell(home, story, paths, alone=False) == await tell(home, story, paths, alone=True)


_FILTER = re.compile(r"([a-z_.]*\b(?:book|stream)_id) = (\$\d+(?:::UUID)?|book\b|book_in\b|claim\.book\b)")


def _without_filters(statement: str) -> str:
    """The statement as if nobody had remembered to name the book; the parameter keeps its place and type."""
    return _FILTER.sub(r"\1 = ANY (ARRAY[\1, \2])", statement)


@pytest_asyncio.fixture
async def forgetful(ledger: Harness, monkeypatch: pytest.MonkeyPatch) -> Harness:
    """The ledger with the book's name taken out of every condition of its statements and functions."""
    owner = await asyncpg.connect(ledger.urls.owner)
    functions = await owner.fetch(
        "SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
        " WHERE p.pronamespace = 'public'::regnamespace AND l.lanname IN ('sql', 'plpgsql') AND p.prokind = 'f'"
        " AND pg_get_userbyid(p.proowner) = current_user"
    )
    changed = [text for (text,) in functions if _without_filters(text) != text]
    assert len(changed) > 5, "the functions name the book in another way by now"
    for text in changed:
        await owner.execute(_without_filters(text))
    await owner.close()
    prepare = asyncpg.Connection._get_statement

    async def forgetting(self: Any, query: str, *args: Any, **more: Any) -> Any:
        return await prepare(self, _without_filters(query), *args, **more)

    monkeypatch.setattr(asyncpg.Connection, "_get_statement", forgetting)
    return ledger


@pytest.mark.property(2, "Isolation: row-level security alone holds it, with the book's name in no statement")
@LIMITS
@given(story=STORIES, looks=LOOKS)
async def test_row_level_security_alone_keeps_people_apart(forgetful, home, look_further, story, looks):
    await test_what_a_person_sees_is_what_they_would_see_alone.hypothesis.inner_test(
        home, look_further, story, looks
    )


async def test_without_row_level_security_the_forgetful_ledger_would_tell(forgetful, home):
    owner = await asyncpg.connect(forgetful.urls.owner)
    await owner.execute("ALTER TABLE account NO FORCE ROW LEVEL SECURITY")
    await owner.execute("ALTER TABLE account DISABLE ROW LEVEL SECURITY")
    await owner.close()
    async with home() as anna, home() as boris:
        account = await anna.id("@account")

        assert (await boris.client.get(f"/accounts/{account}")).status_code == 200
