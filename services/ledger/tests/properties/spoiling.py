"""Ways in which a request that would have done cannot be meant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from services.ledger.tests.properties.things import NOBODYS, Body, Kind

from tests.e2e import evil


@dataclass(frozen=True)
class Request:
    """One request; `text` in place of the body where it is no JSON."""

    method: str
    path: str
    body: Body | None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes | None = None

    async def send(self, http: Any) -> Any:
        content = self.text
        if content is None and self.body is not None:
            content = json.dumps(self.body).encode()
        headers = (
            {**self.headers, "Content-Type": "application/json"} if content is not None else self.headers
        )
        return await http.request(self.method, self.path, content=content, headers=headers)


@dataclass(frozen=True)
class Spoiled:
    """A request, the field that is wrong in it (None: no single one), and the statuses it may be answered with."""

    request: Request
    at: str | None
    statuses: frozenset[int] = frozenset({400})


_OTHER_TYPES: Mapping[type, list[Any]] = {
    str: [1, True, [], {}],
    bool: ["true", 1, []],
    int: ["1", True, 1.0, 1.5, [], 10**16],
    list: ["x", 1, {}],
    dict: ["x", 1, []],
}


def of_body(right: Request, kind: Kind, foreign: str) -> st.SearchStrategy[Spoiled]:
    """Ways to spoil what is in the body.

    Args:
        foreign: the id of a thing in another book.
    """
    body = right.body or {}
    ways = [st.just(_with(right, "surprise", 1))]
    fields = sorted(body)
    if fields:
        ways.append(st.sampled_from(fields).flatmap(lambda name: _other_types(right, name)))
        ways.append(
            st.tuples(st.sampled_from(fields), st.sampled_from(sorted(evil.UNREADABLE))).map(
                lambda drawn: Spoiled(
                    replace(right, text=evil.put(body, (drawn[0],), evil.UNREADABLE[drawn[1]])), None
                )
            )
        )
    if right.method == "POST":
        required = sorted(kind.required)
        ways.append(st.sampled_from(required).map(lambda name: _without(right, name)))
        ways.append(st.sampled_from(required).map(lambda name: _with(right, name, None)))
    references = [path for path in kind.references if path.partition(".")[0] in body]
    if references and right.method == "POST":
        ways.append(
            st.tuples(st.sampled_from(references), st.sampled_from([foreign, NOBODYS])).map(
                lambda drawn: replace(_with(right, *_deep(body, *drawn)), statuses=frozenset({404}))
            )
        )
    if "amount_minor" in body:
        ways.append(st.just(_with(right, "amount_minor", 0)))
    if day := next(iter({"date", "opened_on", "start"} & body.keys()), None):
        far = st.sampled_from(["1899-12-31", "2199-01-01", "2025-02-29", "1.2.2026"])
        ways.append(far.map(lambda text: _with(right, day, text)))
    return st.one_of(ways)


def of_headers(right: Request, kind: Kind) -> st.SearchStrategy[Spoiled]:
    """Ways to spoil what stands above the body."""
    if right.method == "POST":
        if not kind.needs_key:
            return st.nothing()
        return st.sampled_from([{}, {"Idempotency-Key": "short"}]).map(
            lambda headers: Spoiled(replace(right, headers=headers), None)
        )
    stale = Spoiled(replace(right, headers={"If-Match": '"7"'}), None, frozenset({412}))
    absent = Spoiled(replace(right, headers={}), None, frozenset({428}))
    weak = Spoiled(replace(right, headers={"If-Match": "*"}), None)
    parent = right.path.rpartition("/")[0]
    gone = Spoiled(replace(right, path=f"{parent}/{NOBODYS}"), None, frozenset({404}))
    return st.sampled_from([stale, absent, weak, gone])


def _with(right: Request, name: str, value: Any) -> Spoiled:
    return Spoiled(replace(right, body={**(right.body or {}), name: value}), name)


def _without(right: Request, name: str) -> Spoiled:
    return Spoiled(replace(right, body={k: v for k, v in (right.body or {}).items() if k != name}), name)


def _other_types(right: Request, name: str) -> st.SearchStrategy[Spoiled]:
    value = (right.body or {})[name]
    if value is None:
        return st.sampled_from([1, True, [], {}]).map(lambda other: _with(right, name, other))
    return st.sampled_from(_OTHER_TYPES[type(value)]).map(lambda other: _with(right, name, other))


def _deep(body: Body, path: str, value: str) -> tuple[str, Any]:
    """The top field of a dotted path, with the value in its place."""
    name, _, rest = path.partition(".")
    return (name, {**body[name], rest: value}) if rest else (name, value)
