"""Books."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from pfms_common.ids import new_id

NEW = {"name": "Cabin", "base_currency": "CHF", "timezone": "Europe/Zurich"}


async def books_in(auth, access_token):
    keys = KeySet.import_key_set((await auth.client().get("/auth/jwks")).json())
    return jwt.decode(access_token, keys, algorithms=["Ed25519"]).claims["books"]


async def test_are_listed_with_my_role(auth):
    ada = await auth.register()

    items = (await ada.client.get("/books")).json()["items"]

    assert [(item["id"], item["role"], item["name"]) for item in items] == [
        (str(ada.book_id), "owner", "Personal")
    ]


async def test_a_new_one_comes_with_a_token_that_names_it(auth):
    ada = await auth.register()

    answer = await ada.client.post("/books", json=NEW)

    assert answer.status_code == 201
    made = answer.json()
    assert made | NEW | {"role": "owner", "version": 1, "token_type": "Bearer"} == made
    assert await books_in(auth, made["access_token"]) == {str(ada.book_id): "owner", made["id"]: "owner"}
    fresh = auth.client(made["access_token"])
    assert (await fresh.get(f"/books/{made['id']}")).headers["etag"] == '"1"'
    assert len((await fresh.get("/books")).json()["items"]) == 2


async def test_making_one_twice_with_one_key_makes_one_and_answers_the_same(auth):
    ada = await auth.register()
    key = {"Idempotency-Key": "a-key-of-sixteen-or-more"}

    first = await ada.client.post("/books", json=NEW, headers=key)
    again = await ada.client.post("/books", json=NEW, headers=key)
    other = await ada.client.post("/books", json=NEW | {"name": "Boat"}, headers=key)

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert len(await auth.harness.sql("SELECT 1 FROM book")) == 2


async def test_the_same_key_of_another_person_is_another_key(auth):
    ada, eve = await auth.register(), await auth.register()
    key = {"Idempotency-Key": "a-key-of-sixteen-or-more"}

    made = [(await person.client.post("/books", json=NEW, headers=key)).json()["id"] for person in (ada, eve)]

    assert len(set(made)) == 2


async def test_an_owner_renames_and_moves_it(auth):
    ada = await auth.register()
    book = f"/books/{ada.book_id}"

    answer = await ada.client.patch(
        book, json={"name": "Home", "timezone": "Asia/Tokyo"}, headers={"If-Match": '"1"'}
    )

    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["timezone"], answer.json()["version"]) == (
        "Home",
        "Asia/Tokyo",
        2,
    )
    assert await auth.events(ada.book_id) == ["book.created", "book.member_added", "book.updated"]


async def test_its_currency_stays(auth):
    ada = await auth.register()

    answer = await ada.client.patch(
        f"/books/{ada.book_id}", json={"base_currency": "USD"}, headers={"If-Match": '"1"'}
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("version", [None, '"7"'])
async def test_it_is_changed_only_from_the_version_that_was_seen(auth, version):
    ada = await auth.register()

    answer = await ada.client.patch(
        f"/books/{ada.book_id}", json={"name": "X"}, headers={"If-Match": version} if version else {}
    )

    assert answer.status_code == (412 if version else 428)


async def test_a_strangers_book_and_no_book_are_missing_alike(auth):
    ada, eve = await auth.register(), await auth.register()
    told = set()
    for book_id in (ada.book_id, new_id(), "nonsense"):
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"name": "Mine"}),
            ("GET", "/members", None),
            ("PATCH", f"/members/{ada.user_id}", {"role": "viewer"}),
            ("DELETE", f"/members/{ada.user_id}", None),
            ("POST", "/leave", None),
            ("GET", "/invitations", None),
            ("POST", "/invitations", {"email": "x@example.org", "role": "viewer"}),
            ("DELETE", f"/invitations/{new_id()}", None),
        ):
            answer = await eve.client.request(
                method, f"/books/{book_id}{path}", json=body, headers={"If-Match": '"1"'}
            )
            told.add((answer.status_code, answer.json()["code"]))

    assert told == {(404, "not_found")}
    assert (await ada.client.get(f"/books/{ada.book_id}")).json()["name"] == "Personal"


async def test_a_book_header_does_not_open_a_book(auth):
    ada, eve = await auth.register(), await auth.register()

    answer = await eve.client.get(f"/books/{ada.book_id}", headers={"Book-Id": str(ada.book_id)})

    assert answer.status_code == 404


async def test_a_person_has_at_most_a_hundred(auth):
    ada = await auth.register()
    await auth.harness.sql(
        "WITH made AS (INSERT INTO book SELECT gen_random_uuid(), 'b', 'EUR', 'UTC', now(), 1"
        " FROM generate_series(1, 99) RETURNING book_id)"
        " INSERT INTO membership SELECT book_id, $1, gen_random_uuid(), 'owner', now(), 1 FROM made",
        ada.user_id,
    )

    answer = await ada.client.post("/books", json=NEW)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_books")
    again = await auth.sign_in(ada.email, ada.user_id, ada.book_id)
    assert len(again.access_token) < 8192
    assert (await again.client.get("/books")).status_code == 200
