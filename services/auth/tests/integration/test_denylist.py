"""Ended sign-ins are told to the gateway at once, by Redis."""

import os

import pytest
import redis.exceptions
from redis.asyncio import Redis

from pfms_auth.adapters.denylist import Denylist
from pfms_common.ids import new_id

pytestmark = pytest.mark.redis
URL = os.environ.get("PFMS_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture
async def redis_url():
    client = Redis.from_url(URL, socket_connect_timeout=1)
    try:
        await client.ping()
    except (redis.exceptions.RedisError, OSError):
        if os.environ.get("PFMS_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip("no Redis answers")
    finally:
        await client.aclose()
    return URL


@pytest.fixture
async def settings(keys_dir, tmp_path, redis_url):
    return {"keys_dir": str(keys_dir), "mailbox_dir": str(tmp_path), "redis_url": redis_url}


async def ttl(auth, key: str) -> int:
    client = auth.harness.resources.redis
    found: int = await client.ttl(key)
    await client.delete(key)
    return found


async def session_of(person) -> str:
    [session] = (await person.client.get("/auth/sessions")).json()["items"]
    return session["id"]


async def test_a_session_that_ends_is_denied_for_the_life_of_its_access_tokens(auth):
    ada = await auth.register()
    session_id = await session_of(ada)

    await ada.client.post("/auth/logout")

    assert 600 <= await ttl(auth, f"revoked:{session_id}") <= 630


async def test_a_stolen_refresh_token_denies_its_session(auth):
    ada = await auth.register()
    session_id = await session_of(ada)
    for client in ("Browser/1.0", "Thief/1.0"):
        body = {"refresh_token": ada.refresh_token}
        await auth.client(**{"User-Agent": client}).post("/auth/refresh", json=body)

    assert await ttl(auth, f"revoked:{session_id}") > 0


async def test_a_removed_members_tokens_are_denied_for_this_book(auth):
    ada, bob = await auth.register(), await auth.register()
    sent = await ada.client.post(
        f"/books/{ada.book_id}/invitations", json={"email": bob.email, "role": "viewer"}
    )
    body = {"token": await auth.secret_mailed(bob.email)}
    await bob.client.post(f"/invitations/{sent.json()['id']}/accept", json=body)

    await ada.client.delete(f"/books/{ada.book_id}/members/{bob.user_id}", headers={"If-Match": '"1"'})

    until = await auth.harness.resources.redis.get(f"left:{ada.book_id}:{bob.user_id}")
    assert int(until) == int(auth.clock.now.timestamp()) + 600
    assert await ttl(auth, f"left:{ada.book_id}:{bob.user_id}") > 0


async def test_without_redis_signing_out_works_all_the_same():
    """Nobody listens on this port; the token then lives to its end."""
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.1)
    try:
        with pytest.raises(redis.exceptions.ConnectionError):
            await away.ping()

        await Denylist(away, 600).end_sessions([new_id()])
        await Denylist(None, 600).end_sessions([new_id()])
    finally:
        await away.aclose()
