"""Whatever is made is there as it was asked for, once; whatever cannot be meant leaves nothing behind."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.properties.things import KINDS, Kind

from pfms_common.ids import new_id

LIMITS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def as_asked(shown: dict, kind: Kind) -> dict:
    """What is shown, without what other tests tell of and the ids of a transaction's parts."""
    seen = {name: value for name, value in shown.items() if name not in kind.derived}
    for part in seen.get("splits", []):
        part.pop("id")
        part.pop("base_amount_minor", None)
    return seen


@pytest.mark.property(
    1, "Creation: what is made is there as it was asked for, with one event, however often it is sent"
)
@LIMITS
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), kind.bodies)))
async def test_what_is_made_is_there_as_it_was_asked_for(home, state, asked):
    kind, template = asked
    async with home() as book:
        body, key = await book.named(template), f"key-{new_id()}"
        last = (await book.client.get("/ledger/events", limit=1)).json()["last_number"]

        empty = await state()
        made = await book.client.post(kind.path, key, **body)

        assert made.status_code == 201, made.text
        thing = made.json()
        assert thing["id"] == body.get("id", thing["id"])
        read = await book.client.get(f"{kind.path}/{thing['id']}")
        assert read.json() == thing
        assert made.headers["ETag"] == read.headers["ETag"] == '"1"'
        assert made.headers["Location"] == f"/api/v1{kind.path}/{thing['id']}"
        expected = {**kind.shown(body), "id": thing["id"]}
        seen = as_asked(thing, kind)
        assert {name: seen[name] for name in expected} == expected
        assert {value for name, value in seen.items() if name not in expected} <= {None}
        events = (await book.client.get("/ledger/events", after=last)).json()["items"]
        own = [(each["type"], each["version"]) for each in events if each["aggregate_id"] == thing["id"]]
        assert own == [(f"{kind.aggregate}.created", 1)]

        before = await state()
        assert before != empty
        again = await book.client.post(kind.path, key, **body)

        assert again.headers["Idempotency-Replayed"] == "true"
        assert (again.status_code, again.content) == (201, made.content)
        assert [again.headers[name] for name in ("ETag", "Location")] == [
            made.headers[name] for name in ("ETag", "Location")
        ]
        assert await state() == before
