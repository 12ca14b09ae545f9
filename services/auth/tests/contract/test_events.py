"""What auth writes into its log is what its contracts say."""

import re

import orjson
import pytest

from pfms_events.contracts import MODELS
from pfms_events.contracts.auth import EVENTS

ADDRESS = re.compile(r"[^\s\"]+@[^\s\"]+")


@pytest.fixture
async def log(auth):
    """Every event of a life: registered, verified, changed, a book, a member who comes, changes and goes."""
    ada, bob = await auth.register(), await auth.register()
    secret = await auth.secret_mailed(ada.email)
    await auth.client().post("/auth/verify-email", json={"token": secret})
    await ada.client.patch("/user/profile", json={"language": "de", "version": 2})
    await ada.client.patch(f"/books/{ada.book_id}", json={"name": "Home", "version": 1})
    sent = await ada.client.post(
        f"/books/{ada.book_id}/invitations", json={"email": bob.email, "role": "viewer"}
    )
    token = {"token": await auth.secret_mailed(bob.email)}
    await bob.client.post(f"/invitations/{sent.json()['id']}/accept", json=token)
    member = f"/books/{ada.book_id}/members/{bob.user_id}"
    await ada.client.patch(member, json={"role": "editor", "version": 1})
    await ada.client.delete(member, headers={"If-Match": '"2"'})
    await auth.client().post("/auth/refresh", json={"refresh_token": bob.refresh_token})
    auth.clock.forward(seconds=11)
    await auth.client().post("/auth/refresh", json={"refresh_token": bob.refresh_token})
    return await auth.harness.sql("SELECT *, data::text AS text FROM event ORDER BY stream_id, sequence")


async def test_each_is_of_a_contract_and_each_contract_is_used(log):
    for row in log:
        model = MODELS[row["type"], row["schema_version"]]
        parsed = model.model_validate(orjson.loads(row["text"]))
        assert orjson.loads(parsed.to_json()) == orjson.loads(row["text"])
        assert row["aggregate_type"] == model.AGGREGATE
    assert {row["type"] for row in log} == {event.EVENT for event in EVENTS}


async def test_the_numbers_of_a_stream_and_the_versions_of_an_aggregate_have_no_gap(log):
    numbers: dict[object, list[int]] = {}
    versions: dict[object, list[int]] = {}
    for row in log:
        numbers.setdefault(row["stream_id"], []).append(row["sequence"])
        versions.setdefault(row["aggregate_id"], []).append(row["aggregate_version"])

    for found in (*numbers.values(), *versions.values()):
        assert found == list(range(1, len(found) + 1))


async def test_no_name_or_address_of_a_person_travels(log):
    assert not any(ADDRESS.search(row["text"]) or "Ada" in row["text"] for row in log)


async def test_the_actor_is_who_did_it(log):
    removed = next(row for row in log if row["type"] == "book.member_removed")
    registered = {row["stream_id"] for row in log if row["type"] == "user.registered"}

    assert removed["actor"] in registered
    assert str(removed["actor"]) not in removed["text"]
