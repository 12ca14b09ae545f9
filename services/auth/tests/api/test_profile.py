"""One's own profile."""

import pytest


async def test_is_read_with_its_version(auth):
    ada = await auth.register()

    answer = await ada.client.get("/user/profile")

    assert answer.headers["etag"] == '"1"'
    assert answer.json() | {"email": ada.email, "display_name": "Ada", "language": "en"} == answer.json()


async def test_changes_what_is_sent_and_nothing_else(auth):
    ada = await auth.register()
    before = (await ada.client.get("/user/profile")).json()

    answer = await ada.client.patch(
        "/user/profile", json={"display_name": "Ada L.", "language": "de-AT"}, headers={"If-Match": '"1"'}
    )

    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert answer.json() == before | {"display_name": "Ada L.", "language": "de-AT", "version": 2}
    assert (await ada.client.get("/user/profile")).json() == answer.json()


async def test_tells_of_the_change_without_the_name(auth):
    ada = await auth.register()
    await ada.client.patch("/user/profile", json={"display_name": "Countess", "version": 1})

    rows = await auth.harness.sql("SELECT data::text FROM event WHERE type = 'user.updated'")
    assert len(rows) == 1
    assert "Countess" not in rows[0]["data"]


@pytest.mark.parametrize(
    ("headers", "version", "status", "code"),
    [
        ({}, None, 428, "precondition_required"),
        ({"If-Match": '"2"'}, None, 412, "precondition_failed"),
        ({"If-Match": "*"}, None, 400, "validation_error"),
        ({}, 2, 409, "stale_version"),
    ],
)
async def test_is_changed_only_from_the_version_that_was_seen(auth, headers, version, status, code):
    ada = await auth.register()
    body = {"display_name": "B"} | ({"version": version} if version else {})

    answer = await ada.client.patch("/user/profile", json=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await ada.client.get("/user/profile")).json()["display_name"] == "Ada"


@pytest.mark.parametrize(
    "body",
    [
        {"email": "eve@example.org"},
        {"is_verified": True},
        {"id": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"home_currency": "XXX"},
        {"timezone": "Nowhere/Land"},
        {"timezone": "localtime"},
        {"display_name": ""},
        {"default_book_id": 7},
        {"display_name": None},
        {"home_currency": None},
    ],
)
async def test_what_is_not_writable_or_not_valid_is_refused(auth, body):
    ada = await auth.register()

    answer = await ada.client.patch("/user/profile", json=body, headers={"If-Match": '"1"'})

    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(body)


async def test_the_default_book_is_one_of_mine(auth):
    ada, eve = await auth.register(), await auth.register()
    foreign = await ada.client.patch(
        "/user/profile", json={"default_book_id": str(eve.book_id)}, headers={"If-Match": '"1"'}
    )
    made = await ada.client.post("/books", json={"name": "Cabin", "base_currency": "EUR", "timezone": "UTC"})

    own = await ada.client.patch(
        "/user/profile", json={"default_book_id": made.json()["id"]}, headers={"If-Match": '"1"'}
    )

    assert foreign.status_code == 404
    assert list(foreign.json()["errors"]) == ["default_book_id"]
    assert own.json()["default_book_id"] == made.json()["id"]
    none = await ada.client.patch("/user/profile", json={"default_book_id": None, "version": 2})
    assert none.json()["default_book_id"] is None
