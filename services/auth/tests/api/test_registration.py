"""Registering."""

from uuid import UUID

import pytest

from pfms_common import consistency

BODY = {
    "email": "ada@example.org",
    "password": "orchid kettle seventeen",
    "display_name": "Ada",
    "home_currency": "EUR",
    "timezone": "Europe/Berlin",
}


async def test_gives_a_user_and_a_personal_book(auth):
    answer = await auth.client().post(
        "/auth/register",
        json=BODY | {"email": "Ada@Example.org", "home_currency": "JPY", "timezone": "Asia/Tokyo"},
    )

    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["user"]["email"] == "Ada@example.org"
    assert body["user"]["default_book_id"] == body["book"]["id"]
    assert body["user"]["is_verified"] is False
    assert body["book"] | {"base_currency": "JPY", "timezone": "Asia/Tokyo", "role": "owner"} == body["book"]
    assert "password" not in answer.text


async def test_tells_the_other_services_without_naming_anybody(auth):
    body = (await auth.client().post("/auth/register", json=BODY)).json()

    rows = await auth.harness.sql("SELECT stream_id, type, data::text FROM event ORDER BY type")
    by_type = {row["type"]: row for row in rows}
    assert set(by_type) == {"user.registered", "book.created", "book.member_added"}
    assert str(by_type["user.registered"]["stream_id"]) == body["user"]["id"]
    assert str(by_type["book.created"]["stream_id"]) == body["book"]["id"]
    assert str(by_type["book.member_added"]["stream_id"]) == body["book"]["id"]
    assert not any("ada" in row["data"].lower() for row in rows)


async def test_gives_a_token_with_which_a_reader_can_wait_for_the_new_book(auth):
    answer = await auth.client().post("/auth/register", json=BODY)

    body = answer.json()
    assert consistency.read(answer.headers[consistency.HEADER]) == {
        ("auth", UUID(body["user"]["id"])): 1,
        ("auth", UUID(body["book"]["id"])): 2,
    }


async def test_keeps_nothing_of_the_password_but_an_argon2id_hash_of_the_agreed_strength(auth):
    await auth.client().post("/auth/register", json=BODY)

    [row] = await auth.harness.sql("SELECT password_hash FROM person")
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", 7),
        ("password", "elevenchars"),
        ("password", "password1234"),
        ("password", "x" * 129),
        ("password", "x" * 1_000_000),
        ("password", 123456789012),
        ("display_name", ""),
        ("display_name", "x" * 121),
        ("display_name", "bell \u0007"),
        ("home_currency", "eur"),
        ("home_currency", "XXX"),
        ("home_currency", "ABC"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "Factory"),
        ("timezone", "../../etc/passwd"),
        ("timezone", "CEST"),
        ("language", "english"),
        ("role", "owner"),
        ("is_verified", True),
    ],
)
async def test_refuses_what_is_not_valid_and_makes_nothing(auth, field, value):
    answer = await auth.client().post("/auth/register", json=BODY | {field: value})

    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert problem["code"] in {"validation_error", "weak_password"}
    assert "\u0007" in str(value) or field in problem["errors"]
    assert "password" not in (problem.get("preserved_input") or {})
    assert await auth.harness.sql("SELECT 1 FROM person") == []
    assert await auth.harness.sql("SELECT 1 FROM event") == []


@pytest.mark.parametrize("field", sorted(BODY))
async def test_names_a_missing_field(auth, field):
    answer = await auth.client().post(
        "/auth/register", json={name: value for name, value in BODY.items() if name != field}
    )

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CLF", "DEM"])
async def test_takes_every_currency_that_amounts_can_be_kept_in(auth, currency):
    answer = await auth.client().post("/auth/register", json=BODY | {"home_currency": currency})

    assert answer.json()["book"]["base_currency"] == currency
