"""`python -m pfms_auth check` finds what is broken, and only that."""

import pytest

from pfms_auth.app import check

SECOND_TOKEN = """
    INSERT INTO refresh_token SELECT user_id, gen_random_uuid(), session_id, 'x', 'x', created_at, expires_at
    FROM refresh_token"""


async def test_everything_holds_after_a_life_of_a_household(auth):
    ada = await auth.register()
    await auth.client().post("/auth/refresh", json={"refresh_token": ada.refresh_token})
    await ada.client.patch("/user/profile", json={"language": "de", "version": 1})
    await ada.client.patch(f"/books/{ada.book_id}", json={"name": "Home", "version": 1})

    for stream_id in (ada.user_id, ada.book_id):
        assert await check(auth.harness.running, stream_id) == []


@pytest.mark.parametrize(
    ("breaking", "found"),
    [
        ("UPDATE membership SET role = 'viewer'", "has no owner"),
        ("UPDATE membership SET version = 7", "has a member whose newest event says another version"),
        ("UPDATE book SET version = 2", "was changed without an event"),
        ("UPDATE person SET version = 2", "was changed without an event"),
        (
            SECOND_TOKEN,
            "has a session with two refresh tokens that both count",
        ),
    ],
)
async def test_a_break_is_found(auth, breaking, found):
    ada = await auth.register()
    await auth.harness.sql(breaking)

    told = [
        fault for stream in (ada.user_id, ada.book_id) for fault in await check(auth.harness.running, stream)
    ]

    assert told == [found]
