"""Refreshing: the replay matrix of refresh tokens."""

import asyncio

import pytest

BROWSER, PHONE = {"User-Agent": "Browser/1.0"}, {"User-Agent": "Phone/1.0"}


async def refresh(auth, token, client=BROWSER):
    return await auth.client(**client).post("/auth/refresh", json={"refresh_token": token})


async def is_signed_in(auth, token):
    return (await refresh(auth, token)).status_code == 200


async def test_gives_the_next_pair(auth):
    ada = await auth.register()
    auth.clock.forward(minutes=10)

    answer = await refresh(auth, ada.refresh_token)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert answer.json()["refresh_token"] != ada.refresh_token
    profile = await auth.client(answer.json()["access_token"]).get("/user/profile")
    assert profile.json()["id"] == str(ada.user_id)


async def test_can_go_on_for_thirty_days(auth):
    token = (await auth.register()).refresh_token
    for _day in range(29):
        auth.clock.forward(days=1)
        token = (await refresh(auth, token)).json()["refresh_token"]

    auth.clock.forward(days=1)
    assert (await refresh(auth, token)).status_code == 401


async def test_ends_after_fourteen_days_without_use(auth):
    ada, eve = await auth.register(), await auth.register()

    auth.clock.forward(days=13, hours=23)
    assert await is_signed_in(auth, ada.refresh_token)
    auth.clock.forward(hours=1)
    assert not await is_signed_in(auth, eve.refresh_token)


@pytest.mark.parametrize("seconds", [0, 1, 10])
async def test_a_lost_answer_may_be_asked_for_again_and_is_the_same(auth, seconds):
    ada = await auth.register()
    first = await refresh(auth, ada.refresh_token)
    auth.clock.forward(seconds=seconds)

    again = await refresh(auth, ada.refresh_token)

    assert again.status_code == 200
    assert again.json() == first.json()
    assert await is_signed_in(auth, first.json()["refresh_token"])


async def assert_compromised(auth, ada, *tokens):
    """The session has ended for everybody, and is told of."""
    for token in tokens:
        assert not await is_signed_in(auth, token)
    assert (await auth.events(ada.user_id))[-2:] == ["session.compromised", "session.revoked"]
    live = await auth.harness.sql(
        "SELECT 1 FROM session WHERE user_id = $1 AND revoked_at IS NULL", ada.user_id
    )
    assert live == []


async def test_eleven_seconds_later_the_session_ends(auth):
    ada = await auth.register()
    child = (await refresh(auth, ada.refresh_token)).json()["refresh_token"]
    auth.clock.forward(seconds=11)

    answer = await refresh(auth, ada.refresh_token)

    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")
    await assert_compromised(auth, ada, child, ada.refresh_token)


async def test_from_another_client_the_session_ends(auth):
    ada = await auth.register()
    child = (await refresh(auth, ada.refresh_token)).json()["refresh_token"]
    auth.clock.forward(seconds=1)

    assert (await refresh(auth, ada.refresh_token, PHONE)).status_code == 401
    await assert_compromised(auth, ada, child)


async def test_after_the_child_was_used_the_session_ends(auth):
    ada = await auth.register()
    child = (await refresh(auth, ada.refresh_token)).json()["refresh_token"]
    grandchild = (await refresh(auth, child)).json()["refresh_token"]
    auth.clock.forward(seconds=1)

    assert (await refresh(auth, ada.refresh_token)).status_code == 401
    await assert_compromised(auth, ada, child, grandchild)


async def test_the_owner_is_told_by_mail(auth):
    ada = await auth.register()
    await refresh(auth, ada.refresh_token)
    auth.clock.forward(seconds=11)
    await refresh(auth, ada.refresh_token)

    assert (await auth.mails(ada.email))[0]["subject"] == "A device was signed out"


async def test_other_sessions_of_the_person_go_on(auth):
    ada = await auth.register()
    elsewhere = await auth.sign_in(ada.email, ada.user_id, ada.book_id)
    await refresh(auth, ada.refresh_token)
    await refresh(auth, ada.refresh_token, PHONE)

    assert await is_signed_in(auth, elsewhere.refresh_token)


async def test_many_at_once_get_one_child(auth):
    ada = await auth.register()

    answers = await asyncio.gather(*(refresh(auth, ada.refresh_token) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    rows = await auth.harness.sql("SELECT 1 FROM refresh_token WHERE user_id = $1", ada.user_id)
    assert len(rows) == 2


async def test_a_family_never_has_more_than_one_live_token(auth):
    token = (await auth.register()).refresh_token
    for _ in range(5):
        token = (await refresh(auth, token)).json()["refresh_token"]

    live = await auth.harness.sql(
        "SELECT session_id FROM refresh_token WHERE spent_at IS NULL GROUP BY session_id HAVING count(*) > 1"
    )
    assert live == []


async def test_an_answer_lost_with_the_process_can_be_asked_for_again(auth):
    """The process died between commit and answer: another one knows the same server key."""
    ada = await auth.register()
    lost = (await refresh(auth, ada.refresh_token)).json()

    auth.context.tools.keys.__init__(auth.context.tools.keys._folder)  # what a new process reads
    assert (await refresh(auth, ada.refresh_token)).json() == lost


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 43, "A" * 200])
async def test_what_is_no_refresh_token_is_refused(auth, token):
    answer = await refresh(auth, token)

    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")
    assert "preserved_input" not in answer.json() or answer.json()["preserved_input"] == {}
