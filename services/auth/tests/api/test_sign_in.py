"""Signing in."""

import asyncio
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from pwdlib.hashers.argon2 import Argon2Hasher

from pfms_auth.adapters.hashing import QUEUE

PASSWORD = "orchid kettle seventeen"


async def claims_of(auth, access_token):
    keys = KeySet.import_key_set((await auth.client().get("/auth/jwks")).json())
    decoded = jwt.decode(access_token, keys, algorithms=["Ed25519"])
    return decoded.header, decoded.claims


async def test_gives_a_pair_of_tokens(auth):
    await auth.register("ada@example.org")

    answer = await auth.client().post("/auth/login", json={"email": "ADA@example.org", "password": PASSWORD})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 600
    assert len(answer.json()["refresh_token"]) == 43
    assert answer.headers["cache-control"] == "no-store"


async def test_the_access_token_says_who_where_and_until_when(auth):
    ada = await auth.register()

    header, claims = await claims_of(auth, ada.access_token)

    now = int(auth.clock.now.timestamp())
    assert header["alg"] == "Ed25519"
    assert header["typ"] == "at+jwt"
    assert claims["sub"] == str(ada.user_id)
    assert claims["book"] == str(ada.book_id)
    assert claims["books"] == {str(ada.book_id): "owner"}
    assert (claims["iat"], claims["nbf"], claims["exp"], claims["auth_time"]) == (now, now, now + 600, now)
    assert claims["amr"] == ["pwd"]
    assert {"iss", "aud", "sid", "jti"} <= set(claims)


async def test_the_access_token_opens_this_service_until_it_expires(auth):
    ada = await auth.register()

    assert (await ada.client.get("/user/profile")).status_code == 200
    auth.clock.forward(seconds=629)
    assert (await ada.client.get("/user/profile")).status_code == 200
    auth.clock.forward(seconds=2)
    assert (await ada.client.get("/user/profile")).status_code == 401


async def test_starts_a_session_that_others_hear_of(auth):
    ada = await auth.register()

    assert await auth.events(ada.user_id) == ["user.registered", "session.started"]


async def test_keeps_no_token_in_readable_form(auth):
    ada = await auth.register()

    for table in ("session", "refresh_token", "event", "idempotency"):
        rows = await auth.harness.sql(f"SELECT t::text AS row FROM {table} t")
        assert not any(ada.refresh_token in row["row"] or ada.access_token in row["row"] for row in rows)


async def test_renews_a_hash_of_former_parameters(auth):
    ada = await auth.register()
    old = Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await auth.harness.sql("UPDATE person SET password_hash = $1", old)

    await auth.sign_in(ada.email, ada.user_id, ada.book_id)

    [row] = await auth.harness.sql("SELECT password_hash FROM person")
    assert "m=19456,t=2,p=1" in row["password_hash"]


async def test_the_password_is_taken_exactly_as_sent(auth):
    login = {"email": "ada@example.org", "password": "Étoile  filante 7 "}
    rest = {"display_name": "Ada", "home_currency": "EUR", "timezone": "UTC"}
    assert (await auth.client().post("/auth/register", json=login | rest)).status_code == 201

    assert (await auth.client().post("/auth/login", json=login)).status_code == 200
    for other in ("Étoile  filante 7", "étoile  filante 7 ", "E\u0301toile  filante 7 "):
        answer = await auth.client().post("/auth/login", json=login | {"password": other})
        assert answer.status_code == 401, other


async def test_more_people_than_the_queue_holds_are_told_to_come_back(auth):
    ada = await auth.register()
    body = {"email": ada.email, "password": "not the password"}

    async def from_elsewhere(number: int):
        stranger = auth.client(**{"X-Forwarded-For": f"198.51.{number // 250}.{number % 250}"})
        return await stranger.post("/auth/login", json=body | {"email": f"{number}@example.org"})

    auth.context.tools.hasher._waiting += QUEUE - 2
    answers = await asyncio.gather(*(from_elsewhere(number) for number in range(12)))
    auth.context.tools.hasher._waiting -= QUEUE - 2

    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert {answer.status_code for answer in answers} <= {401, 503}
    assert all(answer.headers["retry-after"] for answer in refused)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer a.b.c"])
async def test_what_is_no_access_token_opens_nothing(auth, header):
    answer = await auth.client(Authorization=header).get("/user/profile")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


class TestWhereAnAddressMustBeVerified:
    @pytest.fixture
    async def settings(self, keys_dir, tmp_path):
        return {"keys_dir": str(keys_dir), "mailbox_dir": str(tmp_path), "require_verified": True}

    async def test_nobody_signs_in_before_and_the_answer_does_not_say_why(self, auth):
        body = {
            "email": "ada@example.org",
            "password": PASSWORD,
            "display_name": "Ada",
            "home_currency": "EUR",
            "timezone": "UTC",
        }
        made = (await auth.client().post("/auth/register", json=body)).json()
        login = {"email": "ada@example.org", "password": PASSWORD}

        before = await auth.client().post("/auth/login", json=login)
        await auth.client().post(
            "/auth/verify-email", json={"token": await auth.secret_mailed("ada@example.org")}
        )
        after = await auth.client().post("/auth/login", json=login)

        assert (before.status_code, before.json()["code"]) == (401, "wrong_credentials")
        assert after.status_code == 200
        assert UUID(made["user"]["id"])
