"""Sessions: listing, ending one, ending all."""

from pfms_common.ids import new_id


async def test_lists_the_live_ones_and_marks_this_one(auth):
    ada = await auth.register()
    auth.clock.forward(minutes=1)
    await auth.sign_in(ada.email, ada.user_id, ada.book_id)

    items = (await ada.client.get("/auth/sessions")).json()["items"]

    assert [item["is_current"] for item in items] == [False, True]
    assert items[0]["device"] == "Browser/1.0"
    assert items[0]["address"] == "127.0.0.1"


async def test_shows_the_address_that_the_gateway_saw(auth):
    ada = await auth.register()
    client = auth.client(**{"X-Forwarded-For": "10.0.0.1, 203.0.113.7"})
    await client.post("/auth/login", json={"email": ada.email, "password": "orchid kettle seventeen"})

    items = (await ada.client.get("/auth/sessions")).json()["items"]

    assert {item["address"] for item in items} == {"127.0.0.1", "203.0.113.7"}


async def test_signing_out_ends_this_one(auth):
    ada = await auth.register()

    assert (await ada.client.post("/auth/logout")).status_code == 204

    again = await auth.client().post("/auth/refresh", json={"refresh_token": ada.refresh_token})
    assert again.status_code == 401
    assert await auth.events(ada.user_id) == ["user.registered", "session.started", "session.revoked"]


async def test_signing_out_twice_is_no_error_and_is_told_once(auth):
    ada = await auth.register()
    await ada.client.post("/auth/logout")

    assert (await ada.client.post("/auth/logout")).status_code == 204
    assert (await auth.events(ada.user_id)).count("session.revoked") == 1


async def test_a_lost_device_can_be_signed_out(auth):
    ada = await auth.register()
    phone = await auth.sign_in(ada.email, ada.user_id, ada.book_id)
    items = (await ada.client.get("/auth/sessions")).json()["items"]
    other = next(item["id"] for item in items if not item["is_current"])

    assert (await ada.client.delete(f"/auth/sessions/{other}")).status_code == 204

    again = await auth.client().post("/auth/refresh", json={"refresh_token": phone.refresh_token})
    assert again.status_code == 401
    assert (await ada.client.delete(f"/auth/sessions/{other}")).status_code == 404


async def test_all_can_be_ended_or_all_but_this_one(auth):
    ada = await auth.register()
    for _ in range(3):
        await auth.sign_in(ada.email, ada.user_id, ada.book_id)

    await ada.client.delete("/auth/sessions", params={"keep_current": "true"})
    assert len((await ada.client.get("/auth/sessions")).json()["items"]) == 1
    await ada.client.delete("/auth/sessions")
    assert (await ada.client.get("/auth/sessions")).json()["items"] == []
    assert (await auth.events(ada.user_id)).count("session.revoked") == 4


async def test_a_strangers_session_is_missing(auth):
    ada, eve = await auth.register(), await auth.register()
    [session] = (await ada.client.get("/auth/sessions")).json()["items"]

    for session_id in (session["id"], new_id(), "nonsense"):
        answer = await eve.client.delete(f"/auth/sessions/{session_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert len((await ada.client.get("/auth/sessions")).json()["items"]) == 1


async def test_an_ended_one_gets_no_fresh_access_token(auth):
    ada = await auth.register()
    await ada.client.post("/auth/logout")

    made = await ada.client.post("/books", json={"name": "Cabin", "base_currency": "EUR", "timezone": "UTC"})

    assert made.status_code == 401
